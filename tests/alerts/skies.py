"""Hours of weather made to measure, and the rules of knowledge/alerts/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.alerts import CellWeather
from bot.domain.alerts import AlertRule
from bot.domain.weather import HOUR, SERIES, Cell, HourlySeries
from bot.knowledge.alert_rules import read_alert_rules

FOLDER = Path(__file__).parents[2] / "knowledge" / "alerts"
RULES: dict[str, AlertRule] = {rule.id: rule for rule in read_alert_rules(FOLDER)}
INDIA = ZoneInfo("Asia/Kolkata")
CELL = Cell(276, 781)
NOW = datetime(2026, 7, 10, 6, tzinfo=UTC)
"""11:30 in India: the rain day has run for three hours."""
CALM = {
    "temperature": 28.0, "humidity": 60.0, "dew_point": 10.0, "rain": 0.0, "rain_chance": 5.0, "wind": 9.0,
    "gusts": 15.0, "cloud": 40.0, "evapotranspiration": 0.2, "code": 1.0,
}  # fmt: skip
Sky = Callable[[datetime], float | None]
Changes = Mapping[str, float | Sky | None]


def sky(now: datetime = NOW, back: int = 7, ahead: int = 7, **changed: float | Sky | None) -> HourlySeries:
    """Hours as Open-Meteo gives them: whole UTC days; calm weather, but for values or functions of the hour."""
    return sky_of(changed, now, back, ahead)


def sky_of(changed: Changes, now: datetime = NOW, back: int = 7, ahead: int = 7) -> HourlySeries:
    """The same with the changes in a mapping."""
    start = now.replace(hour=0, minute=0) - timedelta(days=back)
    times = [start + HOUR * index for index in range(24 * (back + ahead))]

    def value(name: str, moment: datetime) -> float | None:
        change = changed.get(name, CALM[name])
        return change(moment) if callable(change) else change

    return HourlySeries(start, **{name: tuple(value(name, moment) for moment in times) for name in SERIES})


def weather(
    hours: HourlySeries,
    now: datetime = NOW,
    region: str | None = "IN-UP",
    zone: ZoneInfo = INDIA,
    means: dict[date, float] | None = None,
) -> CellWeather:
    """The weather of a cell at a moment."""
    return CellWeather(CELL, hours, region, zone, now, means or {})


def utc(day: int, hour: int = 0, month: int = 7) -> datetime:
    """A moment of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def fall(amount: float, first: datetime, hours: int = 1) -> Sky:
    """So many mm in all, spread over the hours that follow `first`."""
    return lambda moment: amount / hours if first < moment <= first + hours * HOUR else 0.0


def local(value: Callable[[datetime], float | None], zone: ZoneInfo = INDIA) -> Sky:
    """A function of the local time."""
    return lambda moment: value(moment.astimezone(zone))
