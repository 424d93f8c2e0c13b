"""`khetdoot check`: proves what it can of locales/ and knowledge/, as `path:line: message`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.check.alerts import check_alert
from bot.check.cards import check_card
from bot.check.files import read_everything
from bot.check.finding import check_finding
from bot.check.guards import check_guards
from bot.check.repeats import check_repeats
from bot.check.translations import check_translation
from bot.locales import Problem, check_messages, check_names

__all__ = ["check_all"]


def check_all(locales_dir: Path, knowledge_dir: Path, *, finding: bool = True) -> Iterator[Problem]:
    """All problems. `finding`: also ask every card's own questions, which takes some seconds."""
    data = read_everything(locales_dir, knowledge_dir)
    yield from data.problems
    if data.locales is None or data.taxonomy is None:
        return
    yield from check_messages(data.locales)
    ids = {kind: getattr(data.taxonomy, kind) for kind in ("topics", "crops", "problems", "parts", "stages", "inputs")}
    yield from check_names(data.locales.entities, data.locales.utterances, data.locales.rules, ids)
    yield from check_guards(data.locales)
    for card in data.cards.values():
        yield from check_card(card, data)
        for text in card.texts.values():
            yield from check_translation(card, text, data)
    for rule in data.alerts:
        yield from check_alert(rule, data)
    yield from check_repeats(data)
    if finding and not data.problems:
        yield from check_finding(data)
