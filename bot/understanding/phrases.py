"""Phrases of utterances.yaml: words in order with small gaps, and patterns with a slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.locales import Command
from bot.understanding.lexicon import tokenise

GAP = 2
"""Words that may stand between two words of a phrase."""
SLOT = "*"
LONGEST_SLOT = 4
"""Words that a slot takes at most."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in order; each place takes any of its words, after at most `gaps[i]` other ones."""

    places: tuple[frozenset[str], ...]
    gaps: tuple[int, ...]
    meaning: str

    def ends(self, tokens: list[str], start: int) -> int:
        """Index after the phrase when it begins at `start`, else 0."""
        place = start + 1
        for words, gap in zip(self.places[1:], self.gaps[1:], strict=True):
            near = range(place, min(place + gap + 1, len(tokens)))
            if (hit := next((at for at in near if tokens[at] in words), None)) is None:
                return 0
            place = hit + 1
        return place


class Phrases:
    """Phrases by their first words."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_first: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in phrases:
            for word in phrase.places[0]:
                self._by_first[word].append(phrase)

    def find(self, tokens: list[str]) -> Iterator[str]:
        """Meanings of the phrases in a text, in order."""
        for start, token in enumerate(tokens):
            for phrase in self._by_first.get(token, ()):
                if phrase.ends(tokens, start):
                    yield phrase.meaning


def command_tokens(text: str) -> list[str]:
    """Tokens of a text, apostrophes dropped: "don't" is one word."""
    return tokenise(text.replace("'", ""))


def parse_phrases(text: str, meaning: str) -> Iterator[Phrase]:
    """`drank|ate poison on_purpose`: alternatives by `|`, small gaps at blanks, none at `_`."""
    places, gaps = [], []
    for group in text.split():
        for number, part in enumerate(group.split("_")):
            words = frozenset(token for word in part.split("|") for token in command_tokens(word))
            if words:
                places.append(words)
                gaps.append(0 if number else GAP)
    if places:
        yield Phrase(tuple(places), tuple(gaps), meaning)


def slot(tokens: list[str], pattern: tuple[str, ...]) -> str | None:
    """What stands where the pattern has its `*`; the pattern's words stand at the ends of the text."""
    at = pattern.index(SLOT)
    before, after = pattern[:at], pattern[at + 1 :]
    inner = tokens[len(before) : len(tokens) - len(after)]
    fits = tuple(tokens[: len(before)]) == before and tuple(tokens[len(tokens) - len(after) :]) == after
    return " ".join(inner) if fits and 0 < len(inner) <= LONGEST_SLOT else None


def phrases_of(commands: Iterable[tuple[str, Command]]) -> Iterator[Phrase]:
    """Phrases of `anywhere` without a slot."""
    for name, command in commands:
        for text in command.anywhere:
            if SLOT not in text:
                yield from parse_phrases(text, name)


def slots_of(commands: Iterable[tuple[str, Command]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Patterns of `anywhere` with a slot: words before and after `*`."""
    for name, command in commands:
        for text in command.anywhere:
            if SLOT in text:
                before, _, after = text.partition(SLOT)
                yield (*command_tokens(before), SLOT, *command_tokens(after)), name
