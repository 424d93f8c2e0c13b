"""What a farmer gets when a model chose: authored steps, the rest with MORE, and the engine's name for `ask --json`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.answering.model import Model, build_selector
from bot.answering.select import Selector
from bot.ask import Asker
from bot.clients.forecasts import Forecasts
from bot.domain.errors import EngineCrashed
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.mind import Mind, Outside, build_mind
from bot.services import preview_channels
from bot.storage.answers import Answers
from bot.storage.cache import Cache
from bot.storage.redis import connect
from tests.answering.fake_engine import FakeEngine, always, failing
from tests.conftest import NOW, ROOT

QUESTION = "stem borer on the leaves of my rice in the nursery, what to do"
CARD = "rice/stem-borer"
STRANGE = "yellow leaves on my wheat after sowing with urea"


@dataclass
class Box:
    """A mind and the engine that its model is."""

    mind: Mind
    engine: FakeEngine

    def ask(self, text: str = QUESTION, channel: str = "web", contact: str = "", says: str = "C") -> dict[str, Any]:
        """The answer when the model says this; nothing is remembered of earlier ones unless by `contact`."""
        self.engine.says = always(says)
        return Asker(self.mind, dict(preview_channels()), NOW).ask(text, channel=channel, contact=contact)


@pytest.fixture(scope="module")
def box(locales: Locales, knowledge: Knowledge) -> Box:
    outside = Outside(Forecasts((), Cache(connect(""), lambda: NOW), lambda: NOW))
    engine = FakeEngine(always("C"))
    model = Model(engine)
    return Box(build_mind(locales, knowledge, ROOT / "knowledge", outside=outside, model=model), engine)


def step(box: Box, step_id: str, language: str = "en") -> str:
    return box.mind.knowledge.cards[CARD].texts[language].steps[step_id]


def test_chosen_steps_and_what_binds_are_sent(box: Box) -> None:
    answer = box.ask(says="C D")
    assert answer["engine"] == "fake-model"
    assert answer["steps"] == ["destroy-dead-shoots", "pheromone-traps", "ask-officer"]
    text = "\n".join(answer["parts"])
    assert f"1. {step(box, 'destroy-dead-shoots')}\n2. {step(box, 'pheromone-traps')}\n3. " in text
    assert step(box, "pull-test") not in text


def test_a_failing_or_babbling_model_changes_nothing(box: Box, mind: Mind) -> None:
    without = Asker(mind, dict(preview_channels()), NOW).ask(QUESTION, channel="web")
    babbling = box.ask(says="Spray 5 litres")
    box.engine.says = failing(EngineCrashed("x"))
    crashed = Asker(box.mind, dict(preview_channels()), NOW).ask(QUESTION, channel="web")
    for answer in (babbling, crashed):
        assert {**answer, "seconds": 0} == {**without, "seconds": 0}
        assert answer["engine"] == "cards"


def test_hindi_gets_hindi_steps_and_the_model_never_sees_hindi(box: Box) -> None:
    question = "मेरे धान की नर्सरी की पत्तियों में तना छेदक लग गया है, क्या करूं"
    answer = box.ask(question, says="C")
    assert (answer["language"], answer["engine"]) == ("hi", "fake-model")
    assert step(box, "destroy-dead-shoots", "hi") in "\n".join(answer["parts"])
    prompt, _ = box.engine.asked[-1]
    assert (prompt.prefix + prompt.rest).isascii()


def test_sms_has_the_chosen_steps_and_more_has_the_others(box: Box) -> None:
    asker = Asker(box.mind, dict(preview_channels()), NOW)
    box.engine.says = always("C")
    first = asker.ask(QUESTION, channel="sms", contact="a")
    assert step(box, "destroy-dead-shoots") in first["parts"][0]
    card = box.mind.knowledge.cards[CARD].texts["en"]
    rest = [asker.ask("MORE", channel="sms", contact="a")["parts"] for _ in range(7)]
    said = " ".join(part for parts in rest for part in parts)
    assert card.sms[:60] in said
    assert step(box, "pull-test")[:40] in said


def test_another_card(box: Box) -> None:
    question = "tell me about soil testing and soil health card"
    first = box.ask(question, says="Z")
    other = box.ask(question, says="card 2")
    assert (first["engine"], other["engine"]) == ("cards", "fake-model")
    assert first["cards"][0]["id"] == "schemes/soil-health-card"
    assert other["cards"][0]["id"] == "soil/testing-and-urea"
    card = box.mind.knowledge.cards["soil/testing-and-urea"]
    assert card.texts["en"].title in other["parts"][0]


def test_a_person_is_offered(box: Box) -> None:
    answer = box.ask("smut in wheat, black ears in gehun what to do", says="person")
    assert (answer["outcome"], answer["engine"]) == ("abstained", "fake-model")
    assert answer["parts"][0].startswith(box.mind.locales.text("no_card", "en"))


def test_simple_questions_emergencies_and_commands_ask_no_model(box: Box) -> None:
    box.engine.asked.clear()
    for text in ("my rice has stem borer", "snake bit my son", "STOP", "weather tomorrow", "help", "rice"):
        assert box.ask(text)["engine"] != "fake-model"
    assert box.engine.asked == []


def test_registered_texts_are_left_as_they_are(box: Box) -> None:
    advice = box.mind.pipeline.advice
    advice.fixed_sms = True
    try:
        assert box.ask(channel="sms")["engine"] == "cards"
        assert box.ask(channel="web")["engine"] == "fake-model"
    finally:
        advice.fixed_sms = False


def test_the_cache_is_named(box: Box) -> None:
    answers = Answers(Cache(connect(""), lambda: NOW))
    advice = box.mind.pipeline.advice
    selector = advice.selector
    advice.selector = build_selector(replace(Model(box.engine), answers=answers))
    try:
        assert isinstance(advice.selector, Selector)
        engines = [box.ask(STRANGE, says="A")["engine"], box.ask(STRANGE, says="B")["engine"]]
    finally:
        advice.selector = selector
    assert engines == ["fake-model", "cache"]
