"""Numbers in texts, and whether the card's data states them with the same unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.cards import Card, Quantity

NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?:[-–/]\d+)*")
WORD_AFTER = re.compile(r"\s*([%‰℃°]|[^\W\d_][\w\u0300-\u0fff]*)")
NEAR_WORDS = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stands in a text, its value, and the words right after it."""

    written: str
    value: float
    after: tuple[str, ...]


def western(text: str) -> str:
    """Native digits as 0-9."""
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and char > "9" else char for char in text)


def without_contacts(text: str, card: Card) -> str:
    """The text without the telephone numbers and addresses that the card lists."""
    for line in sorted(card.contacts, key=lambda line: -len(line.value)):
        text = text.replace(line.value, " ")
    return text


def figures(text: str) -> Iterator[Figure]:
    """All numbers of a text; `6-8` and `6 to 8` are two."""
    text = western(text)
    for match in NUMBER.finditer(text):
        after = tuple(words_after(text, match.end()))
        for part in re.split(r"[-–/]", match.group()):
            yield Figure(part, float(part.replace(",", "")), after)


def words_after(text: str, at: int) -> Iterator[str]:
    """Up to two words that follow position `at`, lower-cased."""
    for _ in range(NEAR_WORDS):
        match = WORD_AFTER.match(text, at)
        if not match:
            return
        yield match.group(1).lower()
        at = match.end()


def allowed(quantities: Iterable[Quantity]) -> dict[float, set[str]]:
    """Values that may be written, each with the units it may have."""
    values: dict[float, set[str]] = {}
    for quantity in quantities:
        for value in (quantity.low, quantity.high):
            # "10 per hectare": what it is per may follow the number as well.
            values.setdefault(value, set()).update({quantity.unit, quantity.per or quantity.unit})
        for value, unit, per in quantity.also:
            values.setdefault(value, set()).update({unit, per or unit})
    return values


def number_faults(text: str, quantities: Iterable[Quantity], units: Mapping[str, str]) -> Iterator[str]:
    """Numbers that the data does not state, and numbers followed by the word for another unit.

    `units` maps unit words of the text's language to unit ids; words it lacks are not judged.
    """
    values = allowed(quantities)
    known_units = set(units.values())
    for figure in figures(text):
        if figure.value not in values:
            yield f"{figure.written} is not among the quantities"
            continue
        said = next((units[word] for word in figure.after if word in units), None)
        meant = {base_unit(unit, known_units) for unit in values[figure.value]}
        if said and None not in meant and said not in meant:
            yield f"{figure.written} is followed by {said}, but the data says {', '.join(sorted(map(str, meant)))}"


def base_unit(unit: str, known: set[str]) -> str | None:
    """The unit id at the start of a longer description (`days after transplanting` is days); None when unknown."""
    first = unit.lower().split()[0].rstrip("s")
    return next((name for name in known if name.rstrip("s") == first), None)
