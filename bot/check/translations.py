"""Checks of a card's words in one language: complete, in their script, short, with the data's numbers, current."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.channels.segments import measure
from bot.check.files import Data, line_with
from bot.domain.cards import Card, CardText, Quantity
from bot.knowledge import text_hash
from bot.knowledge.numbers import figures, number_faults, without_contacts
from bot.knowledge.restricted import restricted_names
from bot.knowledge.units import units_of
from bot.locales import Problem
from bot.understanding.romanise import romanise
from bot.understanding.script import count_scripts

MOST_WORDS = 15
SMS_SEGMENTS = {"en": 1}
OTHER_SEGMENTS = 2
QUESTIONS = 3
FOREIGN_LETTERS = 0.25
"""Share of Latin letters that a text in another script may have (pH, NPK, eKYC, web addresses)."""


def check_translation(card: Card, text: CardText, data: Data) -> Iterator[Problem]:
    """Everything about the words of one card in one language."""
    language = data.locales.languages.get(text.language) if data.locales else None
    if language is None:
        yield Problem(text.path, 1, f"unknown language {text.language!r}")
        return
    if Path(text.path).stem != text.language:
        yield Problem(text.path, 1, f"front matter says {text.language!r}, the file's name {Path(text.path).stem!r}")
    sections = sections_of(text)
    for message, where in (
        *missing_parts(card, text, sections),
        *long_steps(text),
        *wrong_script(sections, language.script),
        *too_long(text),
        *bad_questions(text, language.script),
        *bad_numbers(card, text, data),
        *restricted_in(sections, data),
        *stale(card, text),
    ):
        yield Problem(text.path, line_with(text.path, where), message)


def sections_of(text: CardText) -> dict[str, str]:
    """Everything a farmer may read, by section or step id."""
    parts = {"title": text.title, "sms": text.sms, "look": text.look, "avoid": text.avoid, "call": text.call}
    return {**parts, **text.steps}


def missing_parts(card: Card, text: CardText, sections: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Empty sections, missing steps and steps that card.yaml does not have."""
    for name, words in sections.items():
        if not words.strip():
            yield f"{name} is empty", f"# {name}"
        if "TODO" in words or "TBD" in words:
            yield f"{name} is unfinished", "TODO"
    ids = [step.id for step in card.steps]
    for name in ids:
        if name not in text.steps:
            yield f"step {name!r} has no text", "## steps"
    for name in text.steps:
        if name not in ids:
            yield f"step {name!r} is not in card.yaml", name


def long_steps(text: CardText) -> Iterator[tuple[str, str]]:
    """English steps that are too long to be taken in at once."""
    for name, words in text.steps.items() if text.language == "en" else ():
        if len(words.split()) > MOST_WORDS:
            yield f"step {name!r} has {len(words.split())} words; at most {MOST_WORDS}", words[:30]


def wrong_script(sections: Mapping[str, str], script: str) -> Iterator[tuple[str, str]]:
    """Letters of a script that the language is not written in."""
    for name, words in sections.items():
        counts = count_scripts(words)
        total = sum(counts.values())
        strange = {other: count for other, count in counts.items() if other not in (script, "Latn")}
        if strange:
            yield f"{name} has letters of {', '.join(sorted(strange))}", words[:20]
        if total and script != "Latn" and counts.get("Latn", 0) > FOREIGN_LETTERS * total:
            yield f"{name} is mostly in Latin letters", words[:20]


def too_long(text: CardText) -> Iterator[tuple[str, str]]:
    """The SMS in its own letters and, for Indic languages, in Latin ones."""
    most = SMS_SEGMENTS.get(text.language, OTHER_SEGMENTS)
    for words in dict.fromkeys([text.sms, romanise(text.sms, text.language)]):
        counted = measure(words)
        if counted.count > most:
            yield (
                f"sms takes {counted.count} segments ({counted.units} {counted.encoding} units); at most {most}",
                "## sms",
            )
    if text.language == "en" and measure(text.sms).encoding != "gsm7":
        yield "sms has a letter outside GSM-7", "## sms"


def bad_questions(text: CardText, script: str) -> Iterator[tuple[str, str]]:
    """Three questions; one of them in Latin letters where the language has its own script."""
    if len(text.questions) != QUESTIONS:
        yield f"{len(text.questions)} questions; {QUESTIONS} are wanted", "## questions"
    latin = [question for question in text.questions if question.tag.endswith("-Latn")]
    if script != "Latn" and not latin:
        yield f"no question in Latin letters ({text.language}-Latn:)", "## questions"
    for question in text.questions:
        wrong = question.tag.split("-")[0] != text.language
        if wrong or (question in latin) != (set(count_scripts(question.text)) == {"Latn"} and script != "Latn"):
            yield f"question is not in {question.tag}: {question.text}", question.text


def bad_numbers(card: Card, text: CardText, data: Data) -> Iterator[tuple[str, str]]:
    """Numbers that the data does not state, and those of the English text that are missing."""
    units = units_of(data.locales_dir, text.language)
    english = card.texts.get("en", text)
    of_step = {step.id: step.quantities for step in card.steps}
    for name, words in sections_of(text).items():
        quantities = of_step.get(name, card.quantities)
        plain = without_contacts(words, card)
        for fault in number_faults(plain, quantities, units):
            yield f"{name}: {fault}", words[:30]
        for number in lost_numbers(plain, without_contacts(sections_of(english).get(name, ""), card), quantities):
            yield f"{name}: lacks {number:g}, which the English text has", words[:30]


def lost_numbers(words: str, english: str, quantities: tuple[Quantity, ...]) -> Iterator[float]:
    """Numbers of the English text that stand neither as such nor converted."""
    said = {figure.value for figure in figures(words)}
    converted = {
        value: {other for other, *_ in q.also} | {q.low, q.high} for q in quantities for value in (q.low, q.high)
    }
    for number in {figure.value for figure in figures(english)}:
        if not said & ({number} | converted.get(number, set())):
            yield number


def restricted_in(sections: Mapping[str, str], data: Data) -> Iterator[tuple[str, str]]:
    """Names of ingredients that a country bans or restricts, in any script."""
    for name, words in sections.items():
        for found in restricted_names(words, data.restricted):
            yield f"{name} names {found}, which is restricted", words[:30]


def stale(card: Card, text: CardText) -> Iterator[tuple[str, str]]:
    """A translation that follows an older English text."""
    english = card.texts.get("en")
    if text.language == "en" or english is None:
        return
    current = text_hash(Path(english.path))
    if text.translated_from != current:
        yield f"follows English {text.translated_from}, which is now {current}: translate again", "translated_from"
