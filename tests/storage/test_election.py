"""One leader at a time; another takes over when its term ends or it resigns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import StorageError
from bot.storage.election import Election
from bot.storage.redis import RedisConnection, connect


def test_one_leads_until_it_resigns(redis: RedisConnection) -> None:
    office = Election(redis, "alerts", timedelta(seconds=60))
    assert office.hold("a")
    assert not office.hold("b")
    assert office.hold("a")
    office.resign("b")
    assert not office.hold("b")
    office.resign("a")
    assert office.hold("b")
    assert not office.hold("a")


def test_a_term_that_is_not_renewed_ends(redis: RedisConnection) -> None:
    assert Election(redis, "alerts", timedelta(milliseconds=1)).hold("dead")
    office = Election(redis, "alerts", timedelta(seconds=60))
    while not office.hold("alive"):
        pass
    assert not office.hold("dead")


def test_without_redis_there_is_no_answer() -> None:
    with pytest.raises(StorageError):
        Election(connect("redis://127.0.0.1:1/0"), "alerts", timedelta(seconds=1)).hold("a")
