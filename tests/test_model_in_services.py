"""How a running box tells of its model, reads cards ahead, and builds what the settings want."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.answering.engine import EngineState
from bot.answering.model import Model
from bot.answering.prompts import select_prefix
from bot.domain.messages import Address, Inbound
from bot.engines import build_model
from bot.metrics import Metrics
from bot.mind import Mind
from bot.scheduler import Scheduler
from bot.services import Services, build_services
from bot.settings import read_settings
from bot.storage.answers import Answers
from bot.storage.cache import Cache
from bot.storage.redis import connect
from tests.answering.fake_engine import FakeEngine, always
from tests.fakes import FakeClock


class Dying(FakeEngine):
    """Lives no more."""

    def state(self) -> EngineState:
        return EngineState.RESTARTING


@pytest.fixture
def services(tmp_path: Path, mind: Mind) -> Iterator[Services]:
    settings = read_settings(data_dir=tmp_path)
    built = build_services(settings, FakeClock(), Metrics(CollectorRegistry()), mind)
    yield built
    built.close()


def answer(services: Services, number: int, text: str) -> None:
    services.messages.record(Inbound(Address("web", f"farmer-{number}"), f"m{number}", text, services.clock()))
    claim = services.messages.claim_inbound("test", timedelta(minutes=1))
    assert claim
    services.thinker.answer(claim)


def gauge(services: Services) -> str:
    Scheduler(services, "one", asyncio.Event()).update_gauges()
    lines = generate_latest(services.metrics.registry).decode().splitlines()
    return next(line.split()[-1] for line in lines if line.startswith("khetdoot_model_ready "))


def test_what_is_told_of_the_model(services: Services) -> None:
    ready = replace(services, model=Model(FakeEngine(always("A"))))
    dying = replace(services, model=Model(Dying(always("A"))))
    assert [each.ready()["model"] for each in (services, ready, dying)] == [
        "none: answers come from cards",
        "fake-model: ready",
        "fake-model: restarting",
    ]
    assert [gauge(each) for each in (services, ready, dying)] == ["0.0", "1.0", "0.0"]


def test_cards_asked_most_are_read_ahead_the_first_of_them_first(services: Services) -> None:
    engine = FakeEngine(always("A"))
    services = replace(services, model=Model(engine))
    questions = ("my rice has stem borer", "wheat yellow rust on leaves", "my rice has stem borer", "STOP")
    for number, text in enumerate(questions):
        answer(services, number, text)
    Scheduler(services, "one", asyncio.Event()).warm_model()
    cards = services.mind.knowledge.cards
    # An engine begins with the last.
    assert engine.warmed == [select_prefix(cards["wheat/yellow-rust"]), select_prefix(cards["rice/stem-borer"])]


def test_nothing_is_read_ahead_without_a_model(services: Services) -> None:
    Scheduler(services, "one", asyncio.Event()).warm_model()


@pytest.mark.parametrize(
    ("settings", "reads", "writes", "waiting"),
    [
        ({}, {"en"}, set(), 1),
        ({"model_compose": True, "workers": 4}, {"en"}, {"en"}, 3),
        ({"model_name": "my-own", "model_compose": True, "workers": 1}, {"en"}, {"en"}, 1),
    ],
)
def test_models_by_their_settings(settings: dict[str, object], reads: set[str], writes: set[str], waiting: int) -> None:
    answers = Answers(Cache(connect(""), FakeClock()))
    built = build_model(read_settings(model_url="http://127.0.0.1:9", **settings), answers, lambda outcome: None)
    assert built
    assert (set(built.reads), set(built.writes), built.most_waiting) == (reads, writes, waiting)
    built.engine.close()


def test_phi_35_reads_and_writes_spanish_when_it_is_wanted() -> None:
    settings = read_settings(model_url="http://127.0.0.1:9", model_name="phi-3.5-mini", model_compose=True)
    built = build_model(settings, Answers(Cache(connect(""), FakeClock())), lambda outcome: None)
    assert built
    assert {"en", "es"} <= built.reads & built.writes
    assert "hi" not in built.writes
    built.engine.close()


def test_no_model_no_work() -> None:
    assert build_model(read_settings(), Answers(Cache(connect(""), FakeClock())), lambda outcome: None) is None
