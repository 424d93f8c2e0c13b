"""Forecasts as frozen values: grid cells, hourly series in fixed units, days made of hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import acos, atan, cos, exp, pi, radians, sin, sqrt, tan
from zoneinfo import ZoneInfo

from bot.domain.messages import Location

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Series = tuple[float | None, ...]
ZONES = {
    "IN": "Asia/Kolkata",
    "KE": "Africa/Nairobi",
    "UG": "Africa/Kampala",
    "TZ": "Africa/Dar_es_Salaam",
    "RW": "Africa/Kigali",
    "ET": "Africa/Addis_Ababa",
}
"""One time zone a country."""
IMD_DAY_STARTS = time(3, 0, tzinfo=UTC)
"""India's rain day runs from 08:30 to 08:30 IST (India Meteorological Department)."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A square of 0.1°; `north` and `east` are its middle in tenths of a degree. Its contacts share a forecast."""

    north: int
    east: int

    @classmethod
    def of(cls, location: Location) -> Cell:
        """The cell that a point lies in."""
        return cls(round(location.latitude * 10), round(location.longitude * 10))

    @property
    def location(self) -> Location:
        """Its middle."""
        return Location(self.north / 10, self.east / 10)

    def __str__(self) -> str:
        return f"{self.north / 10:.1f},{self.east / 10:.1f}"


@dataclass(frozen=True, slots=True)
class HourlySeries:
    """Values an hour apart; `start` is the first hour (UTC). None where the source has no value."""

    start: datetime
    temperature: Series
    """°C, 2 m above ground, at the hour."""
    humidity: Series
    """Relative, %, 2 m, at the hour."""
    dew_point: Series
    """°C, 2 m, at the hour."""
    rain: Series
    """mm fallen in the hour that ends then; snow and hail as water."""
    rain_chance: Series
    """% for any rain in the hour that ends then."""
    wind: Series
    """km/h, 10 m, at the hour."""
    gusts: Series
    """km/h, 10 m, strongest of the hour that ends then."""
    cloud: Series
    """% of the sky, at the hour."""
    evapotranspiration: Series
    """mm, FAO-56 reference (ET0), in the hour that ends then."""
    code: Series
    """WMO weather code at the hour; 95 and more are thunderstorms."""

    def __len__(self) -> int:
        return len(self.temperature)

    @property
    def times(self) -> tuple[datetime, ...]:
        """The hour of each value."""
        return tuple(self.start + HOUR * index for index in range(len(self)))

    @property
    def end(self) -> datetime:
        """The last hour."""
        return self.start + HOUR * (len(self) - 1)

    def between(self, after: datetime, until: datetime) -> HourlySeries:
        """Hours with after < hour <= until: those whose rain fell between the two."""
        first = max(int((after - self.start) // HOUR) + 1, 0)
        last = max(min(int((until - self.start) // HOUR) + 1, len(self)), first)
        values = {name: getattr(self, name)[first:last] for name in SERIES}
        return replace(self, start=self.start + HOUR * first, **values)


SERIES: tuple[str, ...] = tuple(field.name for field in fields(HourlySeries) if field.name != "start")
"""Names of the series, in order."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a source said of a cell, and when. The series may begin days before `fetched_at`."""

    cell: Cell
    hours: HourlySeries
    fetched_at: datetime
    source: str
    attribution: str
    """Line that the source's licence asks for."""
    expires_at: datetime | None = None
    """The source asks not to be called before."""
    last_modified: str = ""
    """The source's own stamp, sent back with If-Modified-Since."""


@dataclass(frozen=True, slots=True)
class DaySummary:
    """One day of a forecast. None where the hours needed are missing."""

    date: date
    low: float | None
    """°C, lowest of the local day (of what is left of it, for today)."""
    high: float | None
    """°C, highest."""
    rain: float | None
    """mm of the rain day: 08:30 to 08:30 in India, the local day elsewhere; what is left of it, for today."""
    rain_chance: float | None
    """%, that of the likeliest hour."""
    wind: float | None
    """km/h, strongest hour of the local day."""
    gusts: float | None
    """km/h."""
    evapotranspiration: float | None
    """mm (ET0) of the local day."""
    thunder: bool = False


def zone_of(region: str | None, location: Location | None = None) -> tzinfo:
    """The time zone of a region (IN-UP, KE-31); by longitude where the country is not known, UTC where nothing is."""
    if name := ZONES.get((region or "").partition("-")[0]):
        return ZoneInfo(name)
    if location is None:
        return UTC
    hours = round(location.longitude / 15)
    return ZoneInfo(f"Etc/GMT{-hours:+d}") if hours else UTC


def rain_day(day: date, region: str | None, zone: tzinfo) -> tuple[datetime, datetime]:
    """Beginning and end of a day as rain is counted there."""
    if (region or "").startswith("IN"):
        start = datetime.combine(day, IMD_DAY_STARTS)
        return start, start + DAY
    start = datetime.combine(day, time(), zone)
    return start, datetime.combine(day + DAY, time(), zone)


def summarise(hours: HourlySeries, day: date, region: str | None, zone: tzinfo, now: datetime) -> DaySummary:
    """A day of the series; hours that have passed are left out of today."""
    start, end = datetime.combine(day, time(), zone), datetime.combine(day + DAY, time(), zone)
    rain_start, rain_end = rain_day(day, region, zone)
    today = now.astimezone(zone).date() == day
    local = hours.between(max(start, now - HOUR) if today else start - HOUR, end - HOUR)
    wet = hours.between(now if today else rain_start, rain_end)
    return DaySummary(
        day,
        low=least(local.temperature),
        high=greatest(local.temperature),
        rain=total(wet.rain),
        rain_chance=greatest(wet.rain_chance),
        wind=greatest(local.wind),
        gusts=greatest(local.gusts),
        evapotranspiration=total(hours.between(start, end).evapotranspiration),
        thunder=any(code is not None and code >= 95 for code in wet.code),
    )


def days(forecast: Forecast, region: str | None, zone: tzinfo, now: datetime, count: int) -> Iterator[DaySummary]:
    """Today and the days after it, as far as the forecast goes, at most `count`."""
    today = now.astimezone(zone).date()
    for number in range(count):
        summary = summarise(forecast.hours, today + DAY * number, region, zone, now)
        if summary.high is None:
            return
        yield summary


def present(values: Series) -> list[float]:
    """The values that are there."""
    return [value for value in values if value is not None]


def least(values: Series) -> float | None:
    """The smallest value; None for none."""
    return min(present(values), default=None)


def greatest(values: Series) -> float | None:
    """The largest value; None for none."""
    return max(present(values), default=None)


def total(values: Series) -> float | None:
    """The sum; None where not a single value is there."""
    found = present(values)
    return sum(found) if found else None


def wet_bulb(temperature: float, humidity: float) -> float:
    """°C from °C and %, at sea level (Stull 2011, doi:10.1175/JAMC-D-11-0143.1)."""
    return (
        temperature * atan(0.151977 * sqrt(humidity + 8.313659))
        + atan(temperature + humidity)
        - atan(humidity - 1.676331)
        + 0.00391838 * humidity * sqrt(humidity) * atan(0.023101 * humidity)
        - 4.686035
    )


def delta_t(temperature: float, humidity: float) -> float:
    """Dry-bulb minus wet-bulb temperature in °C: how fast a droplet dries."""
    return temperature - wet_bulb(temperature, humidity)


def saturation_pressure(temperature: float) -> float:
    """kPa over water at °C (FAO-56, eq. 11)."""
    return 0.6108 * exp(17.27 * temperature / (temperature + 237.3))


def vapour_pressure_deficit(temperature: float, humidity: float) -> float:
    """kPa from °C and %."""
    return saturation_pressure(temperature) * (1 - humidity / 100)


def hargreaves(low: float, high: float, latitude: float, day: date) -> float:
    """mm of ET0 a day from the day's extremes (FAO-56, eq. 52), for sources that give none."""
    number, north = day.timetuple().tm_yday, radians(latitude)
    tilt = 0.409 * sin(2 * pi * number / 365 - 1.39)
    sunset = acos(max(-1.0, min(1.0, -tan(north) * tan(tilt))))
    distance = 1 + 0.033 * cos(2 * pi * number / 365)
    radiation = 37.586 * distance * (sunset * sin(north) * sin(tilt) + cos(north) * cos(tilt) * sin(sunset))
    return max(0.0023 * ((low + high) / 2 + 17.8) * sqrt(max(high - low, 0)) * radiation * 0.408, 0.0)


def daylight(location: Location, day: date) -> tuple[datetime, datetime]:
    """Sunrise and sunset of a local day in UTC, within some ten minutes; the whole day near the poles."""
    number, north = day.timetuple().tm_yday, radians(location.latitude)
    tilt = 0.409 * sin(2 * pi * number / 365 - 1.39)
    half = timedelta(hours=acos(max(-1.0, min(1.0, -tan(north) * tan(tilt)))) * 12 / pi)
    noon = datetime.combine(day, time(12, tzinfo=UTC)) - timedelta(hours=location.longitude / 15)
    return noon - half, noon + half
