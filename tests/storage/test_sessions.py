"""Sessions on fakeredis and a real Redis, and without any."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta

import pytest

from bot.domain.errors import ConfigurationError, StorageError
from bot.domain.turns import Entities, Pending, Session
from bot.storage.redis import RedisConnection, connect
from bot.storage.sessions import Sessions, session_key
from tests.servers import redis_server

FULL = Session(
    question="धान में क्या लगा है?",
    topics=("pest", "disease"),
    entities=Entities(crops=("rice",), problems=("stem-borer",), excluded_crops=("wheat",)),
    pending=Pending.PART,
    choices=("leaf", "stem"),
    more=("दूसरा भाग", "तीसरा भाग"),
    card_id="rice/stem-borer",
    asked=1,
)


@pytest.fixture
def sessions(redis: RedisConnection) -> Sessions:
    """The store under test."""
    return Sessions(redis, timedelta(hours=12))


def test_a_session_comes_back_whole(sessions: Sessions) -> None:
    assert sessions.save("c1", FULL)
    assert sessions.load("c1") == FULL
    assert sessions.load("c2") == Session()


def test_a_turn_that_is_answered_again_finds_what_it_found_at_first(sessions: Sessions) -> None:
    before = Session(question="which crop?", pending=Pending.CROP)
    sessions.save("c1", FULL, turn=7, before=before)
    assert sessions.load("c1", turn=7) == before
    assert sessions.load("c1", turn=8) == FULL
    assert sessions.load("c1") == FULL


def test_a_session_ends_after_its_time(sessions: Sessions) -> None:
    sessions.save("c1", FULL)
    assert 43_100 < sessions.redis.client.ttl(session_key("c1")) <= 43_200


def test_clear_forgets(sessions: Sessions) -> None:
    sessions.save("c1", FULL)
    assert sessions.clear("c1")
    assert sessions.load("c1") == Session()


def test_lone_surrogates_do_not_hurt(sessions: Sessions) -> None:
    sessions.save("c1", Session(question="a\ud800b\x00"))
    assert sessions.load("c1").question == "a\ud800b\x00"


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{",
        "null",
        "[1]",
        '"text"',
        '{"format":1,"session":{"question":"old"}}',
        '{"format":2}',
        '{"format":2,"session":{"asked":"many"}}',
        '{"format":2,"session":{"pending":"no such thing"}}',
        '{"format":2,"session":[]}',
    ],
)
def test_what_cannot_be_read_is_empty(sessions: Sessions, stored: str) -> None:
    sessions.redis.client.set(session_key("c1"), stored)
    assert sessions.load("c1") == Session()


def test_fields_of_another_version_do_no_harm(sessions: Sessions) -> None:
    value = {"format": 2, "turn": 1, "session": {"question": "kept", "dropped_field": 5}}
    sessions.redis.client.set(session_key("c1"), json.dumps(value))
    assert sessions.load("c1") == Session(question="kept")


@pytest.mark.integration
def test_without_redis_the_session_is_empty_and_counted() -> None:
    missed: list[StorageError] = []
    with redis_server() as server, closing(connect(server.url)) as redis:
        sessions = Sessions(redis, timedelta(hours=1), missed.append)
        assert sessions.save("c1", FULL)
        server.stop()
        assert sessions.load("c1") == Session()
        assert not sessions.save("c1", FULL)
        assert not sessions.clear("c1")
        assert [error.retryable for error in missed] == [True] * 3
        with pytest.raises(StorageError):
            sessions.redis.ping()
        server.start()
        sessions.redis.ping()
        assert sessions.load("c1") == Session()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="KHETDOOT_REDIS_URL"):
        connect("http://localhost")


def test_embedded_servers_share_nothing() -> None:
    one, other = connect(""), connect("")
    assert one.embedded
    one.client.set("a", "1")
    assert other.client.get("a") is None
    one.close()
    other.close()
