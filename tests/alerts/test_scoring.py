"""Warnings against observed weather: hits, false alarms, misses, undecided; lead time and severity."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.alerts.score_chart import FALSE, HIT, MISSED, draw_scores
from bot.alerts.scoring import Score, can_verify, score_rule, summed
from bot.alerts.verifying import Verification, Watched, verify
from bot.domain.alerts import AlertEvent, AlertRecord, EventKind, Group, Severity
from bot.domain.errors import ConfigurationError, ProviderError
from bot.domain.weather import DAY, HOUR, Cell, HourlySeries
from tests.alerts.skies import CELL, INDIA, RULES, Sky, fall, local, sky, utc, weather

RULE = RULES["heavy-rain"]
START = utc(8, 18) + timedelta(minutes=30)
"""Local midnight of the 9th."""
LAST = date(2026, 7, 14)


def record(
    rule: str,
    starts: datetime,
    ends: datetime,
    severity: Severity = Severity.WARNING,
    raised: datetime | None = None,
    kind: EventKind = EventKind.RAISE,
    group: Group = Group(),  # noqa: B008 (frozen)
) -> AlertRecord:
    event = AlertEvent(kind, rule, 1, severity, f"alert.{rule}.warning", starts, ends, ends)
    return AlertRecord("a", CELL, "IN-UP", "Asia/Kolkata", group, event, raised or starts - DAY, "test", starts)


def rain_told(day: int, **more: object) -> AlertRecord:
    """A warning of the rain day that begins on a day of July."""
    return record("heavy-rain", utc(day, 3), utc(day + 1, 3), **more)  # type: ignore[arg-type]


def rain_on(**millimetres: float) -> Sky:
    """Rain at noon of days of July: d11=80."""
    return lambda moment: millimetres.get(f"d{moment.day}", 0.0) if moment.hour == 6 else 0.0


CASES: dict[str, tuple[list[AlertRecord], Sky, tuple[int, int, int, int]]] = {
    "came": ([rain_told(11)], rain_on(d11=80), (1, 0, 0, 0)),
    "at the bound": ([rain_told(11)], rain_on(d11=64.5), (1, 0, 0, 0)),
    "below the bound": ([rain_told(11)], rain_on(d11=64.4), (0, 1, 0, 0)),
    "did not come": ([rain_told(11)], rain_on(), (0, 1, 0, 0)),
    "came a day late": ([rain_told(11)], rain_on(d12=80), (0, 1, 1, 0)),
    "came untold": ([], rain_on(d11=80), (0, 0, 1, 0)),
    "two days are one spell": ([], rain_on(d11=80, d12=80), (0, 0, 1, 0)),
    "two spells": ([rain_told(10)], rain_on(d10=80, d12=80), (1, 0, 1, 0)),
    "told when it was over": ([rain_told(11, raised=utc(12, 4))], rain_on(d11=80), (0, 1, 1, 0)),
    "told twice is once": ([rain_told(11), rain_told(11, severity=Severity.SEVERE)], rain_on(d11=80), (1, 0, 0, 0)),
    "an all-clear is no warning": ([rain_told(11, kind=EventKind.CLEAR)], rain_on(d11=80), (0, 0, 1, 0)),
    "two warnings": ([rain_told(10), rain_told(12)], rain_on(d10=80, d12=80), (2, 0, 0, 0)),
    "two days are one warning": ([rain_told(11), rain_told(12)], rain_on(d11=80, d12=80), (1, 0, 0, 0)),
    "of another rule": ([record("high-wind", utc(11), utc(12))], rain_on(d11=80), (0, 0, 1, 0)),
    "not observed": ([rain_told(11)], lambda t: None if t.day == 11 else 0.0, (0, 0, 0, 1)),
    "observed in part, enough": ([rain_told(11)], lambda t: 80.0 if t == utc(11, 9) else None, (1, 0, 0, 0)),
    "beyond the period": ([rain_told(14)], rain_on(), (0, 0, 0, 1)),
    "before the period": ([rain_told(6)], rain_on(d6=80), (0, 0, 0, 0)),
    "nothing": ([], rain_on(), (0, 0, 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_rule_in_one_cell(name: str) -> None:
    records, rain, expected = CASES[name]
    found = score_rule(RULE, records, weather(sky(rain=rain), START), LAST)
    assert (found.hits, found.false_alarms, found.misses, found.undecided) == expected


def test_severity_and_lead_time() -> None:
    told = rain_told(11, severity=Severity.SEVERE, raised=utc(10, 3))
    seen = weather(sky(rain=rain_on(d11=80)), START)
    worse = weather(sky(rain=rain_on(d11=120)), START)
    assert [score_rule(RULE, [told], one, LAST).as_severe for one in (seen, worse)] == [0, 1]
    assert score_rule(RULE, [told], seen, LAST).lead == 24.0


def test_misses_are_unknown_of_rules_for_growers() -> None:
    rule = RULES["late-blight"]
    damp = weather(sky(humidity=local(lambda t: 95.0 if t.day in (11, 12) else 40.0)), START)
    found = score_rule(rule, [], damp, LAST)
    assert (found.misses, found.detection, found.success) == (None, None, None)
    told = [
        record("late-blight", utc(10, 19), utc(12, 19) + rule.lasts, group=Group(crop)) for crop in ("potato", "tomato")
    ]
    assert score_rule(rule, told, damp, LAST).hits == 1


def test_a_miss_counts_in_region_and_season_only() -> None:
    dry = weather(sky(utc(10, 6, month=10), 10, 10, rain=0.0), utc(9, 0, month=10))
    assert score_rule(RULES["dry-spell"], [], dry, date(2026, 10, 10)).misses == 0
    july = weather(sky(back=10, ahead=10, rain=0.0), START)
    assert score_rule(RULES["dry-spell"], [], july, date(2026, 7, 10)).misses == 1
    assert score_rule(RULES["dry-spell-east-africa"], [], july, date(2026, 7, 10)).misses == 0


def test_shares() -> None:
    one = Score("r", hits=6, false_alarms=2, misses=3, leads=(1.0, 5.0, 9.0))
    assert (one.detection, one.false_alarm_ratio, one.success, one.lead) == (6 / 9, 2 / 8, 6 / 11, 5.0)
    none = Score("r", misses=0)
    assert (none.detection, none.false_alarm_ratio, none.success, none.lead) == (None, None, None, None)
    both = summed([Score("b", hits=1, misses=0), Score("a"), Score("b", misses=2, leads=(3.0,))])
    assert both == [Score("a"), Score("b", hits=1, misses=2, leads=(3.0,))]


def test_rules_that_cannot_be_verified() -> None:
    assert {rule.id for rule in RULES.values() if not can_verify(rule)} == {"fall-armyworm", "spray-window"}


class FakeArchive:
    """Answers for some cells; keeps what was asked."""

    def __init__(self, known: dict[Cell, HourlySeries]) -> None:
        self.known = known
        self.asked: list[tuple[Cell, date, date]] = []

    def observed(self, cell: Cell, first: date, last: date) -> HourlySeries:
        self.asked.append((cell, first, last))
        if cell not in self.known:
            raise ProviderError("archive: 503")
        return self.known[cell]


def check(known: dict[Cell, HourlySeries], cells: list[Cell]) -> tuple[Verification, FakeArchive]:
    archive = FakeArchive(known)
    places = [Watched(cell, "IN-UP", INDIA, (rain_told(11),)) for cell in cells]
    return verify([RULE], places, archive.observed, date(2026, 7, 9), LAST, date(2026, 7, 16)), archive


def test_cells_are_summed_and_failures_told() -> None:
    other, gone = Cell(200, 800), Cell(100, 770)
    seen = {CELL: sky(back=20, rain=rain_on(d11=80)), other: sky(back=20, rain=fall(10, utc(11, 9)))}
    done, archive = check(seen, [CELL, gone, other])
    (found,) = done.scores
    assert (found.hits, found.false_alarms, found.misses) == (1, 1, 0)
    assert (done.observed, done.failed, done.failure) == (2, 1, "archive: 503")
    assert archive.asked[0] == (CELL, date(2026, 6, 29), date(2026, 7, 16))


def test_an_archive_that_is_down_is_not_asked_for_ever() -> None:
    with pytest.raises(ProviderError, match="503"):
        check({}, [CELL] * 9)
    seen = {CELL: sky(back=20)}
    done, archive = check(seen, [CELL, *(Cell(number, 1) for number in range(9))])
    assert (done.observed, done.failed, len(archive.asked)) == (1, 3, 4)


def test_the_picture_has_all_three_parts() -> None:
    scores = [Score("heavy-rain", 12, 5, 3), Score("late-blight", 4, 4, None, undecided=2), Score("frost", misses=0)]
    picture = Image.open(BytesIO(draw_scores(scores, "Warnings"))).convert("RGB")
    pixels = picture.tobytes()
    colours = {"#" + pixels[at : at + 3].hex() for at in range(0, len(pixels), 3)}
    assert {HIT, FALSE, MISSED} <= colours
    empty = Image.open(BytesIO(draw_scores([], "Nothing")))
    assert empty.width == picture.width


def test_without_matplotlib_the_operator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigurationError, match="matplotlib"):
        draw_scores([], "Nothing")


def test_hours_around_the_period_are_enough() -> None:
    """Ten days before, for the rules that look back: none is undecided for lack of hours."""
    hours = sky(START + DAY, back=11, ahead=8)
    for rule in RULES.values():
        if can_verify(rule):
            told = [record(rule.id, START + DAY, START + 2 * DAY + rule.lasts, raised=START + HOUR)]
            found = score_rule(rule, told, weather(hours, START), date(2026, 7, 11))
            assert found.undecided == 0, rule.id
