"""Authored steps pass in every language; whatever adds, changes, denies or drops something does not."""

from __future__ import annotations

import re

import pytest

from bot.answering.guard import Guard
from bot.answering.lexicon import Lexicon, read_lexicon, tails
from bot.domain.cards import Card
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.understanding.language import LanguageDetector

TITLE = "Fall armyworm and stem borer in maize"
STEPS = (
    "Crush egg clusters and small worms on the leaves with your fingers.",
    "Hang 5 fall armyworm lure traps in each acre to know when moths come.",
    "Pin Trichogramma egg cards under whorl leaves 12 days after sprouting, in the evening.",
    "Do not spray young maize without gloves.",
)
TOLD = " ".join(STEPS)
HINDI = ("हर एकड़ में 5 फेरोमोन ट्रैप लगाएं।", "12 दिन बाद खेत में पानी न दें।")


@pytest.fixture(scope="module")
def guard(locales: Locales, knowledge: Knowledge) -> Guard:
    detector = LanguageDetector.load(locales.path / "models")
    lexicons = {tag: read_lexicon(locales, tag) for tag in locales.spoken}
    return Guard(lexicons, knowledge.restricted, lambda text: detector.detect(text).tag)


def changed(old: str, new: str) -> str:
    assert old in TOLD
    return TOLD.replace(old, new)


@pytest.mark.parametrize(
    "said",
    [
        TOLD,
        " ".join(reversed(STEPS)),
        "\n".join(STEPS),
        changed("Crush egg clusters", "Please also crush the egg clusters"),
        changed("Hang 5", "Hang five"),
        changed("Hang 5", "Hang ५"),
        changed("12 days", "twelve days"),
        f"This is for fall armyworm and stem borer in maize. {TOLD}",
    ],
)
def test_what_stands_in_the_steps_passes(guard: Guard, said: str) -> None:
    assert guard.fault(said, TITLE, STEPS, "en") is None


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("", "length"),
        (f"{TOLD} {TOLD}", "length"),
        # numbers: invented, changed, in words, native or odd digits, without their unit, of another thing
        (changed("Hang 5", "Hang 50"), "ungrounded"),
        (changed("Hang 5", "Hang 5.5"), "ungrounded"),
        (changed("Hang 5", "Hang 12"), "ungrounded"),
        (changed("Hang 5", "Hang fifty"), "ungrounded"),
        (changed("Hang 5", "Hang a dozen"), "ungrounded"),
        (changed("Hang 5", "Hang ५०"), "ungrounded"),
        (changed("Hang 5", "Hang 5½"), "sign"),
        (changed("Hang 5", "Hang ⑤"), "sign"),
        (changed("Hang 5", "Hang half"), "ungrounded"),
        (changed("Hang 5", "Hang paanch"), "ungrounded"),
        (changed("Hang 5", "Hang double"), "ungrounded"),
        (changed("in each acre", "in each hectare"), "ungrounded"),
        (changed("in each acre ", ""), "ungrounded"),
        (changed("traps in each acre to know when moths come", "traps"), "ungrounded"),
        (changed("12 days", "12 weeks"), "ungrounded"),
        (changed("12 days", "12"), "ungrounded"),
        (changed("after sprouting", "before sprouting"), "ungrounded"),
        (changed("12 days after sprouting, in the evening", "after sprouting, 12 in the evening"), "ungrounded"),
        # chemicals, crops, pests, other advice
        (f"{TOLD} Spray monocrotophos.", "restricted"),
        (f"{TOLD} मोनोक्रोटोफॉस", "restricted"),
        (f"{TOLD} Spray chlorantraniliprole.", "ungrounded"),
        (f"{TOLD} Spray coragen.", "ungrounded"),
        (f"{TOLD} Give urea.", "ungrounded"),
        (changed("young maize", "young rice"), "ungrounded"),
        (changed("fall armyworm lure", "aphid lure"), "ungrounded"),
        (f"{TOLD} Drink it.", "ungrounded"),
        (f"{TOLD} Crush leaves. Spray young maize.", "ungrounded"),
        # denials turned round
        (changed("Do not spray", "Spray"), "ungrounded"),
        (changed("Crush egg", "Do not crush egg"), "ungrounded"),
        (changed("Crush egg", "Never crush egg"), "ungrounded"),
        (changed("without gloves", "with gloves"), "ungrounded"),
        (changed("Do not spray young maize without gloves.", "Do spray young maize without gloves."), "ungrounded"),
        # steps dropped
        (" ".join(STEPS[:3]), "incomplete"),
        (changed("Do not spray young maize without gloves.", "Do not. Without gloves."), "ungrounded"),
        (changed(" on the leaves with your fingers", ""), "incomplete"),
        # addresses, roles, hidden signs
        (f"{TOLD} farm.example.com", "address"),
        (f"{TOLD} +919876543210", "sign"),
        (f"{TOLD} 9876543210", "ungrounded"),
        (f"{TOLD} me@example", "sign"),
        (f"System: {TOLD}", "address"),
        (f"<|assistant|> {TOLD}", "sign"),
        (f"{TOLD}\u202e", "sign"),
        (f"{TOLD}\u200b", "sign"),
        (f"{TOLD}\x1b[31m", "sign"),
        # other languages
        (" ".join(HINDI), "ungrounded"),
        (f"{TOLD} Shamba lako ni zuri sana.", "ungrounded"),
    ],
)
def test_what_does_not_is_stopped(guard: Guard, said: str, fault: str) -> None:
    assert guard.fault(said, TITLE, STEPS, "en") == fault


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (" ".join(HINDI), None),
        (" ".join(HINDI).replace("5", "५").replace("12", "बारह"), None),
        (" ".join(HINDI).replace("5", "पचास"), "ungrounded"),
        (" ".join(HINDI).replace("5", "५०"), "ungrounded"),
        (" ".join(HINDI).replace("एकड़", "हेक्टेयर"), "ungrounded"),
        (" ".join(HINDI).replace("न दें", "दें"), "ungrounded"),
        (" ".join(HINDI).replace("5 फेरोमोन ट्रैप", "फेरोमोन ट्रैप 5"), "ungrounded"),
        ("Hang 5 traps in each acre.", "ungrounded"),
    ],
)
def test_hindi(guard: Guard, said: str, fault: str | None) -> None:
    assert guard.fault(said, "कीट", HINDI, "hi") == fault


def test_text_of_another_language_than_asked_is_stopped(guard: Guard) -> None:
    steps = ("Siembre maíz temprano con frijol entre surcos, y limpie los rastrojos después de la cosecha.",)
    assert guard.fault(steps[0], "Maíz", steps, "es") is None
    assert guard.fault(steps[0], "Maíz", steps, "en") == "language"
    assert guard.fault(steps[0], "Maíz", steps, "fr") == "language"


def test_nothing_passes_in_a_language_without_a_lexicon(knowledge: Knowledge) -> None:
    guard = Guard({"en": Lexicon()}, knowledge.restricted, lambda text: "en")
    assert guard.fault(TOLD, TITLE, STEPS, "en") == "language"
    assert guard.fault("Maize.", TITLE, (), "en") == "language"


def authored(card: Card, language: str) -> tuple[str, tuple[str, ...]]:
    text = card.texts[language]
    return text.title, tuple(text.steps[step.id] for step in card.steps if step.id in text.steps)


def test_authored_steps_pass_in_every_language(guard: Guard, knowledge: Knowledge, locales: Locales) -> None:
    """The guard is strict, not blind: what it stops of the authored texts are addresses and a list of names."""
    for language in locales.spoken:
        stopped = []
        for card in knowledge.cards.values():
            if language not in card.texts:
                continue
            title, steps = authored(card, language)
            if guard.fault(" ".join(steps), title, steps, language):
                stopped.append(card.id)
        assert set(stopped) <= {"schemes/crop-insurance", "onion/growing"}, language


def test_a_changed_number_is_stopped_in_every_language(guard: Guard, knowledge: Knowledge, locales: Locales) -> None:
    for language in locales.spoken:
        judged = 0
        for card in knowledge.cards.values():
            if language not in card.texts:
                continue
            title, steps = authored(card, language)
            for number in dict.fromkeys(re.findall(r"\d+", " ".join(steps))):
                other = re.sub(rf"(?<!\d){number}(?!\d)", str(int(number) + 7), " ".join(steps))
                assert guard.fault(other, title, steps, language) is not None, (card.id, number)
                judged += 1
        assert judged > 50, language


def test_a_missing_last_step_is_noticed_in_every_language(guard: Guard, knowledge: Knowledge, locales: Locales) -> None:
    for language in locales.spoken:
        for card in list(knowledge.cards.values())[::5]:
            if language in card.texts:
                title, steps = authored(card, language)
                assert guard.fault(" ".join(steps[:-1]), title, steps, language) is not None, card.id


def test_tails() -> None:
    lexicon = Lexicon(numbers={"two": 2.0})
    assert list(tails(lexicon.tokens("Mix two g in 1.5 litre, then 3% salt."))) == [
        ("mix", "2", "g", "in", "1.5", "litre"),
        ("in", "1.5", "litre"),
        ("then", "3", "%", "salt"),
    ]


@pytest.mark.parametrize("language", ["en", "hi", "mr", "te", "ta", "kn", "bn", "gu", "pa", "ml", "or", "sw", "es"])
def test_lexicons(locales: Locales, language: str) -> None:
    lexicon = read_lexicon(locales, language)
    assert lexicon.complete
    values = set(lexicon.numbers.values())
    assert {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100, 1000, 0.5} <= values
    assert not lexicon.plain & (lexicon.negations | set(lexicon.numbers) | set(lexicon.units))
