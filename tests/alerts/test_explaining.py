"""Why an alert was sent, as an officer reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.alerts import explain, find, step
from bot.domain.alerts import AlertRecord, Group
from tests.alerts.skies import CELL, NOW, RULES, fall, sky, utc, weather


def stored(rule: str = "heavy-rain", group: Group = Group()) -> AlertRecord:  # noqa: B008 (frozen)
    found = find(RULES[rule], weather(sky(rain=fall(70, utc(11, 3)))))
    _, event = step(RULES[rule], None, found, NOW)
    assert event
    return AlertRecord("4f2a", CELL, "IN-UP", "Asia/Kolkata", group, event, NOW, "Open-Meteo", utc(10, 5))


def test_all_is_said() -> None:
    text = explain(stored(), RULES["heavy-rain"])
    assert text.splitlines()[:10] == [
        "Alert 4f2a: heavy-rain version 1, warning",
        "  warned on 2026-07-10 11:30 IST with text alert.heavy-rain.warning",
        "  where: cell 27.6,78.1 (IN-UP)",
        "  for: everybody in the cell",
        "  weather from 2026-07-11 08:30 IST to 2026-07-12 08:30 IST",
        "  worth sending until 2026-07-12 08:30 IST",
        "  forecast: Open-Meteo, fetched 2026-07-10 10:30 IST",
        "  found: rain 70 mm",
        "  found: ahead 70 mm",
        "  found: days 1",
    ]
    assert "  wanted: at least rain 64.5 mm and at least ahead 2.5 mm" in text
    assert "source: IMD predicts heavy rainfall in Mumbai (Uday India), https://udayindia.in/" in text


def test_the_end_of_a_warning() -> None:
    rule = RULES["heavy-rain"]
    state, _ = step(rule, None, find(rule, weather(sky(rain=fall(70, utc(11, 3))))), NOW)
    _, event = step(rule, state, None, datetime(2026, 7, 12, 6, tzinfo=UTC))
    assert event
    text = explain(replace(stored(), event=event), rule)
    assert "gave the all-clear" in text
    assert "over when not even at least rain 50 mm" in text


def test_versions_gone_rules_groups_and_defaults() -> None:
    rule = RULES["heavy-rain"]
    assert "now version 2" in explain(stored(), replace(rule, version=2))
    milder = replace(rule, version=2, levels=rule.levels[1:])
    assert "wanted" not in explain(stored(), milder)
    assert "no longer in knowledge" in explain(stored(), None)
    assert "for: growers of rice in stage tillering" in explain(stored(group=Group("rice", "tillering")), rule)
    assert "sown in the week of 2026-06-29" in explain(stored(group=Group("maize", sown=date(2026, 6, 29))), rule)
    assert "UNSOURCED DEFAULT" in explain(stored(), RULES["frost"])
    assert "UNSOURCED" not in explain(stored(), rule)
