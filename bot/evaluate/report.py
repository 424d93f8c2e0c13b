"""Asks every question of a file and counts: outcomes, crop and topic pairs, right and wrong cards, districts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from rapidfuzz import fuzz
from rich.console import Console
from rich.table import Table

from bot.domain.contacts import Contact
from bot.domain.errors import KhetdootError
from bot.domain.messages import Address, Inbound
from bot.domain.turns import Intent, Outcome, Session
from bot.evaluate.labels import Label, Labels
from bot.knowledge import Taxonomy
from bot.mind import Mind
from bot.pipeline import Handled
from bot.understanding.normalise import fold

NOBODY = Contact("nobody", Address("console", "nobody"), datetime(2000, 1, 1, tzinfo=UTC))
COMMONEST = 40
ROWS = 60
ALIKE = 85
"""Likeness (rapidfuzz) of a found place's name and the district's: spellings differ."""
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
    labelled: int = 0
    """Questions whose label tells crop (named in the text) or theme, and topic; the next three are shares of these."""
    right_first: int = 0
    right_in_three: int = 0
    wrong_crop: int = 0
    naming_district: int = 0
    found_district: int = 0


def evaluate_file(path: Path, mind: Mind, terminal: Console) -> Tally:
    """Asks every question of a CSV (column query_text) as a newcomer would, and prints the tables."""
    tally = Tally()
    now = datetime.now(UTC)
    labels = Labels(mind.locales, mind.knowledge.taxonomy)
    for row in read_rows(path):
        text = row["query_text"] or ""
        start = perf_counter()
        handled = mind.pipeline.handle(Inbound(NOBODY.address, "eval", text, now), NOBODY, Session(), now)
        tally.seconds.append(perf_counter() - start)
        count(tally, text, handled)
        count_label(tally, labels.of(row, text), handled, mind.knowledge.taxonomy)
        count_district(tally, row.get("district", ""), text, handled)
    if not tally.seconds:
        raise KhetdootError(f"{path}: no question in the column query_text")
    show(tally, terminal)
    return tally


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows with the column query_text. Raises KhetdootError where there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if "query_text" not in (rows.fieldnames or ()):
                raise KhetdootError(f"{path}: no column query_text")
            yield from rows
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


def count_label(tally: Tally, label: Label | None, handled: Handled, taxonomy: Taxonomy) -> None:
    """Compares the cards with the label: right is the label's crop (or a general card) and one of its topics."""
    if label is None or not label.recognisable or handled.understanding.intent in SERVED_ELSEWHERE:
        return
    tally.labelled += 1
    reply = handled.result.reply
    cards = reply.cards[:3] if reply.outcome is Outcome.ANSWERED else ()
    lineage = set(taxonomy.lineage(label.crop)) if label.crop else set()
    right = [card.topic in label.topics and (card.crop is None or card.crop in lineage) for card in cards]
    tally.right_first += bool(right and right[0])
    tally.right_in_three += any(right)
    tally.wrong_crop += bool(cards and label.crop and cards[0].crop and cards[0].crop not in lineage)


def count_district(tally: Tally, district: str, text: str, handled: Handled) -> None:
    """Weather questions whose text names the caller's district: is it the place found?"""
    if handled.understanding.intent is not Intent.GET_WEATHER or not district:
        return
    wanted = fold(district.partition("(")[0]).strip()
    if wanted not in fold(text):
        return
    tally.naming_district += 1
    places = handled.understanding.entities.places
    tally.found_district += any(fuzz.ratio(fold(place), wanted) >= ALIKE for place in places)


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
    labelled = max(tally.labelled, 1)
    terminal.print(
        f"Of the {tally.labelled} whose label tells theme or crop (named in the text) and topic, "
        f"{tally.right_first / labelled:.1%} get a card of the right crop and topic first, "
        f"{tally.right_in_three / labelled:.1%} among three, {tally.wrong_crop / labelled:.1%} a card of another crop; "
        "a general card is right where its topic is. The labels are noisy."
    )
    if tally.naming_district:
        found = tally.found_district / tally.naming_district
        terminal.print(f"{tally.naming_district} weather questions name their district; {found:.1%} find it.")
    pairs = Table("crop", "topic", "questions", "answered", title=f"The {ROWS} commonest pairs")
    for (crop, topic), number in tally.pairs.most_common(ROWS):
        pairs.add_row(crop, topic, str(number), f"{tally.answered[crop, topic] / number:.0%}")
    terminal.print(pairs)
    missing = Table("questions", "text", title=f"The {COMMONEST} commonest that found no card")
    for text, number in tally.without_card.most_common(COMMONEST):
        missing.add_row(str(number), text[:100])
    terminal.print(missing)
