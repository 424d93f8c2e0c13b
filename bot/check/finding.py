"""Every card is found by its own questions, and no other card's questions find it first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.check.files import Data, line_with
from bot.domain.cards import Card
from bot.knowledge import Knowledge
from bot.locales import Problem
from bot.mind import build_mind


def check_finding(data: Data) -> Iterator[Problem]:
    """Asks all questions of all cards, as a contact who has written nothing before would."""
    assert data.locales
    assert data.taxonomy
    knowledge = Knowledge(data.taxonomy, data.cards, data.restricted, data.helplines)
    mind = build_mind(data.locales, knowledge, data.knowledge_dir)
    for card in data.cards.values():
        if "emergency" in card.topics:
            continue
        for text in card.texts.values():
            if text.language not in data.locales.entities:
                continue  # a language in the making: its names come before its questions can be found
            for question in text.questions:
                understanding = mind.understander.understand(question.text, prior=question.tag)
                hits = mind.index.search(understanding, region=region_of(card), today=first_day(card), limit=1)
                if not hits or hits[0].card.id != card.id:
                    found = hits[0].card.id if hits else "nothing"
                    line = line_with(text.path, question.text)
                    yield Problem(text.path, line, f"{question.text!r} finds {found} first")


def region_of(card: Card) -> str | None:
    """A region in which the card holds."""
    return card.regions[0] if card.regions else "IN"


def first_day(card: Card) -> date:
    """A day on which the card holds."""
    return card.valid_from or max(source.read for source in card.sources)
