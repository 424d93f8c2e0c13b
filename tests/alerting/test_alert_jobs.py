"""Who does the jobs, what is done once, what waits for a better forecast, who joins late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerting.jobs import AlertJobs
from bot.domain.alerts import AlertEvent, AlertRecord, EventKind, Group, Severity
from bot.domain.contacts import Place
from bot.domain.errors import StorageError
from bot.domain.messages import Location
from bot.domain.weather import Cell
from bot.mind import Mind
from bot.storage.alerts import Alerts, StoredAlert
from bot.storage.election import Election
from bot.storage.redis import connect
from bot.storage.subscriptions import Area
from tests.alert_box import AlertBox, alert_box, run_jobs
from tests.fakes import FakeClock
from tests.weather_server import Fault, weather_server

START = datetime(2026, 7, 20, 4, 5, tzinfo=UTC)
HATHRAS = Place("Hathras", "IN-UP", Location(27.6, 78.08))


@pytest.fixture
def box(tmp_path: Path, mind: Mind) -> Iterator[AlertBox]:
    clock = FakeClock(START)
    with weather_server(START) as server, alert_box(mind, server, clock, tmp_path, {"heavy-rain"}) as built:
        first = START.replace(hour=3, minute=0) + timedelta(days=1)
        server.sky.rain = {first + timedelta(hours=hour): 4.0 for hour in range(1, 25)}
        yield built


def elected(box: AlertBox) -> tuple[AlertJobs, AlertJobs]:
    """Two schedulers of which one is elected."""
    one, two = box.schedulers
    return one, replace(two, election=one.election)


def test_only_the_elected_one_works(box: AlertBox) -> None:
    one, two = elected(box)
    box.join("1", HATHRAS, "en")
    assert one.leads()
    run_jobs(two)
    assert box.rows() == []
    assert box.server.counts["forecast"] == 0
    run_jobs(one)
    assert len(box.rows()) == 1
    one.resign()
    assert two.leads()
    assert not one.leads()


def test_without_redis_all_work_and_all_is_done_once(box: AlertBox) -> None:
    nowhere = Election(connect("redis://127.0.0.1:1/0"), "alerts", timedelta(seconds=1))
    box.join("1", HATHRAS, "en")
    for jobs in box.schedulers:
        run_jobs(replace(jobs, election=nowhere))
    assert len(box.rows()) == 1
    assert box.server.counts["forecast"] == 1


def test_a_job_that_fails_is_done_by_the_next(box: AlertBox) -> None:
    one, two = box.schedulers
    box.join("1", HATHRAS, "en")

    def broken() -> int:
        raise StorageError("database away")

    with pytest.raises(StorageError):
        one.once("evaluate", broken)
    assert one.once("evaluate", lambda: 3) == 3
    assert two.once("evaluate", lambda: 3) == 0


def test_an_old_forecast_neither_warns_nor_clears(box: AlertBox) -> None:
    contact = box.join("1", HATHRAS, "en")
    box.schedulers[0].fetch_forecasts()
    box.server.always["forecast"] = Fault.DOWN
    box.clock.advance(hours=13)
    box.tick()
    assert box.kinds(contact) == []
    box.server.always.clear()
    box.clock.advance(hours=10)
    box.tick()  # one scheduler may evaluate while the other still fetches: then the next tick does it
    box.clock.advance(minutes=5)
    box.tick()
    assert box.kinds(contact) == ["heavy-rain raise 2"]


def test_an_alert_that_was_missed_catches_up_while_it_is_of_use(box: AlertBox) -> None:
    contact = box.join("1", HATHRAS, "en")
    jobs = box.schedulers[0]
    jobs.fetch_forecasts()
    assert jobs.evaluate() == 1
    box.clock.advance(hours=20)  # 00:05 UTC is 05:35 IST: quiet; the dispatcher was down until now
    jobs.dispatch_alerts()
    (row,) = box.rows()
    assert row.not_before == datetime(2026, 7, 21, 1, 30, tzinfo=UTC)
    box.clock.advance(hours=2)
    box.tick()
    assert box.kinds(contact) == ["heavy-rain raise 2"]


def test_an_alert_that_is_over_is_not_sent(box: AlertBox) -> None:
    box.join("1", HATHRAS, "en")
    jobs = box.schedulers[0]
    jobs.fetch_forecasts()
    assert jobs.evaluate() == 1
    box.clock.advance(days=3)
    jobs.dispatch_alerts()
    assert box.rows() == []
    stored = Alerts(box.services.database, box.clock, lambda: "x")
    assert stored.pending(box.clock.now, 10) == []
    (alert,) = stored.latest()
    assert stored.get(alert.record.id) == alert
    assert alert.queued == 0
    assert stored.latest(rule_id="frost") == []
    assert stored.latest(since=box.clock.now) == []
    assert stored.latest(until=START) == []


def test_a_channel_that_may_not_say_it_gets_nothing(box: AlertBox) -> None:
    box.join("1", HATHRAS, "en")
    jobs = box.schedulers[0]
    mute = replace(jobs.dispatching, texts=jobs.dispatching.texts)
    mute.texts.fit = lambda _outbound: ()
    jobs.fetch_forecasts()
    jobs.evaluate()
    assert mute.run() == 0
    assert box.rows() == []


def test_an_all_clear_reaches_who_was_told_though_her_crop_has_grown_since(box: AlertBox) -> None:
    area = Area(Cell.of(Location(27.6, 78.08)), "IN-UP")
    until = START + timedelta(days=1)
    for kind, window in ((EventKind.RAISE, START.date()), (EventKind.CLEAR, None)):
        word = AlertEvent(kind, "rice-blast", 1, Severity.WARNING, "alert.rice-blast.clear", START, until, until)
        group = Group("rice", "tillering")
        record = AlertRecord("b", area.cell, area.region, "Asia/Kolkata", group, word, START, "Open-Meteo", START)
        alert = StoredAlert(record, "a", "rice", START.date(), START.date())
        order = box.schedulers[0].dispatching.order(alert, ())
        assert (order.crop, order.sown_from, order.sown_until) == ("rice", window, window)


def test_who_subscribes_while_a_warning_is_under_way_gets_it_once(box: AlertBox) -> None:
    box.schedulers = box.schedulers[:1]  # of two one may evaluate while the other still fetches
    first = box.join("1", HATHRAS, "en")
    box.tick()
    assert box.kinds(first) == ["heavy-rain raise 2"]
    box.clock.advance(hours=2)
    late = box.join("2", HATHRAS, "hi", channel="sms")
    other = box.join("3", Place("Hathras", "IN-HR", HATHRAS.location), "en")
    for _ in range(2):
        box.tick()
        box.clock.advance(minutes=5)
    assert [box.kinds(one) for one in (first, late, other)] == [["heavy-rain raise 2"]] * 3
    box.server.sky.rain = {}
    for _ in range(9):
        box.clock.advance(hours=1)
        box.tick()
    after = box.join("4", HATHRAS, "en")
    box.clock.advance(minutes=5)
    box.tick()
    assert [box.kinds(one)[1:] for one in (first, late)] == [["heavy-rain clear 2"]] * 2
    assert box.kinds(after) == []
