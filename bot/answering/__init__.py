"""Choosing what to say: cards decide, a model may select; nothing is invented."""
