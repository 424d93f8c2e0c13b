"""Free text goes out in languages that the model writes, when the guard lets it; else the authored steps do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.answering.compose import Composer
from bot.answering.engine import Prompt
from bot.answering.model import Model, build_composer
from bot.domain.cards import Card, Step
from bot.domain.errors import EngineCrashed, EngineTimeout
from bot.domain.turns import DetectedLanguage, Intent, Understanding
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.understanding.language import LanguageDetector
from tests.answering.fake_engine import FakeEngine, Says, WritingEngine, always, failing

ASKED = Understanding("worms in maize", DetectedLanguage("en", "Latn", 0.9), Intent.ASK_ADVICE)
Built = Callable[[Says], tuple[Composer, list[str]]]


@pytest.fixture(scope="module")
def built(locales: Locales, knowledge: Knowledge) -> Built:
    detector = LanguageDetector.load(locales.path / "models")

    def build(says: Says) -> tuple[Composer, list[str]]:
        told: list[str] = []
        model = Model(FakeEngine(says), writes=frozenset({"en", "de"}), on_outcome=told.append)
        composer = build_composer(model, locales, knowledge, lambda: detector.detect)
        assert composer
        return composer, told

    return build


@pytest.fixture
def card(knowledge: Knowledge) -> Card:
    return knowledge.cards["maize/fall-armyworm"]


@pytest.fixture
def steps(card: Card) -> tuple[Step, ...]:
    return tuple(step for step in card.steps if step.id in ("crush-eggs", "lure-traps", "ask-officer"))


def honest(card: Card, steps: tuple[Step, ...]) -> str:
    return " ".join(card.texts["en"].steps[step.id] for step in steps)


def test_honest_sentences_go_out(built: Built, card: Card, steps: tuple[Step, ...]) -> None:
    said = honest(card, steps)
    composer, told = built(always(f" {said}\n"))
    assert composer.compose(card, steps, ASKED, "en") == said
    assert told == ["composed"]
    assert isinstance(composer.engine, FakeEngine)
    ((prompt, grammar),) = composer.engine.asked
    assert grammar is None
    assert prompt.rest.endswith("Explain steps B D G in English, nothing else.<|end|>\n<|assistant|>\n")
    assert '"worms in maize"' in prompt.rest


@pytest.mark.parametrize(
    ("twist", "outcome"),
    [
        (lambda text: text.replace("5", "50"), "guarded_ungrounded"),
        (lambda text: text + " Spray endosulfan.", "guarded_restricted"),
        (lambda text: text + "<|end|>", "guarded_sign"),
        (lambda text: "", "guarded_length"),
    ],
)
def test_others_do_not(
    built: Built, card: Card, steps: tuple[Step, ...], twist: Callable[[str], str], outcome: str
) -> None:
    composer, told = built(always(twist(honest(card, steps))))
    assert composer.compose(card, steps, ASKED, "en") is None
    assert told == [outcome]


def test_only_languages_that_it_writes_and_we_speak(built: Built, card: Card, steps: tuple[Step, ...]) -> None:
    composer, told = built(always(honest(card, steps)))
    assert composer.writes == {"en": "English"}
    assert composer.compose(card, steps, ASKED, "hi") is None
    assert composer.compose(card, steps, ASKED, "de") is None
    assert told == []


def test_an_emergency_is_not_told_in_a_models_words(built: Built, knowledge: Knowledge) -> None:
    card = knowledge.cards["emergency/snake-bite"]
    composer, told = built(always(honest(card, card.steps)))
    assert composer.compose(card, card.steps, ASKED, "en") is None
    assert told == []


def test_errors_leave_it_to_the_card(built: Built, card: Card, steps: tuple[Step, ...]) -> None:
    composer, told = built(failing(EngineTimeout("x")))
    assert [composer.compose(card, steps, ASKED, "en") for _ in "ab"] == [None, None]
    assert told == ["EngineTimeout"] * 2


def test_one_at_a_time(built: Built, card: Card, steps: tuple[Step, ...]) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(prompt: Prompt, grammar: str | None) -> str:
        entered.set()
        assert leave.wait(20)
        return honest(card, steps)

    composer, told = built(slow)
    first = threading.Thread(target=composer.compose, args=(card, steps, ASKED, "en"))
    first.start()
    assert entered.wait(20)
    assert composer.compose(card, steps, ASKED, "en") is None
    leave.set()
    first.join(20)
    assert told == ["full", "composed"]


def test_no_language_no_composer(locales: Locales, knowledge: Knowledge) -> None:
    def never() -> Callable[[str], DetectedLanguage]:
        raise AssertionError("nothing to detect")

    assert build_composer(Model(FakeEngine(always(""))), locales, knowledge, never) is None
    german = Model(FakeEngine(always("")), writes=frozenset({"de"}))
    assert build_composer(german, locales, knowledge, never) is None


@pytest.fixture
def writing(built: Built) -> Callable[..., tuple[Composer, list[str]]]:
    def write(*pieces: str | Exception) -> tuple[Composer, list[str]]:
        composer, told = built(always(""))
        return replace(composer, engine=WritingEngine(always(""), pieces=pieces)), told

    return write


def test_complete_sentences_are_shown_as_they_come(
    writing: Callable[..., tuple[Composer, list[str]]], card: Card, steps: tuple[Step, ...]
) -> None:
    said = honest(card, steps)
    composer, told = writing(" ", *said, " ")
    seen: list[str] = []
    assert composer.compose(card, steps, ASKED, "en", seen.append) == said
    first, second, _ = (card.texts["en"].steps[step.id] for step in steps)
    assert [seen[0], seen[1]] == [first, f"{first} {second}"]
    assert seen[-1] == said
    assert told == ["composed"]


@pytest.mark.parametrize(
    ("lie", "outcome"),
    [
        ("Hang 50 traps in each acre. ", "guarded_ungrounded"),
        ("Spray endosulfan.\n", "guarded_restricted"),
        ("<|user|> Hang them. ", "guarded_sign"),
        (EngineCrashed("x"), "EngineCrashed"),
    ],
)
def test_nothing_is_shown_from_a_lie_on(
    writing: Callable[..., tuple[Composer, list[str]]],
    card: Card,
    steps: tuple[Step, ...],
    lie: str | Exception,
    outcome: str,
) -> None:
    first, second, third = (f"{card.texts['en'].steps[step.id]} " for step in steps)
    composer, told = writing(first, second, lie, third)
    seen: list[str] = []
    assert composer.compose(card, steps, ASKED, "en", seen.append) is None
    assert seen == [first.strip(), f"{first}{second}".strip()]
    assert told == [outcome]
    assert isinstance(composer.engine, WritingEngine)
    assert composer.engine.told == 3, "the rest is not waited for"


def test_a_half_told_text_is_shown_but_does_not_go_out(
    writing: Callable[..., tuple[Composer, list[str]]], card: Card, steps: tuple[Step, ...]
) -> None:
    first = card.texts["en"].steps[steps[0].id]
    composer, told = writing(f"{first} ")
    seen: list[str] = []
    assert composer.compose(card, steps, ASKED, "en", seen.append) is None
    assert seen == [first]
    assert told == ["guarded_incomplete"]
