"""Open-Meteo: forecasts and past weather by the hour. https://open-meteo.com/en/docs"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from bot.clients.fetching import Fetcher
from bot.domain.errors import ProviderError
from bot.domain.weather import Cell, Forecast, HourlySeries, Series

SOURCE = "Open-Meteo"
ATTRIBUTION = "Weather data by Open-Meteo.com (CC BY 4.0)"
VARIABLES = {
    "temperature": ("temperature_2m", "°C", (-60, 60)),
    "humidity": ("relative_humidity_2m", "%", (0, 101)),
    "dew_point": ("dew_point_2m", "°C", (-70, 45)),
    "rain": ("precipitation", "mm", (0, 400)),
    "rain_chance": ("precipitation_probability", "%", (0, 100)),
    "wind": ("wind_speed_10m", "km/h", (0, 450)),
    "gusts": ("wind_gusts_10m", "km/h", (0, 500)),
    "cloud": ("cloud_cover", "%", (0, 100)),
    "evapotranspiration": ("et0_fao_evapotranspiration", "mm", (0, 5)),
    "code": ("weather_code", "wmo code", (0, 99)),
}
"""Series: Open-Meteo's name, unit asked for, what is possible. Ten variables and 14 days are one call of the quota."""
NEEDED = ("temperature", "rain")
PAST_DAYS, FORECAST_DAYS = 7, 7


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """The forecast provider at `url` and the archive at `archive_url`; `clock` stamps what was fetched."""

    fetcher: Fetcher
    clock: Callable[[], datetime]
    url: str = "https://api.open-meteo.com"
    archive_url: str = "https://archive-api.open-meteo.com"
    source: str = SOURCE

    def fetch(self, cell: Cell, seconds: float, known: Forecast | None = None) -> Forecast:
        """Seven days back and seven ahead. Raises ProviderError."""
        period = {"past_days": PAST_DAYS, "forecast_days": FORECAST_DAYS}
        answer = self.fetcher.get_json(f"{self.url}/v1/forecast", query(cell, tuple(VARIABLES)) | period, seconds)
        return Forecast(cell, read_hours(answer.data), self.clock(), SOURCE, ATTRIBUTION)

    def observed(self, cell: Cell, first: date, last: date, seconds: float = 20.0) -> HourlySeries:
        """Past weather (reanalysis) of whole UTC days. Raises ProviderError."""
        names = tuple(name for name in VARIABLES if name != "rain_chance")
        period = {"start_date": first.isoformat(), "end_date": last.isoformat()}
        answer = self.fetcher.get_json(f"{self.archive_url}/v1/archive", query(cell, names) | period, seconds)
        return read_hours(answer.data)


def query(cell: Cell, names: tuple[str, ...]) -> dict[str, str | int | float]:
    """Parameters of a request; hours are UTC, so that rain can be summed over any day."""
    return {
        "latitude": cell.location.latitude,
        "longitude": cell.location.longitude,
        "hourly": ",".join(VARIABLES[name][0] for name in names),
        "timezone": "GMT",
        "timeformat": "unixtime",
        "temperature_unit": "celsius",
        "wind_speed_unit": "kmh",
        "precipitation_unit": "mm",
    }


def read_hours(data: Any) -> HourlySeries:
    """The series of an answer. Raises ProviderError for other units, gaps in time and impossible values."""
    try:
        hourly, units = data["hourly"], data["hourly_units"]
        times = [int(stamp) for stamp in hourly["time"]]
        if not times or any(later - earlier != 3600 for earlier, later in pairwise(times)):
            raise ProviderError(f"{SOURCE}: not hourly", retryable=False)
        values = {name: read_series(name, hourly, units, len(times)) for name in VARIABLES}
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderError(f"{SOURCE}: {type(error).__name__} in the answer", retryable=False) from None
    if lacking := [name for name in NEEDED if not any(value is not None for value in values[name])]:
        raise ProviderError(f"{SOURCE}: no {lacking[0]}", retryable=False)
    return HourlySeries(start=datetime.fromtimestamp(times[0], UTC).replace(minute=0, second=0), **values)


def read_series(name: str, hourly: Mapping[str, Any], units: Mapping[str, Any], count: int) -> Series:
    """One series, or all None where it was not asked for or is not there."""
    variable, unit, (low, high) = VARIABLES[name]
    found = hourly.get(variable)
    if found is None:
        return (None,) * count
    if units.get(variable) != unit:
        raise ProviderError(f"{SOURCE}: {variable} in {units.get(variable)!r}", retryable=False)
    if len(found) != count:
        raise ProviderError(f"{SOURCE}: {variable} has {len(found)} of {count} hours", retryable=False)
    values = tuple(None if value is None else float(value) for value in found)
    if any(value is not None and not low <= value <= high for value in values):
        raise ProviderError(f"{SOURCE}: impossible {variable}", retryable=False)
    return values
