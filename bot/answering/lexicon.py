"""What the guard knows of a language: `locales/<lang>/guard.yaml`, its unit words, and the names in entities.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.knowledge.numbers import western
from bot.knowledge.schema import validated
from bot.knowledge.units import units_of
from bot.locales import Locales

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[%°]|[.,;:!?()।\n]+|[^\W\d_][\w\u0300-\u036f\u0900-\u0dff\u200c\u200d'’]*")
NUMBER = re.compile(r"\d")
CLAUSE_END = frozenset(".,;:!?()।\n")
NAMED = frozenset({"crops", "problems", "inputs"})
LEAST_ENDING = 3
"""Letters of a denial that may be written onto a word: shorter ones end many words that deny nothing."""


class GuardFile(BaseModel):
    """guard.yaml: values with their words, words that deny, words that any sentence may have."""

    model_config = ConfigDict(extra="forbid")

    numbers: dict[float, list[str]]
    negations: list[str]
    plain: list[str] = []


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of a language, folded: units and names with their ids, numbers with their values, denials, plain words."""

    units: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    negations: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Enough to judge the language by."""
        return bool(self.units and self.numbers and self.negations)

    def tokens(self, text: str) -> tuple[str, ...]:
        """Words, numbers and clause ends; number words and native digits as Western digits."""
        found = TOKEN.findall(western(folded(text)))
        return tuple(f"{self.numbers[word]:g}" if word in self.numbers else word for word in found)

    def words(self, tokens: Sequence[str]) -> frozenset[str]:
        """What tokens say of their own: all but plain words, denials, numbers and clause ends."""
        said = (token for token in tokens if token[0] not in CLAUSE_END and not NUMBER.match(token))
        return frozenset(said) - self.plain - self.negations

    def denials(self, tokens: Sequence[str]) -> frozenset[str]:
        """The words that deny, those with a denial written onto them included."""
        endings = tuple(word for word in self.negations if len(word) >= LEAST_ENDING and not word.isascii())
        return frozenset(token for token in tokens if token in self.negations or token.endswith(endings))

    def units_in(self, tokens: Sequence[str]) -> frozenset[str]:
        """Ids of the units that are named."""
        return frozenset(self.units[token] for token in tokens if token in self.units)

    def named(self, tokens: Sequence[str]) -> frozenset[str]:
        """Ids of the crops, problems and inputs that are named, by runs of one to three words."""
        runs = [*tokens, *(" ".join(pair) for pair in pairwise(tokens))]
        runs += [" ".join(three) for three in zip(tokens, tokens[1:], tokens[2:], strict=False)]
        return frozenset(self.names[run] for run in runs if run in self.names)


def tails(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """For each number: the word before it, itself, and all that follows to the end of the clause."""
    for at, token in enumerate(tokens):
        if NUMBER.match(token):
            end = next((later for later in range(at, len(tokens)) if tokens[later][0] in CLAUSE_END), len(tokens))
            yield (tokens[at - 1] if at else "", *tokens[at:end])


def read_lexicon(locales: Locales, language: str) -> Lexicon:
    """A language's lexicon; one that is not `complete` where its files are missing. Raises DataError."""
    path = locales.path / language / "guard.yaml"
    if not Path(path).is_file():
        return Lexicon()
    file = validated(GuardFile, path)
    entities = locales.entities.get(language)
    return Lexicon(
        units={folded(word): unit for word, unit in units_of(locales.path, language).items()},
        numbers={folded(word): value for value, words in file.numbers.items() for word in words},
        negations=folded_set(file.negations),
        plain=folded_set(file.plain),
        names={folded(name.text): name.id for name in (entities.names if entities else ()) if name.kind in NAMED},
    )


def folded_set(words: Iterable[str]) -> frozenset[str]:
    """Words folded."""
    return frozenset(folded(word) for word in words)


def folded(text: str) -> str:
    """Compatibility forms resolved, lower case."""
    return unicodedata.normalize("NFKC", text).casefold()
