"""`kill -9` at random points while SMS go out through a real Kannel: none lost, none twice, STOP never broken."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.segments import split
from bot.domain.messages import Address, Outbound, Purpose
from bot.services import new_id
from bot.storage.database import Database
from bot.storage.messages import Messages
from tests.kannel_server import KannelServer, kannel_server, wait_for
from tests.processes import free_port, running

STOPPERS = 5
"""Contacts who write STOP in the middle; they are last in line, with several messages each."""
MESSAGES_OF_A_STOPPER = 3


def phone(number: int) -> str:
    return f"+9198765{number:05}"


def text_of(number: int) -> str:
    """Every fifth message takes two parts."""
    if number % 5:
        return f"Message {number:04}: look at the rice today."
    return f"संदेश {number:04}: आज धान के खेत को देखें, तने की सूखी गोभ खींचकर नष्ट करें और अंडों के गुच्छे चुन लें।"


def fill_outbox(folder: Path, messages: int) -> None:
    """One message for each contact, then those for who will stop."""
    database = Database(f"sqlite:///{folder / 'khetdoot.db'}")
    database.migrate()
    store = Messages(database, lambda: datetime.now(UTC), new_id)
    stoppers = [messages + stopper for stopper in range(STOPPERS) for _ in range(MESSAGES_OF_A_STOPPER)]
    numbered = [*enumerate(range(messages)), *enumerate(stoppers, start=messages)]
    store.queue([Outbound(Address("sms", phone(to)), text_of(n), purpose=Purpose.BROADCAST) for n, to in numbered])
    database.close()


def rows(folder: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "khetdoot.db", timeout=30)) as connection:
        return connection.execute(query, values).fetchall()


def number_in(folder: Path, query: str, *values: str) -> int:
    return int(str(rows(folder, query, *values)[0][0]))


def stop_all(server: KannelServer, folder: Path, phones: Sequence[str]) -> dict[str, int]:
    """They write STOP; how many SMS each had got when that was confirmed and what was in flight was down."""
    for number in phones:
        server.send(number, "STOP")
    stopped = "select count(*) from contacts where consent = 'stopped'"
    wait_for(lambda: number_in(folder, stopped) == len(phones), "STOP to be obeyed", 60)
    confirmed = "select count(*) from outbox where purpose = 'farewell' and state = 'delivered'"
    wait_for(lambda: number_in(folder, confirmed) == len(phones), "STOP to be confirmed", 60)
    under_way = "select count(*) from outbox where state in ('sending', 'sent') and address >= ?"
    wait_for(lambda: not number_in(folder, under_way, min(phones)), "the last in flight", 60)
    return {number: len(server.received(number)) for number in phones}


def check_that_none_is_lost_or_doubled(server: KannelServer, folder: Path, messages: int) -> None:
    """Compares what phones got with the outbox."""
    got = Counter((sms.to, sms.text) for sms in server.received())
    wanted = Counter((phone(n), part) for n in range(messages) for part in split(text_of(n)))
    assert wanted - got == Counter(), "lost"
    doubled = {key: count for key, count in (got - wanted).items() if int(key[0][-5:]) < messages}
    uncertain = number_in(folder, "select count(*) from outbox where uncertain > 0")
    print(
        f"{sum(wanted.values())} parts, {len(doubled)} doubled, {uncertain} of {messages} messages uncertain on the way"
    )
    assert doubled == {}
    states = rows(folder, "select distinct state from outbox where address < ?", phone(messages))
    assert states == [("delivered",)]


def crash_again_and_again(folder: Path, *, kills: int, messages: int, rate: int, seed: int) -> None:
    """The whole story; `rate` is SMS a second."""
    chance, port, stoppers = random.Random(seed), free_port(), [phone(messages + n) for n in range(STOPPERS)]
    span = messages / rate / kills
    fill_outbox(folder, messages)
    with kannel_server(port) as server:
        settings = server.settings | {"kannel_rate": str(rate), "quiet_from": "00:00", "quiet_until": "00:00"}
        had: dict[str, int] = {}
        for life in range(kills):
            with running(folder, port, **settings) as process:
                if life == kills // 2:
                    had = stop_all(server, folder, stoppers)
                time.sleep(chance.uniform(0, 1.5 * span))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        left = number_in(folder, "select count(*) from outbox where state = 'queued'")
        unfinished = "select count(*) from outbox where state in ('queued', 'sending', 'sent')"
        with running(folder, port, **settings):
            wait_for(lambda: number_in(folder, unfinished) == 0, "the outbox to empty", 300)
            print(f"{kills} kills, {left} messages were left for the last life")
            assert had
            check_that_none_is_lost_or_doubled(server, folder, messages)
            assert {number: len(server.received(number)) for number in stoppers} == had, "an SMS after STOP"
            farewells = rows(folder, "select count(*) from outbox where purpose = 'farewell' and state = 'delivered'")
            assert farewells == [(STOPPERS,)]


@pytest.mark.integration
def test_three_kills(tmp_path: Path) -> None:
    crash_again_and_again(tmp_path, kills=3, messages=90, rate=20, seed=4)


@pytest.mark.slow
def test_twenty_kills(tmp_path: Path) -> None:
    crash_again_and_again(tmp_path, kills=20, messages=500, rate=20, seed=20)
