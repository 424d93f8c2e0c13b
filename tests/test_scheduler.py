"""Scheduled jobs over a real SQLite file: once a day, by whichever scheduler comes first, caught up when late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.domain.errors import StorageError
from bot.domain.messages import Address, Inbound
from bot.metrics import Metrics
from bot.mind import Mind
from bot.scheduler import Scheduler
from bot.services import Services, build_services
from bot.settings import read_settings
from tests.fakes import FakeClock

LEASE = timedelta(minutes=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def services(tmp_path: Path, clock: FakeClock, mind: Mind) -> Iterator[Services]:
    settings = read_settings(data_dir=tmp_path, retention_days=30)
    built = build_services(settings, clock, Metrics(CollectorRegistry()), mind)
    yield built
    built.close()


def answer(services: Services, text: str) -> None:
    services.messages.record(Inbound(Address("web", "someone-who-wrote"), text, text, services.clock()))
    claim = services.messages.claim_inbound("test", LEASE)
    assert claim
    services.thinker.answer(claim)
    for row in services.messages.claim_outbound("test", 10, LEASE, ["web"]):
        services.messages.mark_sent(row.id)


def texts(services: Services) -> list[str]:
    return [turn.text for turn in services.messages.recent()]


def test_old_texts_are_erased_once_a_day(services: Services, clock: FakeClock) -> None:
    answer(services, "my rice has stem borer")
    first, second = (Scheduler(services, name, asyncio.Event()) for name in ("one", "two"))
    first.erase_old_texts()
    assert texts(services) == ["my rice has stem borer"]
    clock.advance(days=31)
    answer(services, "wheat has rust")
    first.erase_old_texts()
    assert texts(services) == ["wheat has rust", ""]
    clock.advance(hours=1)
    second.erase_old_texts()
    clock.advance(days=31)
    second.erase_old_texts()
    assert texts(services) == ["", ""]


def test_gauges_count_rows(services: Services) -> None:
    answer(services, "my rice has stem borer")
    Scheduler(services, "one", asyncio.Event()).update_gauges()
    assert b'khetdoot_rows{state="done",table="inbox"} 1.0' in generate_latest(services.metrics.registry)


def test_a_failing_job_is_counted_and_stops_nothing(services: Services) -> None:
    def broken() -> None:
        raise StorageError("database away")

    asyncio.run(Scheduler(services, "one", asyncio.Event()).guarded(broken))
    counted = generate_latest(services.metrics.registry)
    assert b'khetdoot_job_failures_total{job="broken"} 1.0' in counted


async def test_run_works_until_it_is_stopped(services: Services, clock: FakeClock) -> None:
    await asyncio.to_thread(answer, services, "my rice has stem borer")
    clock.advance(days=31)
    stopping = asyncio.Event()
    task = asyncio.create_task(Scheduler(services, "one", stopping).run())
    while texts(services) != [""]:
        await asyncio.sleep(0.05)
    stopping.set()
    await asyncio.wait_for(task, 10)
