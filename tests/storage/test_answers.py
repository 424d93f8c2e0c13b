"""What a model chose is kept for a season, and nothing of what a farmer wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.storage.answers import SEASON, Answers
from bot.storage.cache import Cache
from bot.storage.redis import RedisConnection, connect
from tests.storage.conftest import FrozenClock


@pytest.fixture
def answers(redis: RedisConnection, clock: FrozenClock) -> Answers:
    """The answers under test."""
    return Answers(Cache(redis, clock))


def test_replies_come_back(answers: Answers) -> None:
    answers.keep("ab12", "A C")
    assert answers.get("ab12") == "A C"
    assert answers.get("ab13") is None


def test_replies_end_after_a_season(answers: Answers) -> None:
    answers.keep("ab12", "A C")
    left = answers.cache.redis.client.pttl("khetdoot:cache:answer:ab12")
    assert SEASON - timedelta(minutes=1) < timedelta(milliseconds=int(left)) <= SEASON


def test_what_is_no_reply_is_none(answers: Answers) -> None:
    answers.cache.set("answer:ab12", ["A"], SEASON)
    assert answers.get("ab12") is None


def test_without_redis_nothing_is_kept_and_nothing_fails(clock: FrozenClock) -> None:
    answers = Answers(Cache(connect("redis://127.0.0.1:9/0"), clock))
    answers.keep("ab12", "A")
    assert answers.get("ab12") is None
