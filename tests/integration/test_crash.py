"""`kill -9` of the whole program in the middle of its work: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import Backend
from tests.processes import free_port, running

MESSAGES = 200
QUESTIONS = ("my rice has stem borer", "मेरे धान में तना छेदक लग गया है", "naa vari lo kaanda toluchu purugu vachindi")


def post(port: int, number: int, until: float) -> None:
    """Sends one message as a browser would: again with the same id until it is told that it is recorded."""
    body = {"id": f"m{number}", "session": f"contact-number-{number:06}", "text": QUESTIONS[number % len(QUESTIONS)]}
    while time.monotonic() < until:
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/channels/web/receive", json=body, timeout=10)
            if answer.status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"message {number} was never taken")


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.1)


@pytest.mark.integration
def test_kill_while_messages_are_in_flight(tmp_path: Path, backend: Backend) -> None:
    port = free_port()
    until = time.monotonic() + 300
    with ThreadPoolExecutor(16) as pool:
        with running(tmp_path, port, **backend.settings) as first:
            sent = [pool.submit(post, port, number, until) for number in range(MESSAGES)]
            wait_for(lambda: backend.rows("select count(*) from inbox")[0][0] >= MESSAGES // 4, 120)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        done_before = backend.rows("select count(*) from inbox where state = 'done'")[0][0]
        with running(tmp_path, port, **backend.settings):
            for future in sent:
                future.result()
            unfinished = "select count(*) from inbox where state <> 'done'"
            wait_for(lambda: backend.rows(unfinished) == [(0,)], 240)
    assert done_before < MESSAGES, "the kill came too late to test anything"
    assert backend.rows("select count(*) from inbox") == [(MESSAGES,)]
    replies = "select i.external_id, count(o.id) from inbox i left join outbox o on o.inbox_id = i.id group by 1"
    assert {count for _, count in backend.rows(replies)} == {1}
    assert backend.rows("select count(*) from outbox") == [(MESSAGES,)]
