"""Past warnings in many cells against the archive's weather."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from bot.alerts.scoring import Score, score, summed
from bot.alerts.weather import CellWeather
from bot.domain.alerts import AlertRecord, AlertRule
from bot.domain.errors import ProviderError
from bot.domain.weather import DAY, Cell, HourlySeries

DAYS_BEFORE = 10 * DAY
"""Rules look back: a week of nights, the week that was dry."""
DAYS_AFTER = 7 * DAY
"""A dry spell told of on the last day is one of the days after it."""
MOST_FAILURES = 3
"""In a row: the archive is down or has had enough of us."""
Observe = Callable[[Cell, date, date], HourlySeries]
"""Hours of whole UTC days in a cell. Raises ProviderError."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A place for which warnings were due, and those that were sent."""

    cell: Cell
    region: str | None
    zone: tzinfo
    records: tuple[AlertRecord, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """Scores by rule over the places that could be observed; `failure` is the last error of the others."""

    scores: tuple[Score, ...]
    observed: int
    failed: int = 0
    failure: str = ""


def verify(
    rules: Sequence[AlertRule], places: Iterable[Watched], observe: Observe, first: date, last: date, newest: date
) -> Verification:
    """Scores of all places from first to last day; days after `newest` are not asked for.

    Raises ProviderError when no place could be observed."""
    scores: list[Score] = []
    observed = failed = in_a_row = 0
    failure: ProviderError | None = None
    for place in places:
        try:
            hours = observe(place.cell, first - DAYS_BEFORE, min(last + DAYS_AFTER, newest))
        except ProviderError as error:
            failed, in_a_row, failure = failed + 1, in_a_row + 1, error
            if in_a_row == MOST_FAILURES:
                break
            continue
        in_a_row = 0
        observed += 1
        weather = CellWeather(place.cell, hours, place.region, place.zone, hours.start)
        period = CellWeather(place.cell, hours, place.region, place.zone, weather.moment(first))
        scores += score(rules, place.records, period, last)
    if failure and not observed:
        raise failure
    return Verification(tuple(summed(scores)), observed, failed, str(failure or ""))
