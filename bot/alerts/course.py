"""The course of a warning: raised, escalated, renewed, cleared, run out. State and finding in, state and event out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import AlertEvent, AlertRule, AlertState, EventKind, Finding, Severity

CLEAR_WITHIN = timedelta(hours=48)
"""An all-clear later than that after the weather told of is no news."""
CLEAR_VALID = timedelta(hours=24)
"""An all-clear that could not be sent for so long is dropped."""
EARLIER = timedelta(hours=12)
"""Days begin 23 hours apart or more: what begins so much before begins on an earlier day."""
Step = tuple[AlertState | None, AlertEvent | None]


def step(rule: AlertRule, state: AlertState | None, finding: Finding | None, now: datetime) -> Step:
    """The state after an evaluation, and what is to be told. The same finding a second time tells nothing."""
    if finding is None:
        return fade(rule, state, now)
    if finding.severity is Severity.LINGERING:
        return linger(rule, state, now)
    if state is None or state.over:
        return begin(rule, state, finding, now)
    return go_on(rule, state, finding, now)


def begin(rule: AlertRule, state: AlertState | None, finding: Finding, now: datetime) -> Step:
    """Nothing is under way: a new warning, unless one of the kind has only just been told.

    After an all-clear it is raised again within the cool-down only if it is worse than before or bad enough to outweigh
    the nuisance: for weather that threatens everybody "no more in sight" must not stand when there is."""
    enough = Severity.SEVERE if rule.crops or not rule.clear_text else Severity.WARNING
    recent = state is not None and now - state.last_sent_at < rule.cool_down
    if state and recent and finding.severity <= state.severity and finding.severity < enough:
        return replace(state, last_seen_at=now), None
    return tell(rule, EventKind.RAISE, finding, now, since=now)


def go_on(rule: AlertRule, state: AlertState, finding: Finding, now: datetime) -> Step:
    """One is under way: escalated when it gets worse, told again when it comes before or lasts beyond what was told.

    Severe weather that comes a day earlier does not wait for the cool-down."""
    if finding.severity > state.severity:
        return tell(rule, EventKind.ESCALATE, finding, now, since=state.since)
    earlier, rested = is_earlier(state, finding, now), now - state.last_sent_at >= rule.cool_down
    if (rested and (earlier or finding.ends > state.ends)) or (earlier and finding.severity >= Severity.SEVERE):
        return tell(rule, EventKind.RAISE, finding, now, since=state.since)
    return replace(state, last_seen_at=now, quiet_since=None), None


def is_earlier(state: AlertState, finding: Finding, now: datetime) -> bool:
    """Whether weather that is still ahead comes on an earlier day than was told."""
    return state.starts is not None and now < state.starts and finding.starts <= state.starts - EARLIER


def tell(rule: AlertRule, kind: EventKind, finding: Finding, now: datetime, since: datetime) -> Step:
    """The finding told."""
    state = AlertState(
        finding.severity, since, last_sent_at=now, last_seen_at=now, ends=finding.ends, starts=finding.starts
    )
    event = AlertEvent(
        kind,
        rule.id,
        rule.version,
        finding.severity,
        rule.level(finding.severity).text,
        finding.starts,
        finding.ends,
        finding.level_ends or finding.ends,
        finding.inputs,
    )
    return state, event


def linger(rule: AlertRule, state: AlertState | None, now: datetime) -> Step:
    """Neither a warning nor an all-clear; long after the weather told of it runs out in silence."""
    if state is None or state.over:
        return forget(rule, state, now), None
    if now > state.ends + CLEAR_WITHIN:
        return replace(state, last_seen_at=now, over=True), None
    return replace(state, last_seen_at=now, quiet_since=None), None


def fade(rule: AlertRule, state: AlertState | None, now: datetime) -> Step:
    """Nothing is found: all-clear once the weather told of is past, or has stayed away long enough."""
    if state is None or state.over:
        return forget(rule, state, now), None
    quiet_since = min(state.quiet_since or now, now)
    if now < state.ends and now - quiet_since < rule.clear_after:
        return replace(state, quiet_since=quiet_since), None
    over = replace(state, quiet_since=quiet_since, over=True)
    if not rule.clear_text or now > state.ends + CLEAR_WITHIN:
        return over, None
    event = AlertEvent(
        EventKind.CLEAR,
        rule.id,
        rule.version,
        state.severity,
        rule.clear_text,
        starts=state.since,
        ends=state.ends,
        valid_until=now + CLEAR_VALID,
    )
    return over, event


def forget(rule: AlertRule, state: AlertState | None, now: datetime) -> AlertState | None:
    """A state that is over is kept for the cool-down, and as long as its all-clear may still wait to be sent."""
    if state is None:
        return None
    waits = state.quiet_since is not None and now - state.quiet_since < rule.clear_after + CLEAR_VALID
    return state if waits or now - state.last_sent_at < rule.cool_down else None
