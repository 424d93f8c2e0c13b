"""Decides whether a model's sentences may go out. Fails closed: what is not proved to stand in the cited steps stops.

Every sentence must be told from one sentence of the cited steps: its words stand there or are plain ones of the
language, its numbers stand there with all that follows up to the end of the clause (unit, what it is per), and it
denies what that one denies. And every cited sentence must be told, least of all may protection be dropped on the way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.answering.lexicon import NUMBER, Lexicon, tails
from bot.knowledge import Restricted
from bot.knowledge.restricted import restricted_names

MOST_LONGER = 1.5
"""A text may be so many times as long as the steps that it tells."""
MOST_LETTERS = 1500
LEAST_TOLD = 0.8
"""Share of a cited sentence's own words that must be told of it."""
SIGNS = frozenset(" \n.,;:!?¿¡()'’\"-–।%°/\u200c\u200d")
SENTENCE = re.compile(r"(?<=[.;!?।])\s+|\n+")
INCOMPLETE = "incomplete"
ADDRESS = re.compile(r"\w[.@/]\w*[^\W\d_]|//|\b(?:system|user|assistant)\s*:", re.IGNORECASE)
"""Web and mail addresses, and names of roles. A decimal point stands between digits."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges texts in the languages of `lexicons`; `language_of` names the language of a text (a tag)."""

    lexicons: Mapping[str, Lexicon]
    restricted: tuple[Restricted, ...]
    language_of: Callable[[str], str]

    def fault(self, said: str, title: str, steps: Sequence[str], language: str, *, whole: bool = True) -> str | None:
        """What is wrong with a text that shall tell `steps`, as one word for the metrics; None: let it out.

        Of a text that is not `whole` yet (complete sentences all the same) only what it says is judged.
        """
        lexicon = self.lexicons.get(language, Lexicon())
        if not lexicon.complete or not steps:
            return "language"
        found = [*faults_of_signs(said, steps), *self._faults_of_words(said, title, steps, lexicon)]
        if not whole:
            found = [fault for fault in found if fault != INCOMPLETE]
        return found[0] if found else None if self.language_of(said) == language else "language"

    def _faults_of_words(self, said: str, title: str, steps: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
        if any(restricted_names(said, self.restricted)):
            yield "restricted"
        cited = [tokens for step in steps for tokens in sentences_of(step, lexicon)]
        allowed = [*cited, *sentences_of(title, lexicon)]
        sentences = sentences_of(said, lexicon)
        if not all(any(tells(sentence, one, lexicon) for one in allowed) for sentence in sentences):
            yield "ungrounded"
        if not all(is_told(one, sentences, lexicon) for one in cited):
            yield INCOMPLETE


def faults_of_signs(said: str, steps: Sequence[str]) -> Iterator[str]:
    """Too long or empty, signs that no plain sentence needs, addresses."""
    if not said.strip() or len(said) > min(MOST_LETTERS, MOST_LONGER * sum(map(len, steps))):
        yield "length"
    if any(map(is_strange, said)):
        yield "sign"
    if ADDRESS.search(said):
        yield "address"


def is_strange(char: str) -> bool:
    """Control and invisible signs, brackets of roles, fractions, symbols."""
    return char not in SIGNS and unicodedata.category(char)[0] not in "LM" and unicodedata.category(char) != "Nd"


def sentences_of(text: str, lexicon: Lexicon) -> list[tuple[str, ...]]:
    """The tokens of each sentence."""
    return [lexicon.tokens(part) for part in SENTENCE.split(text) if part.strip()]


def finished(text: str) -> str:
    """The complete sentences of a text that still grows: all up to the last gap between two."""
    gaps = [gap.start() for gap in SENTENCE.finditer(text)]
    return text[: gaps[-1]] if gaps else ""


def tells(sentence: Sequence[str], cited: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether a sentence says nothing that the cited one does not. Names and units are looked at apart as well, since
    a plain word may be part of one."""
    return (
        lexicon.words(sentence) <= lexicon.words(cited)
        and lexicon.named(sentence) <= lexicon.named(cited)
        and lexicon.units_in(sentence) <= lexicon.units_in(cited)
        and set(tails(sentence)) <= set(tails(cited))
        and lexicon.denials(sentence) == lexicon.denials(cited)
    )


def is_told(cited: Sequence[str], sentences: Sequence[Sequence[str]], lexicon: Lexicon) -> bool:
    """Whether sentences tell most of a cited one, and all its numbers."""
    told = {token for sentence in sentences if tells(sentence, cited, lexicon) for token in sentence}
    own = lexicon.words(cited)
    return {token for token in cited if NUMBER.match(token)} <= told and len(own & told) >= LEAST_TOLD * len(own)
