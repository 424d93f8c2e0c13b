"""Which topics a text is about: what its words point to, and a small trained model for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import fasttext

from bot.understanding.lexicon import tokenise

MODEL = "topics.ftz"
LABEL = "__label__"
TRUSTED = 0.8
"""Probability from which the model's topic counts."""


class TopicModel(Protocol):
    """Guesses a topic from a whole text."""

    def predict(self, text: str) -> tuple[str, float]:
        """The likeliest topic and its probability, 0..1."""


class TrainedTopics:
    """The fastText model that `khetdoot train topics` makes."""

    def __init__(self, path: Path) -> None:
        self._model = fasttext.load_model(str(path))

    def predict(self, text: str) -> tuple[str, float]:
        """The likeliest topic and its probability, 0..1."""
        found = self._model.f.predict(model_line(text) + "\n", 1, 0.0, "strict")
        return (found[0][1].removeprefix(LABEL), min(found[0][0], 1.0)) if found else ("", 0.0)


class TopicScorer:
    """Ranks topics by evidence."""

    def __init__(self, model: TopicModel | None = None) -> None:
        self._model = model

    @classmethod
    def load(cls, models_dir: Path) -> TopicScorer:
        """With the trained model where there is one."""
        path = models_dir / MODEL
        return cls(TrainedTopics(path) if path.is_file() else None)

    def rank(
        self, text: str, evidence: Iterable[tuple[str, float]], *, guess: bool = True
    ) -> tuple[tuple[str, float], ...]:
        """Topics with their weights, likeliest first; of equals the one that was named first.

        The model, which has an opinion on anything, is asked only where nothing else tells and `guess` is set.
        """
        weights: dict[str, float] = defaultdict(float)
        for topic, weight in evidence:
            weights[topic] += weight
        if guess and not weights and self._model is not None:
            topic, probability = self._model.predict(text)
            if topic and probability >= TRUSTED:
                weights[topic] = probability
        return tuple(sorted(weights.items(), key=lambda item: -item[1]))


def model_line(text: str) -> str:
    """A text as the model reads it."""
    return " ".join(tokenise(text))
