"""Whole dialogues, one YAML file a language: what she writes, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.ask import Asker
from bot.mind import Mind
from bot.services import preview_channels

HERE = Path(__file__).parent
EXPECTED = {"language", "script", "intent", "topic", "crops", "problems", "outcome", "card", "has", "lacks", "silent"}


def dialogues() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.yaml")):
        for dialogue in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(dialogue, id=f"{path.stem}: {dialogue['name']}")


@pytest.mark.parametrize("dialogue", list(dialogues()))
def test_dialogue(dialogue: dict[str, Any], mind: Mind, now: datetime) -> None:
    asker = Asker(mind, preview_channels(), now)
    for number, turn in enumerate(dialogue["turns"], start=1):
        answer = asker.ask(turn["say"], channel=dialogue.get("channel", "telegram"), contact="she")
        found = observed(answer)
        assert set(turn["expect"]) <= EXPECTED, f"turn {number} expects something that nobody checks"
        for name, wanted in turn["expect"].items():
            if name == "has":
                missing = [words for words in wanted if words not in found["text"]]
                assert not missing, f"turn {number} lacks {missing}: {found['text']}"
            elif name == "lacks":
                present = [words for words in wanted if words in found["text"]]
                assert not present, f"turn {number} has {present}: {found['text']}"
            else:
                assert found[name] == wanted, f"turn {number} ({turn['say']}): {name}"


def observed(answer: dict[str, Any]) -> dict[str, Any]:
    """What a dialogue may expect something of."""
    cards = answer["cards"]
    return {
        **{name: answer[name] for name in ("language", "script", "intent", "topic", "outcome")},
        "crops": answer["entities"]["crops"],
        "problems": answer["entities"]["problems"],
        "card": cards[0]["id"] if cards else None,
        "text": "\n".join(answer["parts"]),
        "silent": not answer["parts"],
    }
