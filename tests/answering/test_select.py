"""The grammar says what may be chosen, parsing takes nothing else, and whatever goes wrong the card answers."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest

from bot.answering.decide import Decision, Move
from bot.answering.engine import Prompt
from bot.answering.gbnf import pattern
from bot.answering.prompts import Gloss
from bot.answering.select import (
    CROP,
    PERSON,
    PROBLEM,
    Case,
    Selector,
    case_of,
    grammar_of,
    key_of,
    parse,
)
from bot.domain.cards import Card, Hit, StepKind
from bot.domain.errors import (
    EngineBusy,
    EngineCrashed,
    EngineError,
    EngineRefused,
    EngineTimeout,
    EngineUnavailable,
    PromptTooLong,
)
from bot.domain.turns import DetectedLanguage, Entities, Intent, Understanding
from bot.knowledge import Knowledge
from tests.answering.fake_engine import FakeEngine, always, failing

READS = frozenset({"en"})


class Kept(dict[str, str]):
    """Answers in a dict."""

    def keep(self, key: str, said: str) -> None:
        self[key] = said


@pytest.fixture
def card(knowledge: Knowledge) -> Card:
    return knowledge.cards["maize/fall-armyworm"]


@pytest.fixture
def case(card: Card, knowledge: Knowledge) -> Case:
    """Steps A-D and G (to ask the officer), one rival, all other replies."""
    steps = tuple(step for step in card.steps if step.id not in ("trichogramma-cards", "clear-stubble", "next-season"))
    rival = Hit(knowledge.cards["maize/striga"], 0.7, "maize", "weed")
    return Case(Hit(card, 0.75, "maize", "pest"), Gloss(("maize",), "pest"), steps, (rival,), (CROP, PROBLEM, PERSON))


def test_steps_by_their_letters(case: Case) -> None:
    assert case.letters == {"A": "scout-whorls", "B": "crush-eggs", "C": "sand-in-whorl", "D": "lure-traps"}


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ("A", ("scout-whorls", "ask-officer")),
        (" B D", ("crush-eggs", "lure-traps", "ask-officer")),
        ("A B C\n", ("scout-whorls", "crush-eggs", "sand-in-whorl", "ask-officer")),
    ],
)
def test_chosen_steps_keep_what_binds(case: Case, said: str, steps: tuple[str, ...]) -> None:
    decision = parse(said, case)
    assert decision
    assert decision.move is Move.ANSWER
    assert decision.hit is case.hit
    assert decision.steps == steps


def test_other_replies(case: Case) -> None:
    assert parse("card 2", case) == Decision(Move.ANSWER, case.rivals[0])
    assert parse("ask crop", case) == Decision(Move.ASK_CROP, crops=("maize", "sorghum"))
    assert parse("ask problem", case) == Decision(Move.ASK_PROBLEM)
    assert parse("person", case) == Decision(Move.NO_CARD)


@pytest.mark.parametrize(
    "said",
    ["", "E", "G", "B A", "A A", "A,B", "AB", "a b", "A B.", "card 1", "card 3", "card 22", "ask part",
     "person ask crop", "use 5 kg", "A 5", "steps A", "А", "A  B", "A\nB", "<|end|>"],
)  # fmt: skip
def test_nothing_else_is_taken(case: Case, said: str) -> None:
    assert parse(said, case) is None


def test_replies_that_make_no_sense_are_not_taken(case: Case) -> None:
    bare = replace(case, rivals=(), others=())
    assert [parse(said, bare) for said in ("card 2", "ask crop", "ask problem", "person")] == [None] * 4


def test_grammar(case: Case) -> None:
    assert grammar_of(replace(case, steps=case.steps[:2])) == (
        'root ::= " "? (a-1 | b-1 | "card 2" | "ask crop" | "ask problem" | "person")\n'
        'a-0 ::= "A"\n'
        'b-0 ::= "B"\n'
        'a-1 ::= "A" (" " (b-0))?\n'
        'b-1 ::= "B"\n'
    )


def test_a_selection_has_three_steps_at_most(case: Case) -> None:
    assert len(case.letters) > 3
    allowed = pattern(grammar_of(case))
    assert allowed
    for said in ("A", "A B", " A C", "A B C", "B C D", "card 2"):
        assert re.fullmatch(allowed, said), said
    for said in ("A B C D", "B A", "A A", "A  B", "card 3", "A,B", ""):
        assert not re.fullmatch(allowed, said), said
    assert parse("A B C", case)
    assert parse("A B C D", case) is None


def test_cases_are_only_what_a_model_can_help_with(card: Card, knowledge: Knowledge) -> None:
    hit = Hit(card, 0.8, "maize", "pest")
    rival = Hit(knowledge.cards["maize/striga"], 0.75, "maize", "weed")
    far, foreign = replace(rival, score=0.5), replace(rival, crop="sorghum")
    plain, detailed = understood(), understood(parts=("leaf",))
    assert of(plain, hit, [hit]) is None
    assert of(plain, hit, [hit, far, foreign]) is None
    assert of(detailed, hit, [hit], steps=2) is None
    near = of(plain, hit, [hit, rival])
    assert near is not None
    assert near.rivals == (rival,)
    assert of(detailed, hit, [hit]) is not None
    assert of(replace(plain, text="a word and " * 4), hit, [hit]) is not None
    assert of(replace(plain, text="a word and " * 4, language=DetectedLanguage("sw", "Latn", 1)), hit, [hit]) is None


def test_a_card_for_an_emergency_is_no_case(knowledge: Knowledge) -> None:
    card = knowledge.cards["emergency/snake-bite"]
    hit = Hit(card, 0.8, None, "emergency")
    assert case_of(understood(parts=("leaf",)), hit, [hit], card.steps, reads=READS) is None


def test_what_may_be_said_beside_steps(card: Card, knowledge: Knowledge) -> None:
    weak, sure = Hit(card, 0.25, "maize", "pest"), Hit(card, 0.8, "maize", "pest")
    detailed = understood(parts=("leaf",))
    nothing_named = replace(detailed, entities=Entities(parts=("leaf",)))
    assert others(detailed, weak) == (PERSON,)
    assert others(detailed, sure) == ()
    assert others(replace(detailed, entities=Entities(crops=("maize",), parts=("leaf",))), weak) == (PROBLEM, PERSON)
    assert others(nothing_named, sure) == (CROP,)
    assert others(nothing_named, sure, may_ask=False) == ()


def test_the_model_decides_and_is_named(case: Case) -> None:
    told: list[str] = []
    selector = Selector(FakeEngine(always(" B")), reads=READS, seconds=1, on_outcome=told.append)
    decision = selector.select(case)
    assert decision
    assert (decision.engine, decision.steps) == ("fake-model", ("crush-eggs", "ask-officer"))
    assert told == ["selected"]


@pytest.mark.parametrize(
    "error", [EngineBusy, EngineTimeout, EngineCrashed, EngineUnavailable, EngineRefused, PromptTooLong]
)
def test_errors_leave_it_to_the_card(case: Case, error: type[EngineError]) -> None:
    told: list[str] = []
    kept = Kept()
    engine = FakeEngine(failing(error("x")))
    selector = Selector(engine, reads=READS, seconds=1, answers=kept, on_outcome=told.append)
    assert [selector.select(case), selector.select(case)] == [None, None]
    assert told == [error.__name__] * 2
    assert kept == {}


def test_nonsense_leaves_it_to_the_card_and_is_not_kept(case: Case) -> None:
    told: list[str] = []
    kept = Kept()
    engine = FakeEngine(always("Spray 500 ml of monocrotophos"))
    assert Selector(engine, reads=READS, seconds=1, answers=kept, on_outcome=told.append).select(case) is None
    assert (told, kept) == (["unusable"], {})


def test_the_same_question_costs_the_model_once(case: Case) -> None:
    told: list[str] = []
    kept = Kept()
    engine = FakeEngine(always("C"))
    selector = Selector(engine, reads=READS, seconds=1, answers=kept, on_outcome=told.append)
    first, second = selector.select(case), selector.select(case)
    assert first
    assert second == first.by("cache")
    assert len(engine.asked) == 1
    assert told == ["selected", "cache"]
    ((key, said),) = kept.items()
    assert (len(key), said) == (64, "C")


def test_replies_are_kept_under_the_weights_that_gave_them(case: Case) -> None:
    kept = Kept()
    engine = FakeEngine(always("C"), fingerprint="not known yet")

    def greeted(prompt: Prompt, grammar: str | None) -> str:
        engine.fingerprint = "weights-7"
        return "C"

    engine.says = greeted
    Selector(engine, reads=READS, seconds=1, answers=kept).select(case)
    assert list(kept) == [key_of("weights-7", case)]


def test_a_kept_reply_that_is_no_longer_one_is_asked_anew(case: Case) -> None:
    engine = FakeEngine(always("C"))
    kept = Kept({key_of(engine.fingerprint, case): "Z"})
    decision = Selector(engine, reads=READS, seconds=1, answers=kept).select(case)
    assert decision
    assert decision.engine == "fake-model"


def test_keys_change_with_all_that_matters(case: Case, card: Card) -> None:
    text = card.texts["en"]
    rewritten = replace(card, texts={"en": replace(text, steps={**text.steps, "crush-eggs": "Crush nothing."})})
    others = [
        replace(case, gloss=replace(case.gloss, problems=("fall-armyworm",))),
        replace(case, gloss=replace(case.gloss, words="big worms")),
        replace(case, rivals=()),
        replace(case, steps=case.steps[:2]),
        replace(case, hit=replace(case.hit, card=rewritten)),
    ]
    keys = {key_of("weights-1", case), key_of("weights-2", case), *(key_of("weights-1", other) for other in others)}
    assert len(keys) == 2 + len(others)
    shouted = replace(case, gloss=replace(case.gloss, words="BIG worms"))
    assert key_of("weights-1", shouted) == key_of("weights-1", others[1])


def test_one_waits_and_the_next_has_the_card_at_once(case: Case) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(prompt: Prompt, grammar: str | None) -> str:
        entered.set()
        assert leave.wait(20)
        return "A"

    told: list[str] = []
    selector = Selector(FakeEngine(slow), reads=READS, seconds=1, on_outcome=told.append)
    first = threading.Thread(target=selector.select, args=(case,))
    first.start()
    assert entered.wait(20)
    assert selector.select(case) is None
    leave.set()
    first.join(20)
    assert told == ["full", "selected"]
    assert selector.select(case) is not None


def test_protection_cannot_be_chosen_away(knowledge: Knowledge) -> None:
    for card in knowledge.cards.values():
        case = Case(Hit(card, 0.5, None, "pest"), Gloss(), card.steps)
        bound = {step.id for step in card.steps if step.kind in (StepKind.SAFETY, StepKind.CALL)}
        for letter in case.letters:
            decision = parse(letter, case)
            assert decision
            assert bound < set(decision.steps)
            assert len(decision.steps) == len(bound) + 1


def understood(parts: tuple[str, ...] = ()) -> Understanding:
    return Understanding(
        "worms",
        DetectedLanguage("en", "Latn", 0.9),
        Intent.ASK_ADVICE,
        topic="pest",
        entities=Entities(crops=("maize",), problems=("fall-armyworm",), parts=parts),
    )


def of(understanding: Understanding, hit: Hit, hits: list[Hit], steps: int = 5) -> Case | None:
    return case_of(understanding, hit, hits, hit.card.steps[:steps], reads=READS)


def others(understanding: Understanding, hit: Hit, *, may_ask: bool = True) -> tuple[str, ...]:
    case = case_of(understanding, hit, [hit], hit.card.steps, reads=READS, may_ask=may_ask)
    assert case
    return case.others
