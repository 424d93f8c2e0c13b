"""The course of a warning over time: every event once, whatever the clock does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts import step
from bot.alerts.course import CLEAR_VALID
from bot.domain.alerts import AlertEvent, AlertState, EventKind, Finding, Severity
from tests.alerts.skies import RULES, utc

RULE = RULES["high-wind"]
"""Four levels, cool-down 24 h, clear after 6 h."""
LINGERING, WATCH, WARNING, SEVERE, EXTREME = Severity
T0 = utc(10)


def found(severity: Severity, ends: int = 36, starts: int = 0) -> Finding:
    """A finding that starts and ends so many hours after T0."""
    start, end = T0 + timedelta(hours=starts), T0 + timedelta(hours=ends)
    return Finding(RULE.id, RULE.version, severity, start, end, (("gust_kmh", 70.0),))


def play(*course: tuple[float, Finding | None]) -> list[tuple[float, str]]:
    """Hours at which something is told, and what."""
    state: AlertState | None = None
    told = []
    for hour, finding in course:
        state, event = step(RULE, state, finding, T0 + timedelta(hours=hour))
        if event:
            told.append((hour, f"{event.kind} {event.severity.name}"))
    return told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ([(0, found(WARNING)), (6, found(WARNING)), (12, found(WARNING))], [(0, "raise WARNING")]),
        ([(0, None), (6, found(LINGERING)), (12, None)], []),
        (
            [(0, found(WARNING)), (6, found(SEVERE)), (7, found(EXTREME)), (8, found(EXTREME))],
            [(0, "raise WARNING"), (6, "escalate SEVERE"), (7, "escalate EXTREME")],
        ),
        ([(0, found(SEVERE)), (6, found(WARNING)), (12, found(SEVERE))], [(0, "raise SEVERE")]),
        ([(0, found(WARNING)), (6, None), (11.9, None), (12, None)], [(0, "raise WARNING"), (12, "clear WARNING")]),
        ([(0, found(WARNING)), (6, None), (9, found(LINGERING)), (13, None), (18, None)], [(0, "raise WARNING")]),
        ([(0, found(WARNING)), (6, None), (9, found(WARNING)), (13, None)], [(0, "raise WARNING")]),
        ([(0, found(WARNING, 36)), (37, None)], [(0, "raise WARNING"), (37, "clear WARNING")]),
        ([(0, found(WARNING, 36)), (36 + 49, None)], [(0, "raise WARNING")]),
        ([(0, found(WARNING, 36)), (24, found(WARNING, 60))], [(0, "raise WARNING"), (24, "raise WARNING")]),
        ([(0, found(WARNING, 36)), (23.9, found(WARNING, 60))], [(0, "raise WARNING")]),
        ([(0, found(WARNING, 36)), (24, found(WARNING, 36))], [(0, "raise WARNING")]),
        (
            [(0, found(WATCH, 5)), (6, None), (12, found(WATCH)), (24, found(WATCH))],
            [(0, "raise WATCH"), (6, "clear WATCH"), (24, "raise WATCH")],
        ),
        (
            [(0, found(WARNING, 5)), (6, None), (12, found(WARNING)), (13, found(WARNING))],
            [(0, "raise WARNING"), (6, "clear WARNING"), (12, "raise WARNING")],
        ),
        (
            [(0, found(WARNING, 5)), (6, None), (12, found(SEVERE))],
            [(0, "raise WARNING"), (6, "clear WARNING"), (12, "raise SEVERE")],
        ),
        (
            [(0, found(SEVERE, 5)), (6, None), (12, found(SEVERE))],
            [(0, "raise SEVERE"), (6, "clear SEVERE"), (12, "raise SEVERE")],
        ),
        ([(0, found(WARNING, 36)), (90, found(LINGERING)), (91, None)], [(0, "raise WARNING")]),
        ([(0, found(WARNING)), (-5, found(WARNING, 60)), (1, found(WARNING))], [(0, "raise WARNING")]),
        ([(0, found(WARNING)), (6, None), (-5, None), (6, None)], [(0, "raise WARNING"), (6, "clear WARNING")]),
    ],
    ids=[
        "told once", "calm", "escalates", "falls and rises again", "clear after six hours", "lingers", "comes back",
        "past", "past long ago", "lasts longer, after the cool-down", "lasts longer, within the cool-down", "no longer",
        "again within the cool-down", "over is not over",
        "again, but worse", "again and severe", "runs out in silence", "clock back",
        "clock back while quiet",
    ],
)  # fmt: skip
def test_course(course: Sequence[tuple[float, Finding | None]], told: list[tuple[float, str]]) -> None:
    assert play(*course) == told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ([(0, found(SEVERE, 96, 72)), (6, found(SEVERE, 48, 24))], [(0, "raise SEVERE"), (6, "raise SEVERE")]),
        ([(0, found(WARNING, 96, 72)), (6, found(WARNING, 48, 24))], [(0, "raise WARNING")]),
        (
            [(0, found(WARNING, 96, 72)), (6, found(WARNING, 48, 24)), (24, found(WARNING, 48, 24))],
            [(0, "raise WARNING"), (24, "raise WARNING")],
        ),
        ([(0, found(SEVERE, 96, 72)), (6, found(SEVERE, 96, 71))], [(0, "raise SEVERE")]),
        ([(0, found(SEVERE, 96, 24)), (30, found(SEVERE, 96, 0))], [(0, "raise SEVERE")]),
    ],
    ids=["severe", "not within the cool-down", "after the cool-down", "the same day", "it has begun"],
)
def test_weather_that_comes_on_an_earlier_day_is_told_again(
    course: Sequence[tuple[float, Finding | None]], told: list[tuple[float, str]]
) -> None:
    assert play(*course) == told


def test_what_is_told_is_worth_sending_as_long_as_it_is_as_bad() -> None:
    worst = T0 + timedelta(hours=12)
    state, event = step(RULE, None, replace(found(EXTREME, 36), level_ends=worst), T0)
    assert state
    assert event
    assert (state.ends, event.ends, event.valid_until) == (T0 + timedelta(hours=36), T0 + timedelta(hours=36), worst)


def test_events_say_what_to_send_and_until_when() -> None:
    state, event = step(RULE, None, found(EXTREME), T0)
    assert event == AlertEvent(
        EventKind.RAISE, "high-wind", 1, EXTREME, "alert.high-wind.extreme", T0, T0 + timedelta(hours=36),
        T0 + timedelta(hours=36), (("gust_kmh", 70.0),),
    )  # fmt: skip
    assert event.urgent
    assert state
    now = T0 + timedelta(hours=40)
    after, clear = step(RULE, state, None, now)
    assert clear
    assert (clear.text, clear.valid_until, clear.urgent) == ("alert.high-wind.clear", now + CLEAR_VALID, False)
    assert after
    assert after.over


def test_a_rule_without_an_end_text_ends_in_silence() -> None:
    rule = RULES["fall-armyworm"]
    state, event = step(rule, None, replace(found(WATCH), rule_id=rule.id), T0)
    assert event
    state, event = step(rule, state, None, T0 + timedelta(hours=40))
    assert event is None
    assert state
    assert state.over


def test_states_are_forgotten_after_the_cool_down() -> None:
    state, _ = step(RULE, None, found(WARNING, 2), T0)
    state, _ = step(RULE, state, None, T0 + timedelta(hours=3))
    kept, _ = step(RULE, state, None, T0 + timedelta(hours=23))
    waits, _ = step(RULE, kept, None, T0 + timedelta(hours=32))
    gone, _ = step(RULE, waits, None, T0 + timedelta(hours=33))
    assert kept
    assert waits, "the all-clear may still wait to be sent"
    assert gone is None


FINDINGS = st.one_of(
    st.none(), st.builds(found, st.sampled_from(list(Severity)), st.integers(min_value=1, max_value=200))
)


@given(st.lists(st.tuples(st.integers(min_value=0, max_value=240), FINDINGS), max_size=30))
def test_whatever_comes_the_cool_down_and_the_order_hold(course: list[tuple[int, Finding | None]]) -> None:
    state: AlertState | None = None
    last: tuple[datetime, Severity] | None = None
    under_way = False
    for hour, finding in sorted(course, key=lambda item: item[0]):
        now = T0 + timedelta(hours=hour)
        if finding and finding.ends <= now:
            finding = None  # weather that is over is never found
        state, event = step(RULE, state, finding, now)
        _, second = step(RULE, state, finding, now)
        assert second is None
        if event is None:
            continue
        if event.kind is EventKind.CLEAR:
            assert under_way
        else:
            enough = SEVERE if under_way else WARNING
            if last and event.severity <= last[1] and event.severity < enough:
                assert now - last[0] >= RULE.cool_down
            assert event.kind is not EventKind.ESCALATE or under_way
            last = (now, event.severity)
        under_way = event.kind is not EventKind.CLEAR
