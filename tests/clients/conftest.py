"""A clock to move, a cache inside the process, the stand-in of all data services."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.clients.fetching import Fetcher
from bot.storage.cache import Cache
from bot.storage.redis import connect
from tests.fakes import FakeClock
from tests.weather_server import WeatherServer, weather_server

NOW = datetime(2026, 7, 10, 6, 20, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    with weather_server(NOW) as running:
        yield running


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with httpx.Client() as client:
        yield Fetcher(client, time.monotonic)


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    connection = connect("")
    yield Cache(connection, clock)
    connection.close()
