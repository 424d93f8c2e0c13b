"""Calls within a process, between threads and tasks, and between processes over a real Redis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from bot.domain.errors import StorageError
from bot.storage.redis import RedisConnection, connect
from bot.storage.wakeup import Wakeup
from tests.servers import RedisServer, redis_server

LONG = 30.0
"""Seconds that no test waits for: a call ends the wait."""


@pytest.fixture
def wakeup(redis: RedisConnection) -> Iterator[Wakeup]:
    """One process's wake-up calls."""
    opened = Wakeup(redis)
    yield opened
    opened.close()


def test_without_a_call_it_times_out(wakeup: Wakeup) -> None:
    assert not wakeup.wait("inbound", 0.01)


def test_a_call_before_the_wait_is_not_lost_and_counts_once(wakeup: Wakeup) -> None:
    wakeup.notify("inbound")
    wakeup.notify("inbound")
    assert wakeup.wait("inbound", 0.01)
    assert not wakeup.wait("inbound", 0.01)
    assert not wakeup.wait("outbound", 0.01)


def test_a_call_wakes_all_threads(wakeup: Wakeup) -> None:
    woken: list[bool] = []
    threads = [threading.Thread(target=lambda: woken.append(wakeup.wait("inbound", LONG))) for _ in range(3)]
    for thread in threads:
        thread.start()
    wakeup.notify("inbound")
    for thread in threads:
        thread.join()
    assert woken == [True] * 3


async def test_tasks_wait_without_threads(wakeup: Wakeup) -> None:
    async def wait() -> bool:
        return await wakeup.wait_async("inbound", LONG)

    tasks = [asyncio.create_task(wait()) for _ in range(50)]
    await asyncio.sleep(0)
    before = threading.active_count()
    await asyncio.to_thread(wakeup.notify, "inbound")
    assert await asyncio.gather(*tasks) == [True] * 50
    assert before < 20
    assert not await wakeup.wait_async("outbound", 0.01)


async def test_a_task_finds_the_call_before_its_wait(wakeup: Wakeup) -> None:
    wakeup.notify("inbound")
    assert await wakeup.wait_async("inbound", LONG)
    assert not await wakeup.wait_async("inbound", 0.01)


async def test_a_cancelled_wait_leaves_the_line(wakeup: Wakeup) -> None:
    task = asyncio.create_task(wakeup.wait_async("inbound", LONG))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wakeup.waiting["inbound"] == []


def test_timed_out_waiters_leave_nothing_behind(wakeup: Wakeup) -> None:
    for _ in range(3):
        wakeup.wait("inbound", 0.001)
    assert wakeup.waiting["inbound"] == []


@pytest.mark.integration
def test_a_call_reaches_the_other_process(redis_process: RedisServer) -> None:
    connections = [connect(redis_process.url), connect(redis_process.url)]
    web, worker = (Wakeup(connection) for connection in connections)
    assert not worker.wait("inbound", 0.01)
    called = threading.Event()
    waiting = threading.Thread(target=lambda: called.set() if worker.wait("inbound", LONG) else None)
    waiting.start()
    # The worker's subscription may still be on its way.
    while not called.wait(0.05):
        web.notify("inbound")
    waiting.join()
    for wakeup, connection in zip((web, worker), connections, strict=True):
        wakeup.close()
        connection.close()


@pytest.mark.integration
def test_without_redis_calls_stay_in_the_process_and_come_back_with_it() -> None:
    missed: list[StorageError] = []
    with redis_server() as server:
        connections = [connect(server.url), connect(server.url)]
        wakeup, other = Wakeup(connections[0], missed.append), Wakeup(connections[1])
        wakeup.wait("inbound", 0.01)
        server.stop()
        wakeup.notify("inbound")
        assert wakeup.wait("inbound", LONG)
        assert missed
        server.start()
        called = threading.Event()
        waiting = threading.Thread(target=lambda: called.set() if wakeup.wait("inbound", LONG) else None)
        waiting.start()
        while not called.wait(0.1):
            other.notify("inbound")
        waiting.join()
        wakeup.close()
        other.close()
        for connection in connections:
            connection.close()
