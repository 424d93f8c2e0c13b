"""<lang>/dates.yaml: months, seasons, units of time and other words that tell when something was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.locales.files import Reading

WORDS = ("day", "week", "month", "last", "today", "yesterday", "unknown", "start", "middle", "end")
MONTHS = 12


@dataclass(frozen=True, slots=True)
class DateWords:
    """One language's words. `words` are by the names in WORDS; `seasons` by the month and day of their middle."""

    language: str
    months: tuple[tuple[str, ...], ...]
    seasons: Mapping[tuple[int, int], tuple[str, ...]]
    numbers: tuple[tuple[str, ...], ...]
    """From one on."""
    words: Mapping[str, tuple[str, ...]]


def read_date_words(path: Path) -> tuple[DateWords, ...]:
    """Those of every language that has the file. Raises DataError (`path:line: message`)."""
    return tuple(_read(file) for file in sorted(path.glob("*/dates.yaml")))


def _read(path: Path) -> DateWords:
    reading = Reading(path)
    reading.only(reading.root, ("months", "seasons", "numbers", *WORDS))
    months = reading.items(reading.root.get("months"))
    if len(months) != MONTHS:
        raise reading.fail(reading.root.get("months"), f"{len(months)} months")
    seasons = {}
    for key, node in reading.mapping(reading.root.get("seasons")).items():
        month, _, day = key.partition("-")
        if not (month.isdecimal() and day.isdecimal() and 1 <= int(month) <= MONTHS and 1 <= int(day) <= 31):
            raise reading.fail(node, f"{key!r} is no MM-DD")
        seasons[int(month), int(day)] = reading.texts(node)
    return DateWords(
        path.parent.name,
        tuple(reading.texts(node) for node in months),
        seasons,
        tuple(reading.texts(node) for node in reading.items(reading.root.get("numbers"))),
        {name: reading.texts(reading.root.get(name)) for name in WORDS},
    )
