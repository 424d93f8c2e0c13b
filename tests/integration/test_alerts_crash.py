"""`kill -9` in the middle of handing alerts over, in a transaction: each subscriber gets each alert, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.contacts import Place
from bot.domain.messages import Address, Inbound, Location
from bot.storage.alerts import Alerts, Evaluation
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.messages import Messages
from bot.storage.subscriptions import Subscriptions
from tests.integration.alert_processes import AFTER, PAGE, alert, new_id, now
from tests.integration.conftest import Backend
from tests.processes import ROOT, environment

CELLS, LARGE = 10, 200
"""Cells with some subscribers each, and one cell with many."""
EACH = 15


def start(role: str, database: str, folder: Path) -> subprocess.Popen[str]:
    """A process of tests.integration.alert_processes that is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.alert_processes", role, database],
        cwd=ROOT,
        env=environment(folder, 0),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def subscribe(database: Database, cell: int, count: int) -> None:
    """That many in a cell."""
    messages, contacts = Messages(database, now, new_id), Contacts(database, now, new_id)
    place = Place(f"Village {cell}", "IN-TN", Location((100 + cell) / 10, 78.0))
    inbounds = [
        Inbound(Address("sms", f"{cell}-{number}"), f"{cell}-{number}", "hello", now()) for number in range(count)
    ]
    messages.record_all(inbounds)
    for inbound in inbounds:
        contact = contacts.get_by_address(inbound.address)
        assert contact
        contacts.save(replace(contact, alerts=True, place=place, language="ta"), contact)


def raise_alerts(database: Database, numbers: range) -> None:
    """An alert in each cell."""
    moment = now()
    Subscriptions(database, now, new_id).follow_cells()
    found = [alert(number, moment) for number in numbers]
    Alerts(database, now, new_id).keep([Evaluation(one.area, {}, (one,)) for one in found], moment)


@pytest.mark.integration
@pytest.mark.parametrize("large", [False, True])
def test_kill_in_the_middle_of_a_dispatch(tmp_path: Path, backend: Backend, large: bool) -> None:
    database = Database(backend.database)
    database.migrate()
    sizes = {0: LARGE} if large else dict.fromkeys(range(CELLS), EACH)
    for cell, count in sizes.items():
        subscribe(database, cell, count)
    raise_alerts(database, range(len(sizes)))
    warnings = "select count(*) from outbox where purpose = 'alert'"
    victim = start("hang", backend.database, tmp_path)
    assert victim.stdout
    assert victim.stdout.readline() == "hanging\n"
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    ((before,),) = backend.rows(warnings)
    assert 0 < before < sum(sizes.values()), "the kill came too early or too late to test anything"
    assert before <= AFTER * PAGE

    heirs = [start("finish", backend.database, tmp_path) for _ in range(2)]
    done = [int(heir.communicate(timeout=120)[0]) for heir in heirs]
    assert sum(done) == sum(sizes.values()) - before
    assert backend.rows(warnings) == [(sum(sizes.values()),)]
    once = "select count(*) from outbox where purpose = 'alert' group by contact_id, reference"
    assert {number for (number,) in backend.rows(once)} == {1}
    assert backend.rows("select count(*) from alerts where done_at is null") == [(0,)]
    told = backend.rows("select sum(queued) from alerts")
    assert int(told[0][0]) == sum(sizes.values())
    database.close()
