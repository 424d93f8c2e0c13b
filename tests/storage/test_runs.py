"""Scheduled runs happen once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.storage.database import Database
from bot.storage.runs import Runs
from tests.storage.conftest import CountedIds, FrozenClock

LEASE = timedelta(minutes=5)


@pytest.fixture
def runs(database: Database, clock: FrozenClock, ids: CountedIds) -> Runs:
    """The store under test."""
    return Runs(database, clock, ids)


def test_a_finished_run_never_starts_again(runs: Runs, clock: FrozenClock) -> None:
    assert runs.start("alerts:06", "one", LEASE)
    assert not runs.start("alerts:06", "two", LEASE)
    assert runs.finish("alerts:06", "one")
    clock.move(days=1)
    assert not runs.start("alerts:06", "two", LEASE)
    assert runs.start("alerts:07", "two", LEASE)


def test_a_crashed_run_is_taken_over(runs: Runs, clock: FrozenClock) -> None:
    runs.start("a", "one", LEASE)
    clock.move(minutes=5)
    assert runs.start("a", "two", LEASE)
    assert not runs.finish("a", "one")
    assert runs.finish("a", "two")


def test_a_failed_run_may_start_at_once(runs: Runs) -> None:
    runs.start("a", "one", LEASE)
    assert runs.fail("a", "one")
    assert not runs.fail("a", "one")
    assert runs.start("a", "two", LEASE)
