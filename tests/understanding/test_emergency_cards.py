"""What people cry for help with: every question of the emergency cards, in all languages, is heard as such."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.turns import Intent
from bot.knowledge import Knowledge
from bot.mind import Mind

ROOT = Path(__file__).resolve().parents[2]


def cries() -> Iterator[Any]:
    for card in Knowledge.load(ROOT / "knowledge").cards.values():
        if card.topics[0] == "emergency":
            for text in card.texts.values():
                for question in text.questions:
                    yield pytest.param(
                        card.problems, question.text, id=f"{card.id} {question.tag} {ascii(question.text)[1:40]}"
                    )


@pytest.mark.parametrize(("problems", "text"), list(cries()))
def test_a_cry_for_help_is_heard(mind: Mind, problems: tuple[str, ...], text: str) -> None:
    understanding = mind.understander.understand(text)
    assert understanding.intent is Intent.REPORT_EMERGENCY
    assert understanding.argument in problems


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("animal-collapse", "gai padi gala uthi paruni"),
        ("animal-collapse", "ମଇଁଷି ମରି ଯାଉଛି"),
        ("pesticide-poisoning", "ଔଷଧ ମାରିବା ପରେ ମୁଣ୍ଡ ବୁଲାଉଛି"),
        ("suicide", "mate maribaku ichha"),
        ("suicide", "mu bisa khai debi"),
        ("suicide", "ଜୀବନ ଦେଇ ଦେବି"),
        ("suicide", "મારે જિંદગી ટૂંકાવવી છે"),
        ("suicide", "jivan thi kantali gayo chu"),
        ("pesticide-poisoning", "mo ma dava gai"),
        ("suicide", "marunthu kudichu saga poren"),
        ("snake-bite", "పాముకాటు"),
        ("snake-bite", "pamu katu vesindi"),
    ],
)
def test_words_apart_or_joined(mind: Mind, kind: str, text: str) -> None:
    understanding = mind.understander.understand(text)
    assert (understanding.intent, understanding.argument) == (Intent.REPORT_EMERGENCY, kind)


@pytest.mark.parametrize("text", ["mu poka maribaku chahunchi", "ପୋକ ମାରିବାକୁ ଚାହୁଁଛି", "gai khira kama deuchi"])
def test_no_cry_for_help(mind: Mind, text: str) -> None:
    assert mind.understander.understand(text).intent is not Intent.REPORT_EMERGENCY
