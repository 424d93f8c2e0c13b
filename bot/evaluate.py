"""`khetdoot eval`: what becomes of a file of real questions, by outcome, crop and topic."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bot.domain.contacts import Contact
from bot.domain.errors import KhetdootError
from bot.domain.messages import Address, Inbound
from bot.domain.turns import Intent, Outcome, Session
from bot.mind import Mind
from bot.pipeline import Handled

NOBODY = Contact("nobody", Address("console", "nobody"), datetime(2000, 1, 1, tzinfo=UTC))
COMMONEST = 40
ROWS = 60
SERVED_ELSEWHERE = frozenset({Intent.GET_WEATHER, Intent.GET_PRICE})


@dataclass
class Tally:
    """Counts over all questions; a pair is (crop, topic) as understood."""

    outcomes: Counter[str] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    special: int = 0
    general: int = 0
    without_card: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def evaluate_file(path: Path, mind: Mind, terminal: Console) -> Tally:
    """Asks every question of a CSV (column query_text) as a newcomer would, and prints the tables."""
    tally = Tally()
    now = datetime.now(UTC)
    for text in read_questions(path):
        start = perf_counter()
        handled = mind.pipeline.handle(Inbound(NOBODY.address, "eval", text, now), NOBODY, Session(), now)
        tally.seconds.append(perf_counter() - start)
        count(tally, text, handled)
    if not tally.seconds:
        raise KhetdootError(f"{path}: no question in the column query_text")
    show(tally, terminal)
    return tally


def read_questions(path: Path) -> Iterator[str]:
    """The column query_text. Raises KhetdootError where there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if "query_text" not in (rows.fieldnames or ()):
                raise KhetdootError(f"{path}: no column query_text")
            yield from (row["query_text"] or "" for row in rows)
    except OSError as error:
        raise KhetdootError(f"{path}: {error.strerror}") from error


def count(tally: Tally, text: str, handled: Handled) -> None:
    """Adds one question."""
    understanding, reply = handled.understanding, handled.result.reply
    tally.outcomes[reply.outcome] += 1
    tally.intents[understanding.intent] += 1
    if understanding.intent in SERVED_ELSEWHERE:
        return
    pair = (next(iter(understanding.entities.crops), "-"), understanding.topic or "-")
    tally.pairs[pair] += 1
    if reply.outcome is Outcome.ANSWERED and reply.cards:
        tally.answered[pair] += 1
        first = reply.cards[0]
        is_special = first.crop is not None or not understanding.entities.crops
        tally.special += is_special
        tally.general += not is_special
    else:
        tally.without_card[" ".join(text.lower().split())] += 1


def show(tally: Tally, terminal: Console) -> None:
    """Prints outcomes, pairs by frequency with the share answered, and the commonest questions without a card."""
    total = len(tally.seconds)
    terminal.print(f"{total} questions, median {median(tally.seconds) * 1000:.2f} ms")
    outcomes = Table("outcome", "questions", "share", title="What became of them")
    for outcome, number in tally.outcomes.most_common():
        outcomes.add_row(outcome, str(number), f"{number / total:.1%}")
    terminal.print(outcomes)
    demand = sum(tally.pairs.values())
    terminal.print(
        f"{total - demand} ask for weather or prices. Of the other {demand}, {tally.special} got a card of their crop "
        f"or theme first ({tally.special / max(demand, 1):.1%}), {tally.general} a general card "
        f"({tally.general / max(demand, 1):.1%}); crop and topic are as understood, `-` is not named."
    )
    pairs = Table("crop", "topic", "questions", "answered", title=f"The {ROWS} commonest pairs")
    for (crop, topic), number in tally.pairs.most_common(ROWS):
        pairs.add_row(crop, topic, str(number), f"{tally.answered[crop, topic] / number:.0%}")
    terminal.print(pairs)
    missing = Table("questions", "text", title=f"The {COMMONEST} commonest that found no card")
    for text, number in tally.without_card.most_common(COMMONEST):
        missing.add_row(str(number), text[:100])
    terminal.print(missing)
