"""Decides whether a model's sentences may go out. Fails closed: what is not proved to stand in the cited steps stops.

Every sentence must be told from one cited step: its words stand there or are plain ones of the language, its numbers
stand there with all that follows up to the end of the clause (unit, what it is per), it denies what the step denies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.knowledge import Restricted
from bot.knowledge.numbers import western
from bot.knowledge.restricted import restricted_names

MOST_LONGER = 1.5
"""A text may be so many times as long as the steps that it tells."""
MOST_LETTERS = 1500
LEAST_TOLD = 0.6
"""Share of a step's own words that must be told of it."""
SIGNS = frozenset(" \n.,;:!?()'\"-–’।%°/")
TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[%°]|[.,;:!?()।\n]+|[^\W\d_][\w\u0300-\u036f\u0900-\u0dff\u200c\u200d’']*")
NUMBER = re.compile(r"\d")
CLAUSE_END = frozenset(".,;:!?()।\n")
SENTENCE = re.compile(r"(?<=[.;!?।])\s+|\n+")
ADDRESS = re.compile(r"\w[.@/]\w*[^\W\d_]|//|\b(?:system|user|assistant)\s*:", re.IGNORECASE)
"""Web and mail addresses, and names of roles. A decimal point stands between digits."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the guard knows of a language: words for units, numbers and denial, plain words, names of crops and pests.

    `names` maps a word or phrase, folded, to an id.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    negations: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)

    def tokens(self, text: str) -> list[str]:
        """Words, numbers and clause ends, folded; number words and native digits as digits."""
        found = TOKEN.findall(western(unicodedata.normalize("NFKC", text)).casefold())
        return [f"{self.numbers[word]:g}" if word in self.numbers else word for word in found]

    def words(self, tokens: Sequence[str]) -> frozenset[str]:
        """The words of their own that tokens have: neither plain ones, nor denials, nor numbers."""
        ordinary = (token for token in tokens if token[0] not in CLAUSE_END and not NUMBER.match(token))
        return frozenset(ordinary) - self.plain - self.negations

    def denies(self, tokens: Sequence[str]) -> bool:
        """Whether something is denied. Where denial is written onto the verb, endings are listed as well."""
        return any(token in self.negations or token.endswith(self.negation_endings) for token in tokens)

    @property
    def negation_endings(self) -> tuple[str, ...]:
        """Denials in letters other than Latin, which may be written onto words."""
        return tuple(word for word in self.negations if not word.isascii())

    def named(self, tokens: Sequence[str]) -> frozenset[str]:
        """Ids of the crops, problems and inputs that are named, by words of one to three."""
        runs = [*tokens, *(" ".join(pair) for pair in pairwise(tokens))]
        runs += [" ".join(three) for three in zip(tokens, tokens[1:], tokens[2:], strict=False)]
        return frozenset(self.names[run] for run in runs if run in self.names)


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges texts in the languages of `lexicons`; `language_of` names the language of a text (a tag)."""

    lexicons: Mapping[str, Lexicon]
    restricted: tuple[Restricted, ...]
    language_of: Callable[[str], str]

    def fault(self, said: str, title: str, steps: Sequence[str], language: str) -> str | None:
        """The first thing wrong with a text that shall tell `steps`, as one word for the metrics; None: let it out."""
        lexicon = self.lexicons.get(language)
        if lexicon is None or not lexicon.negations or not lexicon.numbers:
            return "language"
        return next(self._faults(said, title, steps, language, lexicon), None)

    def _faults(self, said: str, title: str, steps: Sequence[str], language: str, lexicon: Lexicon) -> Iterator[str]:
        if not said.strip() or len(said) > min(MOST_LETTERS, MOST_LONGER * sum(map(len, steps))):
            yield "length"
        if any(strange(char) for char in said):
            yield "sign"
        if ADDRESS.search(said):
            yield "address"
        if any(restricted_names(said, self.restricted)):
            yield "restricted"
        cited = [lexicon.tokens(step) for step in steps]
        sentences = [lexicon.tokens(part) for part in SENTENCE.split(said) if part.strip()]
        if any(step_told(sentence, [*cited, lexicon.tokens(title)], lexicon) is None for sentence in sentences):
            yield "ungrounded"
        if not all_told(sentences, cited, lexicon):
            yield "incomplete"
        if self.language_of(said) != language:
            yield "language"


def strange(char: str) -> bool:
    """A sign that no plain sentence needs: control and invisible ones, brackets of roles, fractions, symbols."""
    return char not in SIGNS and unicodedata.category(char)[0] not in "LM" and unicodedata.category(char) != "Nd"


def step_told(sentence: Sequence[str], cited: Sequence[Sequence[str]], lexicon: Lexicon) -> int | None:
    """Which of the cited texts a sentence tells, in its own words alone; None when none of them."""
    return next((at for at, step in enumerate(cited) if tells(sentence, step, lexicon)), None)


def tells(sentence: Sequence[str], step: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a sentence says nothing that the step does not say. Names, units and words are looked at apart, since a
    plain word may be part of a name."""
    return (
        lexicon.words(sentence) <= lexicon.words(step)
        and lexicon.named(sentence) <= lexicon.named(step)
        and units_in(sentence, lexicon) <= units_in(step, lexicon)
        and set(tails(sentence)) <= set(tails(step))
        and lexicon.denies(sentence) == lexicon.denies(step)
    )


def units_in(tokens: Sequence[str], lexicon: Lexicon) -> frozenset[str]:
    """Ids of the units that are named."""
    return frozenset(lexicon.units[token] for token in tokens if token in lexicon.units)


def tails(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """For each number: the word before it, itself, and all that follows to the end of the clause."""
    for at, token in enumerate(tokens):
        if NUMBER.match(token):
            end = next((later for later in range(at, len(tokens)) if tokens[later][0] in CLAUSE_END), len(tokens))
            yield (tokens[at - 1] if at else "", *tokens[at:end])


def all_told(sentences: Sequence[Sequence[str]], cited: Sequence[Sequence[str]], lexicon: Lexicon) -> bool:
    """Whether each step is told for the most part: none may be dropped on the way, least of all protection."""
    for step in cited:
        own = lexicon.words(step)
        told = frozenset(word for sentence in sentences if tells(sentence, step, lexicon) for word in sentence)
        numbers = {token for token in step if NUMBER.match(token)}
        if not numbers <= told or len(own & told) < LEAST_TOLD * len(own):
            return False
    return True
