"""When something was done, as farmers say it: "15 june", "2 weeks ago", "10/7", "last month", "सावन", "don't know"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from bot.locales.dates import DateWords
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold

OLDEST = timedelta(days=400)
"""What was sown longer ago is not meant."""
LONGEST = 8
"""Words of an answer; a longer text is a message of its own."""
ENDING = 8
"""Letters that grammar may hang on a word."""
SHORTEST = 4
"""Letters of a Latin word that may have an ending."""
DAYS = {"day": 1, "week": 7, "month": 30}
PARTS = {"start": 5, "middle": 15, "end": 25}
NUMERIC = re.compile(r"\b(\d{1,2})\s*[/.\-]\s*(\d{1,2})(?:\s*[/.\-]\s*(\d{2}|\d{4}))?\b")
ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")


class Unknown:
    """She does not know."""


UNKNOWN = Unknown()
Phrase = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language, or of two, as tokens; the longest phrase first."""

    sources: tuple[DateWords, ...]

    @cached_property
    def months(self) -> list[tuple[Phrase, int]]:
        """Names of months with their numbers."""
        return longest_first(
            (phrase(name), number)
            for source in self.sources
            for number, names in enumerate(source.months, start=1)
            for name in names
        )

    @cached_property
    def seasons(self) -> list[tuple[Phrase, tuple[int, int]]]:
        """Names of the months of other calendars with the middle of each."""
        return longest_first(
            (phrase(name), day) for source in self.sources for day, names in source.seasons.items() for name in names
        )

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Words for numbers."""
        return {
            fold(word): number
            for source in reversed(self.sources)
            for number, words in enumerate(source.numbers, start=1)
            for word in words
        }

    def says(self, tokens: list[str], name: str) -> bool:
        """Whether one of the phrases of a name in WORDS stands in the tokens."""
        return any(place_of(tokens, phrase(text)) >= 0 for source in self.sources for text in source.words[name])


class DateReader:
    """Reads answers to "when did you sow?"; English words hold in every language."""

    def __init__(self, words: Iterable[DateWords]) -> None:
        found = {source.language: source for source in words}
        english = found.get("en")
        self._by_language = {
            language: Vocabulary((source,) if english is None or english is source else (source, english))
            for language, source in found.items()
        }

    def read(self, text: str, language: str, today: date) -> date | Unknown | None:
        """The day, UNKNOWN where she says that she does not know, None where the text says neither."""
        words = self._by_language.get(language) or self._by_language.get("en")
        folded = fold(text)
        tokens = tokenise(folded)
        if words is None or not tokens or len(tokens) > LONGEST:
            return None
        if words.says(tokens, "unknown"):
            return UNKNOWN
        for found in candidates(folded, tokens, words, today):
            if today - OLDEST <= found <= today:
                return found
        return None


def candidates(folded: str, tokens: list[str], words: Vocabulary, today: date) -> Iterator[date]:
    """What the text may mean, the surest first."""
    yield from numeric(folded, today)
    yield from by_month(tokens, words, today)
    yield from back_from(tokens, words, today)
    for name, (month, day) in words.seasons:
        if place_of(tokens, name) >= 0:
            yield latest(month, day, today)
    if words.says(tokens, "today"):
        yield today
    if words.says(tokens, "yesterday"):
        yield today - timedelta(days=1)
    if len(tokens) == 1 and tokens[0].isdecimal():
        yield from day_of_month(int(tokens[0]), today)


def numeric(text: str, today: date) -> Iterator[date]:
    """2026-07-10, 10/7, 10.7.26: the day before the month, unless that cannot be."""
    if match := ISO.search(text):
        yield from real(int(match[1]), int(match[2]), int(match[3]))
        return
    match = NUMERIC.search(text)
    if not match:
        return
    for day, month in ((int(match[1]), int(match[2])), (int(match[2]), int(match[1]))):
        if not (1 <= month <= 12 and 1 <= day <= 31):
            continue
        if match[3] is None:
            yield latest(month, day, today)
        else:
            yield from real(int(match[3]) + (2000 if len(match[3]) == 2 else 0), month, day)


def by_month(tokens: list[str], words: Vocabulary, today: date) -> Iterator[date]:
    """15 june, june 15 2026, middle of june, june."""
    for name, month in words.months:
        at = place_of(tokens, name)
        if at < 0:
            continue
        numbers = [int(token) for token in tokens if token.isdecimal()]
        year = next((number for number in numbers if 2000 <= number <= 2100), None)
        part = next((day for what, day in PARTS.items() if words.says(tokens, what)), 15)
        day = next((number for number in numbers if 1 <= number <= 31), part)
        if year:
            yield from real(year, month, day)
        else:
            yield latest(month, day, today)
        return


def back_from(tokens: list[str], words: Vocabulary, today: date) -> Iterator[date]:
    """2 weeks ago, ten days, last month."""
    for unit, days in DAYS.items():
        if not words.says(tokens, unit):
            continue
        numbers = [int(token) for token in tokens if token.isdecimal()]
        numbers += [words.numbers[token] for token in tokens if token in words.numbers]
        if numbers or words.says(tokens, "last"):
            yield today - timedelta(days=days * (numbers[0] if numbers and numbers[0] <= 400 else 1))
        return


def day_of_month(day: int, today: date) -> Iterator[date]:
    """The 15th, of this month or the one before."""
    first = today.replace(day=1)
    for month in (first, (first - timedelta(days=1)).replace(day=1)):
        yield from real(month.year, month.month, day)


def latest(month: int, day: int, today: date) -> date:
    """The last such day that is not in the future; the last day of a month that is shorter."""
    for year in (today.year, today.year - 1):
        for near in range(day, 0, -1):
            found = next(real(year, month, near), None)
            if found:
                break
        if found and found <= today:
            return found
    return today - 2 * OLDEST


def real(year: int, month: int, day: int) -> Iterator[date]:
    """The date, if there is such a day."""
    try:
        yield date(year, month, day)
    except ValueError:
        return


def phrase(text: str) -> Phrase:
    """A text of the data as tokens."""
    return tuple(tokenise(fold(text)))


def longest_first(pairs: Iterable[tuple[Phrase, T]]) -> list[tuple[Phrase, T]]:
    """Phrases in the order in which they are to be looked for."""
    return sorted((pair for pair in pairs if pair[0]), key=lambda pair: -sum(map(len, pair[0])))


def place_of(tokens: list[str], wanted: Phrase) -> int:
    """Where a phrase stands in the tokens, its last word perhaps with an ending; -1 where it does not."""
    size = len(wanted)
    for at in range(len(tokens) - size + 1):
        *first, last = tokens[at : at + size]
        if tuple(first) == wanted[:-1] and is_form(last, wanted[-1]):
            return at
    return -1


def is_form(token: str, word: str) -> bool:
    """Whether a token is a word, or the word with an ending."""
    if token == word:
        return True
    endings = not word.isascii() or len(word) >= SHORTEST
    return endings and token.startswith(word) and len(token) - len(word) <= ENDING
