"""Alerts in words: every text in every language and both letters, days and values as the readers have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerting.wording import AlertTexts
from bot.domain.alerts import AlertEvent, AlertRecord, AlertRule, EventKind, Group, Severity
from bot.domain.messages import Outbound, Purpose
from bot.domain.weather import Cell
from bot.knowledge.alert_rules import ALERTS, read_alert_rules
from bot.mind import Mind
from bot.skills.place import Places
from bot.storage.alerts import StoredAlert
from bot.storage.letters import Readers

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)
RULES = read_alert_rules(ROOT / "knowledge" / ALERTS)
TEXTS = [(rule, level.severity, level.text, EventKind.RAISE) for rule in RULES for level in rule.levels] + [
    (rule, rule.levels[0].severity, rule.clear_text, EventKind.CLEAR) for rule in RULES if rule.clear_text
]


@pytest.fixture(scope="module")
def texts(mind: Mind) -> AlertTexts:
    def whole(outbound: Outbound) -> tuple[Outbound, ...]:
        return (outbound,)

    places = Places(mind.locales, mind.matcher)
    return AlertTexts(mind.locales, places, {rule.id: rule for rule in RULES}, whole, frozenset({"sms"}))


def alert(
    rule: AlertRule,
    severity: Severity = Severity.WARNING,
    text: str = "",
    kind: EventKind = EventKind.RAISE,
    starts: datetime = NOW + timedelta(days=1),
) -> StoredAlert:
    """An alert of a rule, with some value for what its text shows."""
    text = text or rule.levels[0].text
    ends = starts + timedelta(days=1)
    inputs = ((rule.shown, 81.4),) if rule.shown else ()
    event = AlertEvent(kind, rule.id, rule.version, severity, text, starts, ends, ends, inputs)
    crop = rule.crops[0] if rule.crops else ""
    group = Group(crop)
    record = AlertRecord("1", Cell(276, 781), "IN-UP", "Asia/Kolkata", group, event, NOW, "Open-Meteo", NOW)
    return StoredAlert(record, "1", crop or None)


@pytest.mark.parametrize(
    ("rule", "severity", "text", "kind"), TEXTS, ids=lambda value: str(getattr(value, "id", value))
)
def test_every_text_in_every_language(
    texts: AlertTexts, rule: AlertRule, severity: Severity, text: str, kind: EventKind
) -> None:
    for language in texts.locales.spoken:
        for script in ("native", "latin"):
            words = texts.text(alert(rule, severity, text, kind), Readers(language, script, "sms", "Hathras"), NOW)
            assert "{" not in words
            assert words.strip()
            if script == "latin":
                assert max(map(ord, words)) < 0x250, words


def rain() -> AlertRule:
    return next(rule for rule in RULES if rule.id == "heavy-rain")


def test_days_are_seen_from_the_moment_of_sending(texts: AlertTexts) -> None:
    readers = Readers("en", "native", "telegram", "Hathras")
    assert "Hathras, Tuesday: heavy rain, about 81 mm" in texts.text(alert(rain()), readers, NOW)
    assert "Hathras, today: heavy rain" in texts.text(alert(rain()), readers, NOW + timedelta(hours=23))


def test_worse_and_late_are_said(texts: AlertTexts) -> None:
    readers = Readers("en", "native", "telegram", "Hathras")
    worse = alert(rain(), kind=EventKind.ESCALATE)
    assert texts.text(worse, readers, NOW).startswith("Getting worse!")
    begun = alert(rain(), starts=NOW)
    assert texts.text(begun, readers, NOW + timedelta(hours=8)).endswith("(Sent late.)")
    assert "late" not in texts.text(begun, readers, NOW + timedelta(hours=1))


def test_a_language_that_is_not_spoken_is_english(texts: AlertTexts) -> None:
    assert "heavy rain" in texts.text(alert(rain()), Readers("ur", "native", "sms", "Hathras"), NOW)


def test_a_letter_expires_with_its_weather_and_after_a_day_at_most(texts: AlertTexts) -> None:
    readers = Readers("en", "native", "telegram", "Hathras")
    (part,) = texts.letter(alert(rain(), starts=NOW), readers, NOW + timedelta(hours=3)).parts
    assert part.expires_at == NOW + timedelta(days=1)
    (later,) = texts.letter(alert(rain()), readers, NOW).parts
    assert later.expires_at == NOW + timedelta(days=1)
    assert (later.purpose, later.reference, later.urgent) == (Purpose.ALERT, "alert:1", False)
    (urgent,) = texts.letter(alert(rain(), Severity.EXTREME), readers, NOW).parts
    assert urgent.urgent
