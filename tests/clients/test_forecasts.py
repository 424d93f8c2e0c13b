"""Open-Meteo and MET Norway through real HTTP: one request an hour, faults, fallback, stale answers, budgets."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clients.fetching import Fetcher
from bot.clients.forecasts import BUDGETS, Budget, Forecasts, decode, encode
from bot.clients.met_norway import MetNorway
from bot.clients.open_meteo import OpenMeteo
from bot.domain.errors import ProviderError
from bot.domain.messages import Location
from bot.domain.weather import Cell
from bot.storage.cache import Cache
from bot.storage.redis import connect
from tests.clients.conftest import NOW
from tests.fakes import FakeClock
from tests.servers import RedisServer
from tests.weather_server import Fault, WeatherServer

ROOT = Path(__file__).resolve().parent.parent.parent
HATHRAS = Location(27.6, 78.08)
AGENT = "khetdoot/0 tests@example.org"
SECONDS = 2.0


@pytest.fixture
def forecasts(server: WeatherServer, fetcher: Fetcher, cache: Cache, clock: FakeClock) -> Forecasts:
    providers = (OpenMeteo(fetcher, clock, server.url), MetNorway(fetcher, clock, AGENT, server.url))
    return Forecasts(providers, cache, clock, seconds=SECONDS)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="khetdoot-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.stop()


def test_hours_come_as_told(forecasts: Forecasts, server: WeatherServer) -> None:
    server.sky.rain = {datetime(2026, 7, 10, 12, tzinfo=UTC): 7.25}
    forecast = forecasts.at(HATHRAS)
    assert forecast.source == "Open-Meteo"
    assert forecast.cell == Cell(276, 781)
    hours = forecast.hours
    assert hours.start == datetime(2026, 7, 3, tzinfo=UTC)
    assert len(hours) == 14 * 24
    noon = hours.times.index(datetime(2026, 7, 10, 12, tzinfo=UTC))
    assert hours.rain[noon] == 7.25
    assert hours.rain_chance[noon] == 80
    nine = hours.times.index(datetime(2026, 7, 10, 9, tzinfo=UTC))
    assert (hours.temperature[nine], hours.humidity[nine], hours.wind[nine]) == (33, 40, 9)


def test_a_cell_is_asked_for_once_an_hour(forecasts: Forecasts, server: WeatherServer, clock: FakeClock) -> None:
    for _ in range(5):
        forecasts.at(HATHRAS)
    forecasts.at(Location(27.62, 78.12))
    assert server.counts == {"forecast": 1}
    clock.advance(minutes=59)
    forecasts.at(HATHRAS)
    assert server.counts == {"forecast": 1}
    clock.advance(minutes=1)
    forecasts.at(HATHRAS)
    assert server.counts == {"forecast": 2}
    forecasts.at(Location(28.9, 77.0))
    assert server.counts == {"forecast": 3}


def test_many_threads_ask_once(forecasts: Forecasts, server: WeatherServer) -> None:
    server.delay_seconds = 0.2
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(forecasts.at(HATHRAS).source)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Open-Meteo"] * 20
    assert server.counts == {"forecast": 1}


PROCESS = """
import sys, time, httpx
from datetime import UTC, datetime
from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Forecasts
from bot.clients.open_meteo import OpenMeteo
from bot.domain.messages import Location
from bot.storage.cache import Cache
from bot.storage.redis import connect
clock = lambda: datetime(2026, 7, 10, 6, 20, tzinfo=UTC)
with httpx.Client() as client:
    providers = (OpenMeteo(Fetcher(client, time.monotonic), clock, sys.argv[1]),)
    forecasts = Forecasts(providers, Cache(connect(sys.argv[2]), clock), clock)
    print(sys.stdin.readline().strip(), forecasts.at(Location(27.6, 78.08)).source)
"""


@pytest.mark.integration
def test_two_processes_ask_once(server: WeatherServer, redis: RedisServer) -> None:
    server.delay_seconds = 0.5
    command = [sys.executable, "-c", PROCESS, server.url, redis.url]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    assert [child.communicate("go\n", timeout=60)[0] for child in children] == ["go Open-Meteo\n"] * 2
    assert server.counts == {"forecast": 1}


@pytest.mark.parametrize("fault", list(Fault))
def test_the_second_source_answers_when_the_first_fails(
    forecasts: Forecasts, server: WeatherServer, fault: Fault
) -> None:
    server.always["forecast"] = fault
    before = time.monotonic()
    assert forecasts.at(HATHRAS).source == "MET Norway"
    assert time.monotonic() - before < 2 * SECONDS
    forecasts.at(Location(20, 78))
    assert server.counts == {"forecast": 1, "met": 2}, "a source that failed is left alone for a while"


def test_the_first_source_is_tried_again_after_a_rest(
    server: WeatherServer, fetcher: Fetcher, clock: FakeClock
) -> None:
    server.faults["forecast"] = deque([Fault.BUSY])
    cache = ForgettingCache()
    providers = (OpenMeteo(fetcher, clock, server.url), MetNorway(fetcher, clock, AGENT, server.url))
    forecasts = Forecasts(providers, cache, clock, seconds=SECONDS)
    assert forecasts.at(HATHRAS).source == "MET Norway"
    assert cache.lifetimes["forecast-rest:Open-Meteo"] == timedelta(seconds=120), "Retry-After"
    cache.values.pop("forecast-rest:Open-Meteo")
    assert forecasts.at(Location(20, 78)).source == "Open-Meteo"


class ForgettingCache:
    """A cache whose entries go when a test says so."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.lifetimes: dict[str, timedelta] = {}

    def get(self, key: str) -> object:
        return self.values.get(key)

    def set(self, key: str, value: object, ttl: timedelta) -> bool:
        self.values[key], self.lifetimes[key] = value, ttl
        return True

    def once(self, key: str, ttl: timedelta) -> bool:
        return True

    def allow(self, key: str, rate: float, burst: float = 1.0) -> bool:
        return True


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.HALF, Fault.BUSY, Fault.SLOW])
def test_with_both_sources_gone_the_last_forecast_is_served(
    server: WeatherServer, fetcher: Fetcher, clock: FakeClock, fault: Fault
) -> None:
    providers = (OpenMeteo(fetcher, clock, server.url), MetNorway(fetcher, clock, AGENT, server.url))
    forecasts = Forecasts(providers, ForgettingCache(), clock, seconds=1.0)
    first = forecasts.at(HATHRAS)
    clock.advance(hours=5)
    server.always = {"forecast": fault, "met": fault}
    assert forecasts.at(HATHRAS) == decode(encode(first))
    assert forecasts.age(first) == timedelta(hours=5)
    clock.advance(hours=44)
    with pytest.raises(ProviderError):
        forecasts.at(HATHRAS)


def test_with_nothing_kept_the_error_comes_in_time_and_is_remembered(
    forecasts: Forecasts, server: WeatherServer
) -> None:
    server.always = {"forecast": Fault.SLOW, "met": Fault.SLOW}
    before = time.monotonic()
    with pytest.raises(ProviderError):
        forecasts.at(HATHRAS)
    assert time.monotonic() - before < 2 * SECONDS
    for _ in range(3):
        with pytest.raises(ProviderError):
            forecasts.at(HATHRAS)
    assert server.counts == {"forecast": 1, "met": 1}


def test_the_budget_is_kept(server: WeatherServer, fetcher: Fetcher, cache: Cache, clock: FakeClock) -> None:
    budgets = {"Open-Meteo": (Budget("day", rate=0.001, burst=3),)}
    providers = (OpenMeteo(fetcher, clock, server.url), MetNorway(fetcher, clock, AGENT, server.url))
    forecasts = Forecasts(providers, cache, clock, budgets=budgets)
    sources = [forecasts.of(Cell(200 + number, 780)).source for number in range(5)]
    assert sources == ["Open-Meteo"] * 3 + ["MET Norway"] * 2


def test_the_free_tier_is_never_passed() -> None:
    most = [budget.burst + budget.rate * 86400 for budget in BUDGETS["Open-Meteo"]]
    hour = [budget.burst + budget.rate * 3600 for budget in BUDGETS["Open-Meteo"]]
    minute = [budget.burst + budget.rate * 60 for budget in BUDGETS["Open-Meteo"]]
    assert (min(most) < 10_000, min(hour) < 5_000, min(minute) < 600) == (True, True, True)
    assert min(budget.rate for budget in BUDGETS["Open-Meteo"]) * 86400 * 31 < 300_000


def test_met_norway_is_asked_politely(server: WeatherServer, fetcher: Fetcher, cache: Cache, clock: FakeClock) -> None:
    provider = MetNorway(fetcher, clock, AGENT, server.url)
    forecasts = Forecasts((provider,), cache, clock)
    first = forecasts.at(HATHRAS)
    _, params, headers = server.requests[0]
    assert headers["user-agent"] == AGENT
    assert params == {"lat": "27.6", "lon": "78.1"}
    assert first.expires_at == NOW + timedelta(minutes=31)
    clock.advance(hours=1)
    again = forecasts.at(HATHRAS)
    assert server.requests[1][2]["if-modified-since"] == first.last_modified
    assert again.fetched_at == clock()
    assert again.hours == decode(encode(first)).hours  # type: ignore[union-attr]


def test_met_norway_spreads_six_hours(server: WeatherServer, fetcher: Fetcher, clock: FakeClock) -> None:
    server.sky.rain = {datetime(2026, 7, 10, 9, tzinfo=UTC): 4.0, datetime(2026, 7, 14, 2, tzinfo=UTC): 12.0}
    hours = MetNorway(fetcher, clock, AGENT, server.url).fetch(Cell(276, 781), SECONDS).hours
    at = hours.times.index
    assert hours.rain[at(datetime(2026, 7, 10, 9, tzinfo=UTC))] == 4.0
    spread = hours.rain[at(datetime(2026, 7, 14, 1, tzinfo=UTC)) : at(datetime(2026, 7, 14, 7, tzinfo=UTC))]
    assert spread == (2.0,) * 6
    assert sum(value or 0 for value in hours.rain) == pytest.approx(16.0)
    assert hours.wind[0] == pytest.approx(9.0, abs=0.02), "m/s became km/h"
    assert None not in hours.temperature
    assert set(hours.evapotranspiration) == {None}


def test_without_an_agent_met_norway_refuses(server: WeatherServer, fetcher: Fetcher, clock: FakeClock) -> None:
    with pytest.raises(ProviderError, match="403") as refused:
        MetNorway(fetcher, clock, "curl/8", server.url).fetch(Cell(276, 781), SECONDS)
    assert not refused.value.retryable


def test_the_past_comes_from_the_archive(server: WeatherServer, fetcher: Fetcher, clock: FakeClock) -> None:
    server.sky.rain = {datetime(2026, 7, 1, 5, tzinfo=UTC): 66.0}
    provider = OpenMeteo(fetcher, clock, server.url, server.url)
    hours = provider.observed(Cell(276, 781), NOW.date() - timedelta(days=9), NOW.date() - timedelta(days=8))
    assert len(hours) == 48
    assert sum(value or 0 for value in hours.rain) == 66.0
    assert set(hours.rain_chance) == {None}


def test_redis_down_still_asks_once_in_this_process(
    server: WeatherServer, fetcher: Fetcher, clock: FakeClock, tmp_path: Path
) -> None:
    cache = Cache(connect(f"unix://{tmp_path}/nobody.sock"), clock)
    forecasts = Forecasts((OpenMeteo(fetcher, clock, server.url),), cache, clock)
    assert {forecasts.at(HATHRAS).source for _ in range(3)} == {"Open-Meteo"}
    assert server.counts == {"forecast": 1}


def test_what_is_kept_is_small_and_the_same(forecasts: Forecasts) -> None:
    forecast = forecasts.at(HATHRAS)
    kept = encode(forecast)
    again = decode(kept)
    assert again is not None
    assert len(str(kept)) < 5_000
    assert (again.cell, again.fetched_at, again.attribution) == (
        forecast.cell,
        forecast.fetched_at,
        forecast.attribution,
    )
    for one, other in zip(forecast.hours.temperature, again.hours.temperature, strict=True):
        assert one == pytest.approx(other, abs=0.051)
    for one, other in zip(forecast.hours.evapotranspiration, again.hours.evapotranspiration, strict=True):
        assert one == pytest.approx(other, abs=0.00051)


@pytest.mark.parametrize("value", [None, 7, {}, {"format": 1}, {"format": 1, "hours": 3, "series": "??"}])
def test_what_is_no_forecast_reads_as_none(value: object) -> None:
    assert decode(value) is None
