"""What a rule finds: runs of days that meet its thresholds, and how bad they are. Missing hours raise nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from operator import ge, gt, le, lt

from bot.alerts.kinds import KINDS, Day, cut_days
from bot.alerts.weather import CellWeather, Value
from bot.domain.alerts import EVERYBODY, AlertRule, Finding, Group, Level, Limits, Severity
from bot.domain.weather import DAY

SIDES: dict[str, Callable[[float, float], bool]] = {"min": ge, "over": gt, "max": le, "under": lt}
MEANS = frozenset({"humidity_percent"})
"""Values that missing hours may move both ways. Others can but grow by them, lows fall."""
Run = range
"""Indices of days in a row."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The days looked at, the runs that meet each level's thresholds, and those that may meet the looser ones."""

    days: tuple[Day, ...]
    met: tuple[tuple[Level, tuple[Run, ...]], ...]
    lingering: tuple[Run, ...]


def find(rule: AlertRule, weather: CellWeather, group: Group = EVERYBODY) -> Finding | None:
    """What the rule finds at `weather.now`; LINGERING where it cannot say that it is over; None when it is.

    Groups of rules that do not count from sowing share the answer."""
    if rule.by_sowing:
        return look(rule, weather, group)
    key = rule.id, rule.version
    if key not in weather.found:
        weather.found[key] = look(rule, weather, group)
    return weather.found[key]


def look(rule: AlertRule, weather: CellWeather, group: Group) -> Finding | None:
    """The same, looked at anew."""
    if not rule.in_region(weather.region):
        return None
    if not rule.in_season(weather.today):
        return lingering(rule, weather.now)  # the end of a season is no all-clear
    first = weather.today - rule.days * DAY - rule.lasts - DAY
    last = (weather.now + rule.horizon).astimezone(weather.zone).date()
    survey = survey_days(rule, weather, group, first, last)

    def matter(run: Run) -> Run:
        """The days of a run that are neither over nor beyond the horizon."""
        days = [
            i
            for i in run
            if survey.days[i].ends + rule.lasts > weather.now and survey.days[i].starts < weather.now + rule.horizon
        ]
        return range(days[0], days[-1] + 1) if days else range(0)

    met = [(level, told, len(run)) for level, runs in survey.met for run in runs if (told := matter(run))]
    if met:
        if KINDS[rule.kind].first_only:
            met = [(level, told[:1], 1) for level, told, _ in met[:1]]
        return build_finding(rule, survey.days, met)
    return lingering(rule, weather.now) if any(map(matter, survey.lingering)) else None


def survey_days(rule: AlertRule, weather: CellWeather, group: Group, first: date, last: date) -> Survey:
    """The rule's test on all days from first to last."""
    days = tuple(cut_days(KINDS[rule.kind], weather, dict(rule.options), group, first, last))
    met = tuple(
        (level, tuple(runs([meets(level.limits, day) is True for day in days], rule.days))) for level in rule.levels
    )
    return Survey(days, met, tuple(runs([meets(rule.clear, day) is not False for day in days], rule.days)))


def runs(marks: Sequence[bool], least: int) -> Iterator[Run]:
    """Where at least so many marks stand in a row."""
    start = 0
    for index, mark in enumerate((*marks, False)):
        if not mark:
            if index - start >= least:
                yield range(start, index)
            start = index + 1


def meets(limits: Limits, day: Day) -> bool | None:
    """Whether a day meets all thresholds; None where missing hours leave it open."""
    answers = [lies(name, limit, day) for name, limit in limits]
    if False in answers:
        return False
    return None if None in answers else True


def lies(name: str, limit: float, day: Day) -> bool | None:
    """Whether a value lies on the wanted side of a threshold such as `min_rain_mm`."""
    side, _, what = name.partition("_")
    value = day.values[what]
    if value.known is None:
        return None
    answer = SIDES[side](value.known, limit)
    if not value.partial:
        return answer
    if what in MEANS:
        return None
    grows = not what.startswith("low_")
    certain = answer if grows == (side in ("min", "over")) else not answer
    return answer if certain else None


def lingering(rule: AlertRule, now: datetime) -> Finding:
    """Holds a warning that is under way, raises none."""
    return Finding(rule.id, rule.version, Severity.LINGERING, now, now, ())


def build_finding(rule: AlertRule, days: tuple[Day, ...], met: Sequence[tuple[Level, Run, int]]) -> Finding:
    """The highest level from its first day to its last, with the values of its worst day; it ends with the last of all.

    `met`: levels, the days still to be told of that meet them, and how many days their runs have in all."""
    level = max((level for level, _, _ in met), key=lambda level: level.severity)
    own = [(run, length) for each, run, length in met if each is level]
    touched = [days[index] for run, _ in own for index in run]
    length, worst = worst_day(level, days, own)
    inputs = [(name, value.known) for name, value in worst.values.items() if is_told(value)]
    return Finding(
        rule.id,
        rule.version,
        level.severity,
        starts=min(day.starts for day in touched),
        ends=max(days[run[-1]].ends for _, run, _ in met) + rule.lasts,
        inputs=(*((name, known) for name, known in inputs if known is not None), ("days", float(length))),
        level_ends=max(day.ends for day in touched) + rule.lasts,
    )


def is_told(value: Value) -> bool:
    """Whether a value is known and is a number."""
    return value.known is not None and isfinite(value.known)


def worst_day(level: Level, days: tuple[Day, ...], found: Sequence[tuple[Run, int]]) -> tuple[int, Day]:
    """The day that passes the level's first threshold by most, and how many days its run has."""
    side, _, what = level.limits[0][0].partition("_")
    sign = 1 if side in ("min", "over") else -1
    places = [(length, index) for run, length in found for index in run]
    length, index = max(places, key=lambda place: sign * (days[place[1]].values[what].known or 0.0))
    return length, days[index]
