"""Several processes on one database, and processes that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.messages import Address, Outbound
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.messages import Messages
from tests.storage.conftest import Make
from tests.storage.processes import SUMMARY, new_id, now

ROOT = Path(__file__).resolve().parents[2]
LEASE = timedelta(seconds=60)
SECONDS = 120


@pytest.fixture
def messages(database: Database) -> Messages:
    """The store with the real time and real ids, as the other processes have."""
    return Messages(database, now, new_id)


@contextmanager
def process(role: str, url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of `tests.storage.processes`, killed at the end if it still runs."""
    command = [sys.executable, "-m", "tests.storage.processes", role, url, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def run_together(count: int, role: str, url: str, *arguments: str) -> None:
    """Runs a role in several processes; all must end well. `{}` becomes the process's number."""
    command = [sys.executable, "-m", "tests.storage.processes", role, url]
    started = [
        subprocess.Popen([*command, *(word.format(number) for word in arguments)], cwd=ROOT, stdout=subprocess.DEVNULL)
        for number in range(count)
    ]
    try:
        assert [one.wait(SECONDS) for one in started] == [0] * count
    finally:
        for one in started:
            one.kill()
            one.wait()


def wait_for(started: subprocess.Popen[str], word: str) -> None:
    """Reads until the process has said a word."""
    assert started.stdout is not None
    assert any(line.strip() == word for line in started.stdout)


def replies(messages: Messages, contacts: int) -> dict[str, list[str]]:
    """All replies by address, in order."""
    return {
        who: [row.outbound.text for row in messages.replies_for(Address("sms", who), limit=10_000)]
        for who in (f"+{number}" for number in range(contacts))
    }


def expected(contacts: int, count: int) -> dict[str, list[str]]:
    """One reply of two parts for each message, in order of arrival."""
    return {
        f"+{who}": [f"m{number}/{part}" for number in range(who, count, contacts) for part in "ab"]
        for who in range(contacts)
    }


def test_processes_record_answer_and_send_each_message_once(
    database_url: str, messages: Messages, contacts: Contacts, tmp_path: Path
) -> None:
    run_together(3, "record", database_url, "4", "60")
    assert messages.counts().inbox == {"received": 60}
    assert len(contacts.page(100)) == 4
    run_together(3, "answer", database_url, "worker-{}")
    assert replies(messages, 4) == expected(4, 60)
    gateway = tmp_path / "gateway"
    run_together(3, "send", database_url, "sender-{}", str(gateway))
    sent: dict[str, list[str]] = {}
    for line in gateway.read_text().splitlines():
        who, text, uncertain = line.split()
        sent.setdefault(who, []).append(text)
        assert uncertain == "False"
    assert sent == expected(4, 60)


@pytest.mark.parametrize("role", ["claim_and_hang", "complete_and_hang"])
def test_a_killed_worker_leaves_its_message_to_the_next(
    database_url: str, messages: Messages, inbound: Make, role: str
) -> None:
    messages.record(inbound())
    with process(role, database_url, "box:1") as started:
        wait_for(started, "hanging")
        started.send_signal(signal.SIGKILL)
        started.wait()
    assert messages.claim_inbound("box:2", LEASE) is None
    messages.release_claims("box:")
    claim = messages.claim_inbound("box:2", LEASE)
    assert claim is not None
    assert claim.attempt == 2
    messages.complete(claim, claim.contact, [Outbound(claim.contact.address, "only")], [], SUMMARY)
    assert [row.outbound.text for row in messages.replies_for(claim.contact.address)] == ["only"]


def test_a_killed_sender_leaves_an_uncertain_row(database_url: str, messages: Messages) -> None:
    messages.queue([Outbound(Address("sms", "a"), "text")])
    with process("send_and_hang", database_url, "box:1") as started:
        wait_for(started, "hanging")
        started.send_signal(signal.SIGKILL)
        started.wait()
    messages.release_claims("box:")
    (row,) = messages.claim_outbound("box:2", 1, LEASE, ["sms"])
    assert row.uncertain
    assert messages.counts().uncertain == 1


def test_killing_workers_again_and_again_loses_and_doubles_nothing(database_url: str, messages: Messages) -> None:
    run_together(1, "record", database_url, "5", "80")
    chance = random.Random(7)
    for life in range(6):
        with process("answer", database_url, f"box:{life}") as started:
            wait_for(started, "ready")
            time.sleep(chance.uniform(0.0, 0.12))
            started.send_signal(signal.SIGKILL)
            started.wait()
        messages.release_claims("box:")
    run_together(1, "answer", database_url, "box:last")
    assert replies(messages, 5) == expected(5, 80)


def test_killing_senders_again_and_again_loses_nothing_and_counts_what_may_be_doubled(
    database_url: str, messages: Messages, tmp_path: Path
) -> None:
    gateway = tmp_path / "gateway"
    messages.queue([Outbound(Address("sms", f"+{number % 9}"), f"t{number}") for number in range(90)])
    chance = random.Random(11)
    for life in range(5):
        with process("send", database_url, f"box:{life}", str(gateway)) as started:
            wait_for(started, "ready")
            time.sleep(chance.uniform(0.0, 0.12))
            started.send_signal(signal.SIGKILL)
            started.wait()
        messages.release_claims("box:")
    run_together(1, "send", database_url, "box:last", str(gateway))
    taken = Counter(line.split()[1] for line in gateway.read_text().splitlines())
    assert taken.keys() == {f"t{number}" for number in range(90)}
    doubled = sum(count - 1 for count in taken.values())
    # One write at a time goes to the gateway, so that a kill doubles at most one message.
    assert doubled <= 5
    assert doubled <= messages.counts().uncertain
    assert messages.counts().outbox == {"sent": 90}
