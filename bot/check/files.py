"""Reads all data files as far as they can be read, and collects what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.domain.alerts import AlertRule
from bot.domain.cards import Card
from bot.domain.errors import DataError
from bot.knowledge.alert_rules import ALERTS, alert_files, read_alert_rule
from bot.knowledge.reader import (
    SHARED,
    Helpline,
    Restricted,
    SharedStep,
    Taxonomy,
    card_folders,
    read_card,
    read_helplines,
    read_restricted,
    read_shared_step,
    read_taxonomy,
)
from bot.locales import Locales, Problem

Value = TypeVar("Value")


@dataclass
class Data:
    """What could be read; `problems` has the rest."""

    locales_dir: Path
    knowledge_dir: Path
    problems: list[Problem] = field(default_factory=list)
    locales: Locales | None = None
    taxonomy: Taxonomy | None = None
    shared: Mapping[str, SharedStep] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)
    restricted: tuple[Restricted, ...] = ()
    helplines: tuple[Helpline, ...] = ()
    alerts: tuple[AlertRule, ...] = ()


def read_everything(locales_dir: Path, knowledge_dir: Path) -> Data:
    """Every file is read even when an earlier one is broken, so that one run names all broken files."""
    data = Data(locales_dir, knowledge_dir)

    def attempt(read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except DataError as error:
            data.problems.append(problem_of(error))
            return None

    data.locales = attempt(lambda: Locales.load(locales_dir))
    data.taxonomy = attempt(lambda: read_taxonomy(knowledge_dir / "taxonomy.yaml"))
    data.restricted = attempt(lambda: tuple(read_restricted(knowledge_dir / "restricted"))) or ()
    data.helplines = attempt(lambda: read_helplines(knowledge_dir / "helplines.yaml")) or ()
    rules = [attempt(partial(read_alert_rule, path)) for path in alert_files(knowledge_dir / ALERTS)]
    data.alerts = tuple(rule for rule in rules if rule)
    cards = knowledge_dir / "cards"
    steps = [attempt(partial(read_shared_step, path)) for path in sorted((cards / SHARED).glob("*/step.yaml"))]
    data.shared = {step.step.shared or "": step for step in steps if step}
    read = [attempt(partial(read_card, folder, data.shared)) for folder in card_folders(cards)]
    data.cards = {card.id: card for card in read if card}
    return data


def problem_of(error: DataError) -> Problem:
    """A DataError's `path:line: message` as a problem."""
    path, _, rest = str(error).partition(":")
    line, _, message = rest.partition(":")
    return Problem(path, int(line) if line.isdigit() else 1, message.strip() or rest.strip())


def line_with(path: str, text: str) -> int:
    """The first line of a file that has `text`, else 1."""
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        if text and text in line:
            return number
    return 1
