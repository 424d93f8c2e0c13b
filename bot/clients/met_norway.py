"""MET Norway's Locationforecast 2.0, the second source. https://api.met.no/weatherapi/locationforecast/2.0/documentation

Its terms: an identifying User-Agent, at most four decimals, no request before Expires, If-Modified-Since, below 20
requests a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bot.clients.fetching import NOT_MODIFIED, Fetcher, http_date
from bot.domain.errors import ProviderError
from bot.domain.weather import HOUR, Cell, Forecast, HourlySeries, Series

SOURCE = "MET Norway"
ATTRIBUTION = "Weather data by MET Norway (CC BY 4.0)"
INSTANT = {
    "temperature": ("air_temperature", 1.0),
    "humidity": ("relative_humidity", 1.0),
    "dew_point": ("dew_point_temperature", 1.0),
    "wind": ("wind_speed", 3.6),
    "cloud": ("cloud_area_fraction", 1.0),
}
"""Series: MET's name and the factor to our unit (wind comes in m/s)."""
UNITS = {"air_temperature": "celsius", "wind_speed": "m/s", "precipitation_amount": "mm"}
PERIODS = (("next_1_hours", 1), ("next_6_hours", 6))
THUNDER = 95.0
LONGEST_STEP = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class MetNorway:
    """The forecast provider; `agent` names the program and whom to write to."""

    fetcher: Fetcher
    clock: Callable[[], datetime]
    agent: str
    url: str = "https://api.met.no"
    source: str = SOURCE

    def fetch(self, cell: Cell, seconds: float, known: Forecast | None = None) -> Forecast:
        """Some nine days ahead, none back; `known` is kept when MET says it still holds. Raises ProviderError."""
        own = known if known is not None and known.source == SOURCE and known.last_modified else None
        headers = {"User-Agent": self.agent} | ({"If-Modified-Since": own.last_modified} if own else {})
        params = {"lat": round(cell.north / 10, 4), "lon": round(cell.east / 10, 4)}
        answer = self.fetcher.get_json(f"{self.url}/weatherapi/locationforecast/2.0/complete", params, seconds, headers)
        expires = http_date(answer.headers.get("Expires", ""))
        if answer.status == NOT_MODIFIED:
            if own is None:
                raise ProviderError(f"{SOURCE}: 304 without cause")
            return replace(own, fetched_at=self.clock(), expires_at=expires)
        stamp = answer.headers.get("Last-Modified", "")
        return Forecast(cell, read_hours(answer.data), self.clock(), SOURCE, ATTRIBUTION, expires, stamp)


def read_hours(data: Any) -> HourlySeries:
    """The series of an answer: hourly at first, then six-hourly, spread over their hours. Raises ProviderError."""
    try:
        properties = data["properties"]
        units = properties["meta"]["units"]
        if wrong := [name for name, unit in UNITS.items() if units.get(name) != unit]:
            raise ProviderError(f"{SOURCE}: {wrong[0]} in {units.get(wrong[0])!r}", retryable=False)
        steps = [(datetime.fromisoformat(step["time"]), step["data"]) for step in properties["timeseries"]]
        start, values = steps[0][0], dict(read_steps(steps))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ProviderError(f"{SOURCE}: {type(error).__name__} in the answer", retryable=False) from None
    count = int((steps[-1][0] - start) / HOUR) + 1
    nothing: Series = (None,) * count
    series = {name: tuple(found.get(index) for index in range(count)) for name, found in values.items()}
    return HourlySeries(
        start=start,
        temperature=series.get("temperature", nothing),
        humidity=series.get("humidity", nothing),
        dew_point=series.get("dew_point", nothing),
        rain=series.get("rain", nothing),
        rain_chance=series.get("rain_chance", nothing),
        wind=series.get("wind", nothing),
        gusts=series.get("gusts", nothing),
        cloud=series.get("cloud", nothing),
        evapotranspiration=nothing,
        code=series.get("code", nothing),
    )


Steps = list[tuple[datetime, Mapping[str, Any]]]


def read_steps(steps: Steps) -> Iterator[tuple[str, dict[int, float]]]:
    """Each series as hour index -> value."""
    start = steps[0][0]
    for name, (key, factor) in INSTANT.items():
        points = [
            (int((moment - start) / HOUR), float(details[key]) * factor)
            for moment, data in steps
            if key in (details := data["instant"]["details"])
        ]
        yield name, dict(interpolated(points))
    fallen: dict[str, dict[int, float]] = defaultdict(dict)
    for moment, data in steps:
        for name, index, value in periods(int((moment - start) / HOUR), data):
            fallen[name].setdefault(index, value)
    yield from fallen.items()


def interpolated(points: list[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """Points and the hours between them, where they are at most six hours apart."""
    for (first, value), (last, other) in pairwise(points):
        yield first, value
        if (last - first) * HOUR <= LONGEST_STEP:
            for index in range(first + 1, last):
                yield index, value + (other - value) * (index - first) / (last - first)
    yield from points[-1:]


def periods(index: int, data: Mapping[str, Any]) -> Iterator[tuple[str, int, float]]:
    """(series, hour that ends, value) of what is told for the hours after a step."""
    gust = data["instant"]["details"].get("wind_speed_of_gust")
    if gust is not None:
        yield "gusts", index, float(gust) * 3.6
    for key, length in PERIODS:
        period = data.get(key)
        if not period:
            continue
        details = period.get("details", {})
        thunder = "thunder" in period.get("summary", {}).get("symbol_code", "")
        for hour in range(index + 1, index + length + 1):
            if "precipitation_amount" in details:
                yield "rain", hour, float(details["precipitation_amount"]) / length
            if "probability_of_precipitation" in details:
                yield "rain_chance", hour, float(details["probability_of_precipitation"])
            if thunder:
                yield "code", hour, THUNDER
        return
