"""Was it right? What was told against what was observed: hits, false alarms, misses by rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from statistics import median

from bot.alerts.finding import Run, Survey, meets, survey_days
from bot.alerts.kinds import KINDS
from bot.alerts.weather import CellWeather
from bot.domain.alerts import EVERYBODY, AlertRecord, AlertRule, EventKind, Severity
from bot.domain.weather import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Told:
    """Warnings for one spell of weather, as one: told first at `raised_at`, the highest severity told."""

    raised_at: datetime
    starts: datetime
    ends: datetime
    severity: Severity


@dataclass(frozen=True, slots=True)
class Happened:
    """A spell that met a rule's thresholds."""

    starts: datetime
    ends: datetime
    severity: Severity


@dataclass(frozen=True, slots=True)
class Score:
    """How often a rule was right. `misses` is None where nobody knows who should have been told."""

    rule_id: str
    hits: int = 0
    false_alarms: int = 0
    misses: int | None = None
    undecided: int = 0
    """Warnings for which observations are missing."""
    as_severe: int = 0
    """Hits that turned out at least as severe as was told."""
    leads: tuple[float, ...] = ()
    """Hours from each hit's first warning to its weather; negative: the warning came during it."""

    @property
    def detection(self) -> float | None:
        """POD: share of what happened that was told."""
        return None if self.misses is None else share(self.hits, self.hits + self.misses)

    @property
    def false_alarm_ratio(self) -> float | None:
        """FAR: share of what was told that did not happen."""
        return share(self.false_alarms, self.hits + self.false_alarms)

    @property
    def success(self) -> float | None:
        """CSI: hits of all that was told or happened."""
        return None if self.misses is None else share(self.hits, self.hits + self.false_alarms + self.misses)

    @property
    def lead(self) -> float | None:
        """Hours of warning, the median."""
        return median(self.leads) if self.leads else None

    def __add__(self, other: Score) -> Score:
        return Score(
            self.rule_id,
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
            self.misses if other.misses is None else (self.misses or 0) + other.misses,
            self.undecided + other.undecided,
            self.as_severe + other.as_severe,
            self.leads + other.leads,
        )


def share(part: int, whole: int) -> float | None:
    """A ratio; None of nothing."""
    return part / whole if whole else None


def can_verify(rule: AlertRule) -> bool:
    """Whether a rule warns of weather that can be observed; counting from sowing it tells of an insect's age."""
    return rule.push and not rule.by_sowing


def score(rules: Iterable[AlertRule], records: Sequence[AlertRecord], observed: CellWeather, last: date) -> list[Score]:
    """One cell's scores by rule. `observed.now` is the beginning of the period, `last` its last day, `records` all of
    the cell's alerts; misses are counted of rules for everybody."""
    return [score_rule(rule, records, observed, last) for rule in rules if can_verify(rule)]


def score_rule(rule: AlertRule, records: Sequence[AlertRecord], observed: CellWeather, last: date) -> Score:
    """One rule in one cell."""
    first = observed.today
    within = observed.now, observed.moment(last + DAY)
    survey = survey_days(rule, observed, EVERYBODY, first - rule.days * DAY, last)
    happened = [one for one in spells(rule, survey) if one.ends > within[0] and one.starts < within[1]]
    told = [one for one in warnings(rule, records) if one.starts < within[1] and one.ends > within[0]]
    total = Score(rule.id, misses=None if rule.crops else 0)
    for warning in told:
        total += judge(rule, warning, happened, survey, within[1])
    if rule.crops:
        return total
    due = [one for one in happened if in_force(rule, one, observed)]
    return replace(total, misses=sum(not any(answers(warning, one) for warning in told) for one in due))


def in_force(rule: AlertRule, one: Happened, observed: CellWeather) -> bool:
    """Whether the rule was in force when it happened."""
    return rule.in_region(observed.region) and rule.in_season(one.starts.astimezone(observed.zone).date())


def warnings(rule: AlertRule, records: Iterable[AlertRecord]) -> Iterator[Told]:
    """Warnings of a rule; those that touch are one, whoever they were for."""
    told: Told | None = None
    for record in sorted(records, key=lambda record: record.event.starts):
        event = record.event
        if event.rule_id != rule.id or event.kind is EventKind.CLEAR:
            continue
        new = Told(record.raised_at, event.starts, event.ends - rule.lasts, event.severity)
        if told and new.starts <= told.ends:
            told = Told(
                min(told.raised_at, new.raised_at),
                told.starts,
                max(told.ends, new.ends),
                max(told.severity, new.severity),
            )
            continue
        if told:
            yield told
        told = new
    if told:
        yield told


def spells(rule: AlertRule, survey: Survey) -> list[Happened]:
    """What happened: runs of days that met any level, those that touch as one, with the highest severity."""
    found: list[Happened] = []
    runs: list[tuple[Run, Severity]] = [(run, level.severity) for level, runs in survey.met for run in runs]
    for run, severity in sorted(runs, key=lambda item: item[0].start):
        starts, ends = survey.days[run[0]].starts, survey.days[run[-1]].ends
        if KINDS[rule.kind].from_today:
            ends = max(survey.days[run[-1]].starts + DAY, starts)
        if found and starts <= found[-1].ends:
            before = found.pop()
            starts, ends, severity = before.starts, max(before.ends, ends), max(before.severity, severity)
        found.append(Happened(starts, ends, severity))
    return found


def judge(rule: AlertRule, told: Told, happened: Sequence[Happened], survey: Survey, until: datetime) -> Score:
    """One warning: a hit, a false alarm or undecided."""
    answered = [one for one in happened if answers(told, one)]
    if answered:
        first = min(answered, key=lambda one: one.starts)
        return Score(
            rule.id,
            hits=1,
            as_severe=int(max(one.severity for one in answered) >= told.severity),
            leads=((max(first.starts, told.starts) - told.raised_at) / HOUR,),
        )
    if told.ends > until or is_open(rule, told, survey):
        return Score(rule.id, undecided=1)
    return Score(rule.id, false_alarms=1)


def answers(told: Told, happened: Happened) -> bool:
    """Whether a warning was of this spell, and came before its end."""
    return told.starts < happened.ends and happened.starts < told.ends and told.raised_at < happened.ends


def is_open(rule: AlertRule, told: Told, survey: Survey) -> bool:
    """Whether observations are missing that might have made it a hit."""
    concerned = [day for day in survey.days if day.starts < told.ends and told.starts < day.ends]
    return not concerned or any(meets(level.limits, day) is None for day in concerned for level in rule.levels)


def summed(scores: Iterable[Score]) -> list[Score]:
    """All cells' scores by rule, in the order of the rules' ids."""
    totals: dict[str, Score] = {}
    for one in scores:
        totals[one.rule_id] = totals[one.rule_id] + one if one.rule_id in totals else one
    return [totals[name] for name in sorted(totals)]
