"""Warnings: what the rules find in the weather of a cell, what is due to be told, why, and whether it was right."""

from bot.alerts.course import step
from bot.alerts.explaining import explain
from bot.alerts.finding import find
from bot.alerts.weather import CellWeather, daily_means

__all__ = ["CellWeather", "daily_means", "explain", "find", "step"]
