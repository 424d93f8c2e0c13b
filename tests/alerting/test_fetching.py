"""Forecasts of subscribed cells: oldest first, a few each time, through faults; one request a cell and hour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.alerting.fetching import FEWEST, PATIENCE, TICK, Fetching
from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Forecasts
from bot.clients.open_meteo import OpenMeteo
from bot.domain.contacts import Place
from bot.domain.messages import Address, Inbound, Location
from bot.services import new_id
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.messages import Messages
from bot.storage.subscriptions import Subscriptions
from tests.alert_box import ClockedCache
from tests.fakes import FakeClock
from tests.weather_server import Fault, WeatherServer, weather_server

NOW = datetime(2026, 7, 10, 6, 20, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    with weather_server(NOW) as running:
        yield running


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'khetdoot.db'}")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def fetching(server: WeatherServer, clock: FakeClock, database: Database) -> Iterator[Fetching]:
    with httpx.Client() as client:
        provider = OpenMeteo(Fetcher(client, time.monotonic), clock, server.url)
        forecasts = Forecasts((provider,), ClockedCache(clock), clock, seconds=1.0)
        yield Fetching(Subscriptions(database, clock, new_id), forecasts, clock, calls_an_hour=4000)


def subscribe(database: Database, clock: FakeClock, cells: int) -> None:
    """A subscriber in each of so many cells."""
    messages, contacts = Messages(database, clock, new_id), Contacts(database, clock, new_id)
    for number in range(cells):
        address = Address("sms", str(number))
        messages.record(Inbound(address, str(number), "hello", clock.now))
        known = contacts.get_by_address(address)
        assert known
        contacts.save(replace(known, alerts=True, place=Place("x", "IN-UP", Location(20 + number / 10, 78.0))), known)


def move(server: WeatherServer, clock: FakeClock, span: timedelta) -> None:
    clock.now += span
    server.now = clock.now


def test_few_cells_are_fetched_at_once_and_not_again_within_the_hour(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer
) -> None:
    subscribe(database, clock, 5)
    assert fetching.run() == 5
    assert fetching.run() == 0
    move(server, clock, timedelta(minutes=59))
    fetching.forecasts.at(Location(20.0, 78.0))
    assert fetching.run() == 0
    assert server.counts["forecast"] == 5
    move(server, clock, timedelta(minutes=2))
    fetching.forecasts.at(Location(20.0, 78.0))
    assert fetching.run() == 5
    assert server.counts["forecast"] == 10


def test_many_cells_are_spread_over_the_hours_that_the_sources_allow(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer
) -> None:
    subscribe(database, clock, 60)
    slow = replace(fetching, calls_an_hour=30)  # two hours for all
    counts = []
    for _ in range(24):
        counts.append(slow.run())
        move(server, clock, TICK)
    assert max(counts) == FEWEST
    assert sum(counts) == 60
    assert sum(slow.run() for _ in range(3)) == FEWEST, "the oldest are due again after two hours"


def test_a_cell_without_subscribers_is_not_fetched(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer
) -> None:
    subscribe(database, clock, 2)
    contacts = Contacts(database, clock, new_id)
    gone = contacts.get_by_address(Address("sms", "0"))
    assert gone
    contacts.save(replace(gone, alerts=False), gone)
    assert fetching.run() == 1
    assert server.counts["forecast"] == 1


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SLOW, Fault.BUSY, Fault.HALF, Fault.BROKEN, Fault.PAGE])
def test_a_fault_is_survived_and_tried_again(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer, fault: Fault
) -> None:
    subscribe(database, clock, 3)
    server.always["forecast"] = fault
    assert fetching.run() == 0
    server.always.clear()
    move(server, clock, TICK)
    assert fetching.run() == 3


def test_a_dead_source_is_not_asked_for_each_cell(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer
) -> None:
    subscribe(database, clock, 3 * PATIENCE)
    server.always["forecast"] = Fault.DOWN
    assert fetching.run() == 0
    assert server.counts["forecast"] <= PATIENCE


def test_a_clock_that_went_back_does_not_stop_it(
    fetching: Fetching, database: Database, clock: FakeClock, server: WeatherServer
) -> None:
    subscribe(database, clock, 1)
    assert fetching.run() == 1
    move(server, clock, timedelta(hours=-30))
    fetching.run()
    move(server, clock, timedelta(hours=32))
    assert fetching.run() == 1
    assert server.counts["forecast"] == 2
