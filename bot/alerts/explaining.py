"""Why a warning was sent: a stored alert as lines for officers and operators, in English."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRecord, AlertRule, EventKind, Limits

SIDES = {"min": "at least", "over": "more than", "max": "at most", "under": "less than"}
UNITS = {
    "_c": " °C", "_mm": " mm", "_kmh": " km/h", "_percent": " %", "_hours": " hours",
}  # fmt: skip
TOLD = {EventKind.RAISE: "warned", EventKind.ESCALATE: "warned more severely", EventKind.CLEAR: "gave the all-clear"}


def explain(record: AlertRecord, rule: AlertRule | None) -> str:
    """What was told to whom, by which values against which thresholds, and where these come from."""
    return "\n".join(lines(record, rule))


def lines(record: AlertRecord, rule: AlertRule | None) -> Iterator[str]:
    """One fact each; `rule` is the one that is in knowledge/ now, if it is still there."""
    event, zone = record.event, ZoneInfo(record.zone)
    yield f"Alert {record.id}: {event.rule_id} version {event.rule_version}, {event.severity.name.lower()}"
    yield f"  {TOLD[event.kind]} on {clock(record.raised_at, zone)} with text {event.text}"
    yield f"  where: cell {record.cell}" + (f" ({record.region})" if record.region else "")
    yield f"  for: {audience(record)}"
    yield f"  weather from {clock(event.starts, zone)} to {clock(event.ends, zone)}"
    yield f"  worth sending until {clock(event.valid_until, zone)}"
    yield f"  forecast: {record.source}, fetched {clock(record.fetched_at, zone)}"
    for name, value in event.inputs:
        yield f"  found: {with_unit(name, value)}"
    if rule is None:
        yield "  the rule is no longer in knowledge/alerts/"
        return
    if rule.version != event.rule_version:
        yield f"  the rule is now version {rule.version}; what follows is that one's"
    yield from thresholds(record, rule)
    yield from ("  " + line for line in origins(rule))


def thresholds(record: AlertRecord, rule: AlertRule) -> Iterator[str]:
    """The limits of the level told, or those that were no longer met."""
    if record.event.kind is EventKind.CLEAR:
        yield f"  over when not even {said(rule.clear)}"
        return
    level = next((level for level in rule.levels if level.severity is record.event.severity), None)
    if level is not None:
        row = f", {rule.days} days in a row" if rule.days > 1 else ""
        yield f"  wanted: {said(level.limits)}{row}"


def origins(rule: AlertRule) -> Iterator[str]:
    """Sources, or that there are none."""
    if not rule.sourced:
        yield "UNSOURCED DEFAULT: no page states these thresholds for this use"
    for source in rule.sources:
        yield f"source: {source.title} ({source.publisher}), {source.url}, read {source.read}"
    yield f"note: {rule.note}"


def audience(record: AlertRecord) -> str:
    """The group in words."""
    group = record.group
    if not group.crop:
        return "everybody in the cell"
    sown = f" sown in the week of {group.sown}" if group.sown else ""
    return f"growers of {group.crop}{sown}" + (f" in stage {group.stage}" if group.stage else "")


def said(limits: Limits) -> str:
    """Thresholds in words."""
    return " and ".join(f"{SIDES[side]} {with_unit(what, value)}" for side, what, value in split(limits))


def split(limits: Limits) -> Iterator[tuple[str, str, float]]:
    """Side, name and value of each threshold."""
    for name, value in limits:
        side, _, what = name.partition("_")
        yield side, what, value


def with_unit(name: str, value: float) -> str:
    """`rain_mm`, 70.5 -> `rain 70.5 mm`."""
    for suffix, unit in UNITS.items():
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix).replace('_', ' ')} {value:g}{unit}"
    return f"{name.replace('_', ' ')} {value:g}"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """Local time with its zone."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
