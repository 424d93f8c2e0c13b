"""Groups of an area, their audiences and zones; one evaluation however many farm there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.alerting.evaluating import Evaluator, Ground, groups_of, pushed, sown_between, zone_at
from bot.domain.alerts import AlertRule, EventKind, Group, Severity
from bot.domain.weather import Cell, Forecast, HourlySeries
from bot.knowledge.alert_rules import ALERTS, read_alert_rules
from bot.storage.alerts import Memory
from bot.storage.subscriptions import Area

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)
TODAY = NOW.date()
HERE = Area(Cell(276, 781), "IN-UP")
HOURS = 14 * 24


@pytest.fixture(scope="module")
def rules() -> dict[str, AlertRule]:
    return {rule.id: rule for rule in read_alert_rules(ROOT / "knowledge" / ALERTS)}


def forecast(rain: float = 0.0, temperature: float = 28.0) -> Forecast:
    """The same weather for two weeks, with rain in each hour of tomorrow."""
    start = datetime(2026, 7, 13, tzinfo=UTC)
    flat = {"humidity": 60.0, "dew_point": 18.0, "rain_chance": 50.0, "wind": 8.0, "gusts": 15.0, "cloud": 50.0}
    series = {name: (value,) * HOURS for name, value in flat.items()}
    wet = range(8 * 24 + 4, 9 * 24 + 4)
    hours = HourlySeries(
        start=start,
        temperature=(temperature,) * HOURS,
        rain=tuple(rain if hour in wet else 0.0 for hour in range(HOURS)),
        evapotranspiration=(0.1,) * HOURS,
        code=(3.0,) * HOURS,
        **series,
    )
    return Forecast(HERE.cell, hours, NOW, "Open-Meteo", "")


def evaluator(*rules: AlertRule) -> Evaluator:
    numbers = count(1)
    return Evaluator(rules, lambda: f"alert{next(numbers)}")


def test_an_episode_keeps_the_id_of_its_first_word(rules: dict[str, AlertRule]) -> None:
    thinker = evaluator(rules["heavy-rain"])
    first = thinker.evaluate(Ground(HERE, forecast(4.0)), NOW)
    (raised,) = first.alerts
    assert (raised.record.event.kind, raised.record.event.severity) == (EventKind.RAISE, Severity.WARNING)
    assert raised.episode == raised.record.id == "alert1"
    assert raised.record.zone == "Asia/Kolkata"
    memories = {key: memory for key, memory in first.memories.items() if memory}
    worse = thinker.evaluate(Ground(HERE, forecast(6.0), memories=memories), NOW + timedelta(hours=1))
    (escalated,) = worse.alerts
    assert (escalated.record.event.kind, escalated.episode) == (EventKind.ESCALATE, "alert1")
    same = thinker.evaluate(
        Ground(HERE, forecast(6.0), memories={k: m for k, m in worse.memories.items() if m}), NOW + timedelta(hours=2)
    )
    assert same.alerts == ()


def test_a_warning_after_an_all_clear_overtakes_it(rules: dict[str, AlertRule]) -> None:
    """Both may wait for the morning: "no longer expected" must not go out beside the new warning."""
    thinker = evaluator(rules["heavy-rain"])
    memories: dict[tuple[str, Group], Memory] = {}
    told = []
    for hour, rain in ((0, 4.0), (30, 0.0), (36, 0.0), (48, 0.0), (49, 6.0)):
        ground = Ground(HERE, forecast(rain), memories=memories)
        done = thinker.evaluate(ground, NOW - timedelta(hours=24) + timedelta(hours=hour))
        memories = {key: memory for key, memory in done.memories.items() if memory}
        told += [(hour, one.record.event.kind, one.episode) for one in done.alerts]
    assert told == [
        (0, EventKind.RAISE, "alert1"),
        (36, EventKind.CLEAR, "alert1"),
        (49, EventKind.RAISE, "alert1"),
    ]


def test_fine_weather_leaves_no_trace(rules: dict[str, AlertRule]) -> None:
    done = evaluator(rules["heavy-rain"], rules["high-wind"]).evaluate(Ground(HERE, forecast()), NOW)
    assert (done.memories, done.alerts, done.means) == ({}, (), None)


def test_groups_are_those_of_the_farms_and_of_open_warnings(rules: dict[str, AlertRule]) -> None:
    blight, blast = rules["late-blight"], rules["rice-blast"]
    grown = frozenset({("potato", None), ("onion", None), ("rice", None), ("rice", TODAY - timedelta(days=45))})
    assert list(groups_of(rules["heavy-rain"], frozenset(), {}, TODAY)) == [Group()]
    assert list(groups_of(blight, grown, {}, TODAY)) == [Group("potato")]
    assert [group.crop for group in groups_of(blast, grown, {}, TODAY)] == ["rice"]
    assert list(groups_of(blast, frozenset({("rice", None)}), {}, TODAY)) == []


def test_an_audience_is_who_sowed_in_time(rules: dict[str, AlertRule]) -> None:
    blast = rules["rice-blast"]
    window = blast.stages[0]
    first, last = sown_between(blast, Group("rice", window.stage), TODAY)
    assert first == TODAY - timedelta(days=window.last_day)
    assert last == TODAY - timedelta(days=window.first_day)
    monday = date(2026, 6, 1)
    assert sown_between(rules["fall-armyworm"], Group("maize", sown=monday), TODAY) == (monday, date(2026, 6, 7))
    assert sown_between(rules["late-blight"], Group("potato"), TODAY) == (None, None)


def test_means_are_kept_where_a_rule_counts_from_sowing(rules: dict[str, AlertRule]) -> None:
    thinker = evaluator(rules["fall-armyworm"])
    sown = frozenset({("maize", TODAY - timedelta(days=20))})
    old = {TODAY - timedelta(days=20): 25.0, TODAY - timedelta(days=200): 9.0}
    kept = thinker.evaluate(Ground(HERE, forecast(), sown, means=old), NOW).means
    assert kept
    assert min(kept) == TODAY - timedelta(days=20)
    assert max(kept) == TODAY - timedelta(days=1)
    assert thinker.evaluate(Ground(HERE, forecast(), sown, means=kept), NOW).means is None
    assert thinker.evaluate(Ground(HERE, forecast(), frozenset({("maize", None)})), NOW).means is None


def test_armyworm_is_told_to_the_week_that_it_concerns(rules: dict[str, AlertRule]) -> None:
    thinker = evaluator(rules["fall-armyworm"])
    sown = TODAY - timedelta(days=18)
    means = {sown + timedelta(days=number): 28.0 for number in range(-7, 18)}
    (told,) = thinker.evaluate(Ground(HERE, forecast(), frozenset({("maize", sown)}), means=means), NOW).alerts
    assert told.crop == "maize"
    assert told.sown_from is not None
    assert told.sown_until is not None
    assert told.sown_from <= sown <= told.sown_until


def test_zones_by_country_else_by_longitude() -> None:
    assert str(zone_at(Area(Cell(404, -37), "ES-MD"))) == "Europe/Madrid"
    assert str(zone_at(Area(Cell(404, -37), ""))) == "UTC"
    assert str(zone_at(Area(Cell(276, 781), ""))) == "Etc/GMT-5"


def test_rules_on_request_do_not_warn(rules: dict[str, AlertRule]) -> None:
    assert "spray-window" in rules
    assert "spray-window" not in {rule.id for rule in pushed(tuple(rules.values()))}
