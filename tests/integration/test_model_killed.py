"""`kill -9` of the model's process every two seconds: every farmer gets her answer in time, all of it authored."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import threading
import time
from contextlib import suppress
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.knowledge import Knowledge
from bot.locales import Locales
from tests.phi3_model import tiny_model
from tests.processes import free_port, running

QUESTIONS = [
    f"{problem} on the {part} of my {crop} at {stage}, what to do"
    for (problem, crop), part, stage in product(
        (("stem borer", "rice"), ("fall armyworm", "maize"), ("whitefly", "cotton"), ("leaf curl", "chilli"),
         ("late blight", "potato"), ("aphids", "mustard"), ("termites", "sugarcane")),
        ("leaf", "stem", "root", "flower"),
        ("nursery", "flowering", "sowing", "harvest"),
    )
][:100]  # fmt: skip
MODEL_SECONDS = 3.0
DEADLINE = 12.0
"""Seconds for a whole turn, with a model that takes up all of its own, on a machine that does other work as well."""
PAUSE = 2.0
PACE = 0.3
"""Seconds between questions at the least: on a quick machine all would be answered before the third kill."""


def model_process(server: int) -> int | None:
    """The process id of the server's own model process, if it lives."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server and b"bot.answering.local" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
    return None


def keep_killing(server: int, done: threading.Event, killed: list[int]) -> None:
    while not done.wait(PAUSE):
        if victim := model_process(server):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)


def ask(client: httpx.Client, number: int, text: str) -> None:
    body = {"id": f"m{number}", "session": f"contact-number-{number:06}", "text": text}
    assert client.post("/channels/web/receive", json=body).status_code == 200


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(database, timeout=30) as connection:
        return connection.execute(query).fetchall()


def wait_until_answered(database: Path, count: int) -> None:
    until = time.monotonic() + 60
    while rows(database, "select count(*) from inbox where state = 'done'") != [(count,)]:
        assert time.monotonic() < until, f"question {count} was not answered"
        time.sleep(0.02)


def authored_lines(locales: Locales, knowledge: Knowledge) -> set[str]:
    """All that may stand in a line of an answer in English, without numbers of steps and headings."""
    cards = [card.texts["en"] for card in knowledge.cards.values()]
    said = {line for text in cards for line in (text.title, text.look, text.avoid, text.call, *text.steps.values())}
    return said | set(locales.messages["en"].values()) | {f"{locales.messages['en']['answer.steps']}:"}


@pytest.mark.integration
@pytest.mark.model
def test_a_model_killed_every_two_seconds_costs_no_answer(
    tmp_path: Path, locales: Locales, knowledge: Knowledge
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed: no model process")
    port, database = free_port(), tmp_path / "khetdoot.db"
    settings = {"model_path": str(tiny_model()), "model_seconds": str(MODEL_SECONDS)}
    killed: list[int] = []
    done = threading.Event()
    with (
        running(tmp_path, port, **settings) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        killer = threading.Thread(target=keep_killing, args=(server.pid, done, killed))
        killer.start()
        try:
            began = time.monotonic()
            for number, question in enumerate(QUESTIONS, start=1):
                time.sleep(max(0.0, began + number * PACE - time.monotonic()))
                ask(client, number, question)
                wait_until_answered(database, number)
        finally:
            done.set()
            killer.join()
        metrics = client.get("/metrics").text
        assert client.get("/readyz").status_code == 200
    times = rows(database, "select recorded_at, done_at from inbox")
    spent = [seconds_between(*row) for row in times]
    answers = rows(database, "select text from outbox")
    outcomes = dict(re.findall(r'khetdoot_model_answers_total\{outcome="(\w+)"\} (\d+)', metrics))
    print(f"kills {len(killed)}, slowest {max(spent):.1f} s, outcomes {outcomes}")
    assert len(answers) == len(QUESTIONS) == 100
    assert max(spent) < DEADLINE
    assert len(set(killed)) >= 3
    assert outcomes.keys() & {"EngineCrashed", "EngineUnavailable", "EngineTimeout"}
    assert not_authored([text for (text,) in answers], authored_lines(locales, knowledge)) == []


def seconds_between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def not_authored(answers: list[str], authored: set[str]) -> list[str]:
    """Lines that no reviewer has read."""
    lines = {line for text in answers for line in text.splitlines() if line.strip()}
    bare = {re.sub(r"^(\d+\. |[A-Z][A-Za-z ]+: )", "", line) for line in lines if line not in authored}
    return sorted(bare - authored)
