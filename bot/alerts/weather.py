"""The weather of a cell as the rules read it: days, nights and windows cut out of the hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.alerts import Finding
from bot.domain.weather import DAY, HOUR, Cell, Forecast, HourlySeries, Series, greatest, least, rain_day


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value; `partial` when hours of it are missing."""

    known: float | None
    partial: bool = False


UNKNOWN = Value(None, partial=True)


@dataclass(frozen=True)
class CellWeather:
    """Hours (the last days' and those ahead) of a cell, seen at `now`; `means` are daily means in °C before them."""

    cell: Cell
    hours: HourlySeries
    region: str | None
    zone: tzinfo
    now: datetime
    means: Mapping[date, float] = field(default_factory=dict)
    cuts: dict[tuple[str, date], Mapping[str, Value]] = field(default_factory=dict, repr=False, compare=False)
    """Days already cut, since several rules read the same ones."""
    found: dict[tuple[str, int], Finding | None] = field(default_factory=dict, repr=False, compare=False)
    """What rules found already, by id and version, for groups that only differ in whom they tell."""

    @classmethod
    def of(
        cls,
        forecast: Forecast,
        region: str | None,
        zone: tzinfo,
        now: datetime,
        means: Mapping[date, float] | None = None,
    ) -> CellWeather:
        """The weather that a forecast tells."""
        return cls(forecast.cell, forecast.hours, region, zone, now, means or {})

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.astimezone(self.zone).date()

    def moment(self, day: date, hour: int = 0) -> datetime:
        """A local hour of a day, in UTC."""
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)

    def day(self, day: date) -> tuple[datetime, datetime]:
        """Beginning and end of a local day; 23 or 25 hours where clocks change."""
        return self.moment(day), self.moment(day + DAY)

    def rain_day(self, day: date) -> tuple[datetime, datetime]:
        """Beginning and end of a day as rain is counted there."""
        start, end = rain_day(day, self.region, self.zone)
        return start.astimezone(UTC), end.astimezone(UTC)

    def at_hours(self, series: Series, start: datetime, end: datetime) -> Series:
        """Values with start <= hour < end; None for each hour that is not there."""
        return self.cut(series, hours_until(start - self.hours.start), hours_until(end - self.hours.start))

    def in_hours(self, series: Series, start: datetime, end: datetime) -> Series:
        """Values of the hours that end with start < hour <= end: rain and gusts between the two."""
        first = (start - self.hours.start) // HOUR + 1
        return self.cut(series, first, (end - self.hours.start) // HOUR + 1)

    def cut(self, series: Series, first: int, last: int) -> Series:
        """Values by index, None before and after the series."""
        before, after = max(min(0, last) - first, 0), max(last - max(len(series), first), 0)
        return (None,) * before + series[max(first, 0) : max(last, 0)] + (None,) * after


def hours_until(distance: timedelta) -> int:
    """Whole hours, rounded up."""
    return -(-distance // HOUR)


def total_of(values: Series) -> Value:
    """The sum in tenths, as gauges are read."""
    present = [value for value in values if value is not None]
    return Value(round(sum(present), 1), len(present) < len(values)) if present else UNKNOWN


def mean_of(values: Series) -> Value:
    """The mean in tenths."""
    present = [value for value in values if value is not None]
    return Value(round(sum(present) / len(present), 1), len(present) < len(values)) if present else UNKNOWN


def lowest(values: Series) -> Value:
    """The least in tenths."""
    return rounded(least(values), None in values)


def highest(values: Series) -> Value:
    """The greatest in tenths."""
    return rounded(greatest(values), None in values)


def rounded(value: float | None, partial: bool) -> Value:
    """In tenths."""
    return UNKNOWN if value is None else Value(round(value, 1), partial)


def daily_means(hours: HourlySeries, zone: tzinfo) -> dict[date, float]:
    """Mean temperature (°C) of each whole local day, to be kept for rules that count from sowing."""
    weather = CellWeather(Cell(0, 0), hours, None, zone, hours.start)
    day, means = weather.today, {}
    while weather.moment(day) <= hours.end:
        mean = mean_of(weather.at_hours(hours.temperature, *weather.day(day)))
        if mean.known is not None and not mean.partial:
            means[day] = mean.known
        day += DAY
    return means
