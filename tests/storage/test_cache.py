"""Cached values, locks and rate limits, on fakeredis and a real Redis."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import StorageError
from bot.storage.cache import Cache, take_token
from bot.storage.redis import RedisConnection, connect
from tests.servers import redis_server
from tests.storage.conftest import FrozenClock

HOUR = timedelta(hours=1)


@pytest.fixture
def cache(redis: RedisConnection, clock: FrozenClock) -> Cache:
    """The cache under test."""
    return Cache(redis, clock)


def test_values_come_back(cache: Cache) -> None:
    value = {"hours": [1, 2.5, None], "place": "लखनऊ"}
    assert cache.set("forecast:26.8,80.9", value, HOUR)
    assert cache.get("forecast:26.8,80.9") == value
    assert cache.get("forecast:other") is None


def test_values_end(cache: Cache) -> None:
    cache.set("a", 1, HOUR)
    cache.set("b", 1, timedelta(milliseconds=1500))
    remaining = [cache.redis.client.pttl(f"khetdoot:cache:{key}") for key in "ab"]
    assert remaining[0] > 3_500_000
    assert 0 < remaining[1] <= 1500


def test_an_unreadable_value_is_missing(cache: Cache) -> None:
    cache.redis.client.set("khetdoot:cache:a", "{broken")
    assert cache.get("a") is None


def test_once_is_true_once(cache: Cache) -> None:
    assert cache.once("scheduler", HOUR)
    assert not cache.once("scheduler", HOUR)
    assert cache.once("other", HOUR)


def test_a_bucket_lets_a_burst_through_and_then_the_rate(cache: Cache, clock: FrozenClock) -> None:
    assert [cache.allow("kannel", 2.0, 3.0) for _ in range(4)] == [True, True, True, False]
    assert cache.seconds_until_allowed("kannel", 2.0, 3.0) == pytest.approx(0.5)
    clock.move(seconds=0.5)
    assert [cache.allow("kannel", 2.0, 3.0) for _ in range(2)] == [True, False]
    assert cache.allow("twilio", 2.0, 3.0)
    clock.move(hours=1)
    assert [cache.allow("kannel", 2.0, 3.0) for _ in range(4)] == [True, True, True, False]


def test_threads_together_get_no_more_than_the_burst(cache: Cache) -> None:
    allowed: list[bool] = []

    def take_some() -> None:
        allowed.extend(cache.allow("shared", 0.001, 20.0) for _ in range(10))

    threads = [threading.Thread(target=take_some) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(allowed), sum(allowed)) == (60, 20)


@given(st.floats(0.01, 1000), st.floats(1, 100), st.lists(st.floats(-5, 60), max_size=60))
def test_no_bucket_gives_more_than_burst_and_rate(rate: float, burst: float, pauses: list[float]) -> None:
    bucket, now, taken, latest = None, 1_750_000_000.0, 0, 1_750_000_000.0
    for pause in pauses:
        now += pause
        latest = max(latest, now)
        bucket, wait = take_token(bucket, now, rate, burst)
        taken += wait == 0.0
        assert wait >= 0.0
    assert taken <= burst + (latest - 1_750_000_000.0) * rate + 1e-3


@pytest.mark.integration
def test_without_redis_values_are_missing_and_limits_hold_in_the_process(clock: FrozenClock) -> None:
    missed: list[StorageError] = []
    with redis_server() as server, closing(connect(server.url)) as redis:
        cache = Cache(redis, clock, missed.append)
        assert cache.set("a", 1, HOUR)
        server.stop()
        assert cache.get("a") is None
        assert not cache.set("a", 1, HOUR)
        assert [cache.allow("kannel", 1.0, 2.0) for _ in range(3)] == [True, True, False]
        with pytest.raises(StorageError) as caught:
            cache.once("a", HOUR)
        assert caught.value.retryable
        assert len(missed) == 5
        server.start()
        assert cache.set("a", 1, HOUR)
