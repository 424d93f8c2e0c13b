"""Trains the topic model from labelled examples, card questions and names; never from the data we measure on."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fasttext

from bot.knowledge import Knowledge
from bot.locales import EntityNames, Locales
from bot.understanding.noise import misspell
from bot.understanding.romanise import romanise
from bot.understanding.topics import LABEL, MODEL, model_line

SEED = 20261121
LEAST_LINES = 20
"""Lines that a topic needs to be learned."""
COPIES = 4
"""How often a line is written with other misspellings."""
LEFT_OUT = frozenset({"emergency", "general"})


@dataclass(frozen=True, slots=True)
class Report:
    """What was trained: lines by topic, bytes of the model."""

    lines: dict[str, int]
    size: int


def train_topics(locales: Locales, knowledge: Knowledge, out_dir: Path) -> Report:
    """Writes the quantised model to `out_dir`; the same inputs give the same file."""
    by_topic: dict[str, list[str]] = {}
    for topic, text in samples(locales, knowledge):
        by_topic.setdefault(topic, []).append(text)
    by_topic = {topic: texts for topic, texts in by_topic.items() if len(texts) >= LEAST_LINES}
    lines = sorted({line for topic, texts in by_topic.items() for line in written(topic, texts)})
    random.Random(SEED).shuffle(lines)
    out_dir.mkdir(parents=True, exist_ok=True)
    size = fit(lines, out_dir / MODEL)
    return Report({topic: len(texts) for topic, texts in sorted(by_topic.items())}, size)


def samples(locales: Locales, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """(topic, text) of examples, card questions and names of topics and problems, romanised too."""
    for language, said in locales.utterances.items():
        yield from with_latin(((e.topic, e.text) for e in said.examples if e.topic), language)
    for card in knowledge.cards.values():
        for text in card.texts.values():
            yield from with_latin(((card.topics[0], question.text) for question in text.questions), text.language)
    for language, names in locales.entities.items():
        yield from with_latin(named_topics(names, knowledge), language)


def named_topics(names: EntityNames, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Names that point to a topic by themselves."""
    for name in names.names:
        if name.kind == "topics":
            yield name.id, name.text
        elif name.kind == "problems" and (topic := knowledge.taxonomy.problems.get(name.id)):
            yield topic, name.text


def with_latin(pairs: Iterable[tuple[str, str]], language: str) -> Iterator[tuple[str, str]]:
    """The pairs without topics that are no question's, and their texts in Latin letters."""
    for topic, text in pairs:
        if topic not in LEFT_OUT:
            yield topic, text
            if not text.isascii():
                yield topic, romanise(text, language)


def written(topic: str, texts: Iterable[str]) -> Iterator[str]:
    """Training lines of a topic, each also misspelt."""
    for text in texts:
        rng = random.Random(f"{SEED} {topic} {text}")
        for copy in range(COPIES):
            if words := model_line(misspell(text, rng) if copy else text):
                yield f"{LABEL}{topic} {words}\n"


def fit(lines: list[str], path: Path) -> int:
    """Trains and writes the model quantised; bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.txt"
        file.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(
            str(file), dim=8, epoch=8, lr=0.4, minn=2, maxn=5, wordNgrams=2, bucket=40_000, minCount=1,
            thread=1, seed=SEED % 10_000, verbose=0,
        )  # fmt: skip
        model.quantize(str(file), retrain=True, cutoff=9_000, qnorm=True, thread=1, epoch=1, verbose=0)
    model.save_model(str(path))
    return path.stat().st_size
