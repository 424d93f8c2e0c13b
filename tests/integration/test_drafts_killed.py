"""`kill -9` while an answer is being written before her eyes: it still comes, in the draft's place or after it."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.mind import Mind
from tests.model_server import ModelServer, model_server
from tests.processes import free_port, running
from tests.servers import RedisServer
from tests.telegram_server import TOKEN, TelegramServer

CARD = "rice/stem-borer"
FARMER = 77
SECONDS = 90


@pytest.fixture(params=["embedded", "redis"])
def redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a Redis that outlives the box; empty for the one inside it, which does not."""
    if request.param == "embedded":
        yield ""
        return
    server = RedisServer(tmp_path)
    server.start()
    yield server.url
    server.stop()


@pytest.mark.integration
def test_the_answer_comes_after_kill_9(tmp_path: Path, redis_url: str, mind: Mind) -> None:
    card = mind.knowledge.cards[CARD]
    steps = [card.texts["en"].steps[step.id] for step in card.steps]
    text = " ".join(steps)
    server, model = TelegramServer(), ModelServer(replies=deque([text]), holds_after=steps[1].split()[1])
    with server.running(), model_server(model):
        settings = {"telegram_token": TOKEN, "telegram_api_url": server.url, "redis_url": redis_url}
        settings |= {"model_url": model.url, "model_compose": "true"}
        with running(tmp_path, free_port(), **settings) as box:
            server.add_message("my rice has stem borer", FARMER)
            assert server.wait_until(lambda: len(server.history) == 1, SECONDS)
            wait_until_kept(redis_url)
            box.kill()
            box.wait()
        assert rows(tmp_path, "select count(*) from outbox") == [(0,)]
        model.going.set()
        with running(tmp_path, free_port(), **settings):
            assert server.wait_until(lambda: text in list(server.history.values())[-1][-1], SECONDS), server.history
    ((answer,),) = rows(tmp_path, "select text from outbox")
    assert [said[-1] for said in server.history.values()].count(answer) == 1
    assert len(server.history) == (1 if redis_url else 2)
    for said in server.history.values():
        assert all("…" in draft for draft in said if draft != answer)


def wait_until_kept(url: str) -> None:
    """Until a Redis knows of the draft; a safety limit, no measurement."""
    if not url:
        return
    until = time.monotonic() + SECONDS
    with Redis.from_url(url) as redis:
        while not redis.keys("khetdoot:cache:draft:*"):
            assert time.monotonic() < until, "the draft is not kept"
            time.sleep(0.02)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "khetdoot.db") as connection:
        return connection.execute(query).fetchall()
