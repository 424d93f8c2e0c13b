"""A step's words stand in one place: a step that several cards need is a shared step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bot.check.files import Data, line_with
from bot.locales import Problem


def check_repeats(data: Data) -> Iterator[Problem]:
    """Own steps whose words stand in another card, or twice in one, and questions that two cards claim."""
    steps: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    questions: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for card in data.cards.values():
        own = [step.id for step in card.steps if not step.shared]
        for text in card.texts.values():
            for name in own:
                if words := text.steps.get(name):
                    steps[text.language, words.casefold()].append((text.path, words))
            for question in text.questions:
                questions[question.tag, question.text.casefold()].append((text.path, question.text))
    for kind, places in (("step", steps), ("question", questions)):
        for found in places.values():
            for path, words in found[1:]:
                yield Problem(path, line_with(path, words[:40]), f"the same {kind} stands in {found[0][0]}")
