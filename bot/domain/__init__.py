"""Frozen values that travel through the program; standard library only."""
