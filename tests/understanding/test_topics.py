"""Which topic evidence adds up to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.train.topics import samples, train_topics
from bot.understanding.topics import MODEL, TopicScorer, TrainedTopics


class FakeModel:
    """Always of the same opinion."""

    def __init__(self, topic: str, probability: float) -> None:
        self.opinion = topic, probability

    def predict(self, text: str) -> tuple[str, float]:
        return self.opinion


def test_the_heaviest_topic_comes_first_and_of_equals_the_first_named() -> None:
    ranked = TopicScorer().rank("", [("sowing", 1.0), ("pest", 3.0), ("weed", 1.0), ("sowing", 1.0), ("soil", 1.0)])
    assert [topic for topic, _ in ranked] == ["pest", "sowing", "weed", "soil"]
    assert TopicScorer().rank("", []) == ()


@pytest.mark.parametrize(
    ("probability", "evidence", "guess", "first"),
    [
        (0.9, [], True, "water"),
        (0.9, [], False, None),
        (0.3, [], True, None),
        (0.9, [("pest", 1.0)], True, "pest"),
    ],
)
def test_the_model_is_asked_only_where_nothing_else_tells(
    probability: float, evidence: list[tuple[str, float]], guess: bool, first: str | None
) -> None:
    ranked = TopicScorer(FakeModel("water", probability)).rank("?", evidence, guess=guess)
    assert next((name for name, _ in ranked), None) == first


def test_training_takes_only_our_own_words_and_gives_the_same_model_twice(
    locales: Locales, knowledge: Knowledge, tmp_path: Path
) -> None:
    cards = {name: card for name, card in knowledge.cards.items() if name.startswith(("rice", "wheat"))}
    few = replace(locales, entities={"en": locales.entities["en"]}, utterances={"en": locales.utterances["en"]})
    report = train_topics(few, replace(knowledge, cards=cards), tmp_path / "one")
    train_topics(few, replace(knowledge, cards=cards), tmp_path / "two")
    assert (tmp_path / "one" / MODEL).read_bytes() == (tmp_path / "two" / MODEL).read_bytes()
    assert report.size == (tmp_path / "one" / MODEL).stat().st_size < 1_000_000
    assert {"pest", "disease", "nutrition"} <= report.lines.keys()
    model = TrainedTopics(tmp_path / "one" / MODEL)
    assert model.predict("insects are attacking my field")[0] == "pest"
    assert model.predict("") == model.predict("")


def test_samples_cover_topics_in_both_scripts(locales: Locales, knowledge: Knowledge) -> None:
    found = list(samples(locales, knowledge))
    assert {"weather", "pest", "scheme"} <= {topic for topic, _ in found}
    assert ("weather", "मौसम") in found
    assert ("weather", "mausam") in found
    assert "emergency" not in {topic for topic, _ in found}
