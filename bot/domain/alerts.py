"""Warnings as frozen values: rules, what they find in the weather of a cell, what was told of it and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from bot.domain.cards import Source, region_matches
from bot.domain.weather import Cell

WEEK = timedelta(weeks=1)


class Severity(IntEnum):
    """How bad it is. EXTREME may break quiet hours."""

    LINGERING = 0
    """Too little for a warning, too much (or too little known) for an all-clear: holds a warning, raises none."""
    WATCH = 1
    WARNING = 2
    SEVERE = 3
    EXTREME = 4


class EventKind(StrEnum):
    """What is told."""

    RAISE = "raise"
    ESCALATE = "escalate"
    CLEAR = "clear"


Limits = tuple[tuple[str, float], ...]
"""Thresholds: `min_`, `max_` (the bound itself counts), `over_`, `under_` (it does not) before a value's name."""


@dataclass(frozen=True, slots=True)
class Level:
    """A severity, the thresholds from which it holds, and the id of its text in messages.po."""

    severity: Severity
    limits: Limits
    text: str


@dataclass(frozen=True, slots=True)
class StageWindow:
    """Days after sowing, both included, in which a crop is in a stage of the taxonomy."""

    crop: str
    stage: str
    first_day: int
    last_day: int
    source: str
    """Id of one of the rule's sources; empty: a default without one."""

    def __contains__(self, days: object) -> bool:
        return isinstance(days, int) and self.first_day <= days <= self.last_day


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Whom an evaluation is for: a crop in a stage, or sown in the week of `sown` (a Monday); empty: everybody."""

    crop: str = ""
    stage: str = ""
    sown: date | None = None

    def __str__(self) -> str:
        return ":".join((self.crop, self.stage, self.sown.isoformat() if self.sown else ""))

    @classmethod
    def parse(cls, key: str) -> Group:
        """The group of a key that str() made."""
        crop, stage, sown = key.split(":")
        return cls(crop, stage, date.fromisoformat(sown) if sown else None)


EVERYBODY = Group()


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule of knowledge/alerts/. Empty crops, regions, months: all. Levels rise; all numbers come from the file."""

    id: str
    version: int
    kind: str
    """Name of the test in bot.alerts that reads the weather."""
    levels: tuple[Level, ...]
    """Severity rising."""
    days: int
    """So many days in a row must meet the thresholds."""
    clear: Limits
    """Looser thresholds; it is over when the weather does not meet these either: hysteresis."""
    clear_text: str
    """Empty: its end is not told."""
    clear_after: timedelta
    """How long it must have been clear before that is told."""
    cool_down: timedelta
    """At least so long between two warnings, unless severity rises."""
    horizon: timedelta
    """How far ahead it looks."""
    lasts: timedelta
    """How long it matters after the weather (a disease shows days later)."""
    shown: str
    """Name of the input that the texts show as {value}; empty: none."""
    unit: str
    """Unit of `shown`: mm, celsius, km/h or empty."""
    options: Limits = ()
    """What the test needs to know besides: `humidity_percent` from which an hour is humid, `base_c` of degree days."""
    crops: tuple[str, ...] = ()
    stages: tuple[StageWindow, ...] = ()
    by_sowing: bool = False
    """Counts from the sowing date: evaluated for each week of sowing."""
    regions: tuple[str, ...] = ()
    months: tuple[int, ...] = ()
    push: bool = True
    """False: told on request and in the digest only."""
    cards: tuple[tuple[str, str], ...] = ()
    """Card with more advice by crop; crop "" for all."""
    sourced: bool = True
    """False: the thresholds are a default that no page states."""
    sources: tuple[Source, ...] = ()
    note: str = ""
    path: str = ""

    @property
    def staged(self) -> bool:
        """Whether it needs a sowing date."""
        return bool(self.stages) or self.by_sowing

    def level(self, severity: Severity) -> Level:
        """The level of a severity. Raises KeyError."""
        for level in self.levels:
            if level.severity is severity:
                return level
        raise KeyError(severity)

    def card(self, crop: str = "") -> str | None:
        """Id of the card with more advice."""
        cards = dict(self.cards)
        return cards.get(crop) or cards.get("")

    def in_region(self, region: str | None) -> bool:
        """Whether it is for the region."""
        return region_matches(self.regions, region)

    def in_season(self, day: date) -> bool:
        """Whether it is for the month."""
        return not self.months or day.month in self.months

    def groups(self, crops: tuple[str, ...], sown: date | None, today: date) -> tuple[Group, ...]:
        """The groups that a farm with these crops is in. Without a sowing date rules without stages apply."""
        if not self.crops:
            return (EVERYBODY,)
        found = []
        for crop in dict.fromkeys(crops):
            if crop not in self.crops:
                continue
            if not self.staged:
                found.append(Group(crop))
            elif sown is not None and sown <= today:
                found.extend(self.stage_groups(crop, sown, today))
        return tuple(found)

    def stage_groups(self, crop: str, sown: date, today: date) -> list[Group]:
        """The group of a crop by its age; none outside the windows."""
        if self.stages:
            days = (today - sown).days
            return [Group(crop, window.stage) for window in self.stages if window.crop == crop and days in window][:1]
        return [Group(crop, sown=sown - timedelta(days=sown.weekday()))]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: how bad, since when it is as bad, when all of it ends, by which values."""

    rule_id: str
    rule_version: int
    severity: Severity
    starts: datetime
    ends: datetime
    inputs: tuple[tuple[str, float], ...]
    """The values that decided, units in the name (`rain_mm_24h`)."""
    level_ends: datetime | None = None
    """Until when it is as bad; nobody needs to hear of that later. None: until `ends`."""

    def value(self, name: str) -> float | None:
        """An input by name."""
        return dict(self.inputs).get(name)


@dataclass(frozen=True, slots=True)
class AlertState:
    """What was told last of a rule in a cell to a group. All moments in UTC."""

    severity: Severity
    """The highest told since `since`."""
    since: datetime
    last_sent_at: datetime
    """When it was last raised or escalated."""
    last_seen_at: datetime
    """When it was last found (lingering included)."""
    ends: datetime
    """Until when the weather told of lasts."""
    quiet_since: datetime | None = None
    """Since when nothing is found any more."""
    over: bool = False
    """Cleared or run out; kept for the cool-down."""
    starts: datetime | None = None
    """When the weather told of begins; None where that was not kept."""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something to tell: the text's id, and until when it is worth sending."""

    kind: EventKind
    rule_id: str
    rule_version: int
    severity: Severity
    """Of a CLEAR: the one that it ends."""
    text: str
    starts: datetime
    ends: datetime
    """Of the weather told of."""
    valid_until: datetime
    inputs: tuple[tuple[str, float], ...] = ()

    @property
    def urgent(self) -> bool:
        """May break quiet hours."""
        return self.severity is Severity.EXTREME and self.kind is not EventKind.CLEAR


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as it was stored: what `explain` and `verify` read."""

    id: str
    cell: Cell
    region: str | None
    zone: str
    """IANA name of the zone that days were counted in."""
    group: Group
    event: AlertEvent
    raised_at: datetime
    source: str
    """Where the forecast came from."""
    fetched_at: datetime
    """When."""
