"""The weekly message: what stands in it, that it comes once, and that a missing forecast only delays it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerting.digests import is_due
from bot.domain.contacts import Place, ScriptChoice
from bot.domain.messages import Location
from bot.domain.zones import zone_of
from bot.mind import Mind
from tests.alert_box import AlertBox, alert_box
from tests.fakes import FakeClock
from tests.weather_server import Fault, weather_server

MONDAY = datetime(2026, 7, 20, 1, 35, tzinfo=UTC)
"""7:05 in India."""
HATHRAS = Place("Hathras", "IN-UP", Location(27.6, 78.08))
NAGPUR = Place("Nagpur", "IN-MH", Location(21.15, 79.08))


@pytest.fixture
def box(tmp_path: Path, mind: Mind) -> Iterator[AlertBox]:
    clock = FakeClock(MONDAY)
    with weather_server(MONDAY) as server, alert_box(mind, server, clock, tmp_path, set()) as built:
        yield built


def test_it_is_in_her_language_and_letters(box: AlertBox) -> None:
    native, latin = (
        box.join("1", HATHRAS, "hi", digest=True),
        box.join("2", HATHRAS, "hi", digest=True, script=ScriptChoice.LATIN),
    )
    box.schedulers[0].send_digests()
    box.tick()
    ((_, first),) = box.taken(native)
    ((_, second),) = box.taken(latin)
    assert "हाथरस" in first.text
    assert "33°" in first.text
    assert "Open-Meteo" in first.text
    assert len(first.text.splitlines()) >= 7
    assert max(map(ord, second.text)) < 0x250


def test_it_comes_once_a_week(box: AlertBox) -> None:
    contact = box.join("1", HATHRAS, "en", digest=True)
    for _ in range(9 * 24):
        box.server.now = box.clock.now
        for jobs in box.schedulers:
            jobs.send_digests()
        box.clock.advance(hours=1)
    box.tick()
    assert len(box.rows()) == 2
    assert {row.contact_id for row in box.rows()} == {contact.id}


def test_a_missing_forecast_delays_only_those_it_is_missing_for(box: AlertBox) -> None:
    jobs = box.schedulers[0]
    box.join("1", HATHRAS, "en", digest=True)
    box.join("2", NAGPUR, "en", digest=True)
    box.ask(HATHRAS)
    box.server.always["forecast"] = Fault.DOWN
    jobs.send_digests()
    assert [row.address for row in box.rows()] == ["1"]
    box.server.always.clear()
    box.clock.advance(minutes=5)
    jobs.send_digests()
    assert sorted(row.address for row in box.rows()) == ["1", "2"]
    jobs.send_digests()
    assert len(box.rows()) == 2


def test_the_time_of_the_week() -> None:
    india = zone_of("IN")
    assert not is_due(india, MONDAY - timedelta(minutes=10))
    assert is_due(india, MONDAY)
    assert is_due(india, MONDAY + timedelta(hours=24))
    assert not is_due(india, MONDAY + timedelta(hours=41))
