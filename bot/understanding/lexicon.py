"""Names as a token trie, and what an unknown token was probably meant to be."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

import regex
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.understanding import phonetic

Meaning = tuple[str, str]
"""(kind, id): a section of entities.yaml and an id in it."""
Node = dict[str, "Node | tuple[Meaning, ...]"]
END = ""
TOKEN = regex.compile(r"[\p{L}\p{M}]+|\p{N}+")
SHORTEST_CORRECTED = 4
SHORTEST_JOINED = 3
_NASAL = regex.compile(r"(?:[ङञणनम]्|[ঙঞণনম]্|[ઙઞણનમ]્|[ਙਞਣਨਮ]੍|[ଙଞଣନମ]୍|[ఙఞణనమ]్|[ಙಞಣನಮ]್)(?=\p{L})")
_OPEN: dict[int, str | None] = {
    **dict.fromkeys((0x093C, 0x09BC, 0x0A3C, 0x0ABC, 0x0B3C), None),
    **{block + 1: chr(block + 2) for block in range(0x0900, 0x0C80, 0x80)},
    0x0A70: "ਂ",
}
"""Nukta goes; candrabindu and tippi become anusvara."""


@lru_cache(maxsize=100_000)
def plain(token: str) -> str:
    """A lower-case token without what spelling leaves open: accents, nukta, candrabindu, nasal before a consonant."""
    if token.isascii():
        return token
    if token[0] < "\u0900":
        return "".join(c for c in unicodedata.normalize("NFD", token) if not unicodedata.combining(c))
    token = unicodedata.normalize("NFC", unicodedata.normalize("NFD", token).translate(_OPEN))
    return _NASAL.sub(_anusvara, token)


def _anusvara(match: regex.Match[str]) -> str:
    return chr((ord(match[0][0]) & ~0x7F) + 2)


def tokenise(text: str) -> list[str]:
    """The words and numbers of a normalised text, in lower case and plain form."""
    return [plain(token) for token in TOKEN.findall(text.lower())]


class Lexicon:
    """Names to meanings. `common` are words that are never taken for a misspelt name.

    `grammar` is (suffixes, endings): what may follow a name, and what a name may lose before it. Words of `listed`
    come with the spellings people use: they are found by sound too (where `spoken`), and by look only when they are
    long. The others, English ones, are forgiven more.
    """

    def __init__(
        self,
        names: Iterable[tuple[tuple[str, ...], Meaning]],
        common: frozenset[str],
        grammar: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
        listed: frozenset[str] = frozenset(),
        *,
        spoken: bool = False,
    ) -> None:
        meanings: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
        for tokens, meaning in names:
            if meaning not in meanings[tokens]:
                meanings[tokens].append(meaning)
        self.trie = _trie(_with_joined(meanings))
        self.common = common
        self.vocabulary = frozenset(token for tokens in meanings for token in tokens)
        suffixes, endings = grammar
        self._suffixes = ("", *sorted({plain(s) for s in suffixes}, key=len, reverse=True))
        self._endings = ("", *map(plain, endings))
        self._listed, self._spoken = listed - common, spoken
        self._crops = {
            token for tokens, found in meanings.items() for kind, _ in found if kind == "crops" for token in tokens
        }
        self.corrected = lru_cache(maxsize=20_000)(self._corrected)

    @cached_property
    def _sounds(self) -> dict[str, str]:
        return _by_sound(self._listed) if self._spoken else {}

    @cached_property
    def _shapes(self) -> tuple[_Shapes, _Shapes]:
        return (
            _Shapes(self.vocabulary - self.common - self._listed, self._crops, shortest=5, two_slips=8),
            _Shapes(self._listed, self._crops, shortest=6, two_slips=12),
        )

    def knows(self, token: str) -> bool:
        """Whether the token is in a name or an everyday word."""
        return (
            token in self.vocabulary
            or token in self.common
            or token in self.trie
            or token.removesuffix("s") in self.common
        )

    def names(self, token: str) -> bool:
        """Whether the token is a name by itself."""
        node = self.trie.get(token)
        return isinstance(node, dict) and END in node

    def longest(self, tokens: list[str], start: int) -> tuple[int, tuple[Meaning, ...]]:
        """(end, meanings) of the longest name that begins at `start`; (start, ()) for none."""
        node, best = self.trie, start
        found: tuple[Meaning, ...] = ()
        for place in range(start, len(tokens)):
            step = node.get(tokens[place])
            if not isinstance(step, dict):
                break
            node = step
            if isinstance(meanings := node.get(END), tuple):
                best, found = place + 1, meanings
        return best, found

    def stem(self, token: str) -> str | None:
        """The known word that the token is a grammatical form of."""
        if token.isascii() and token.endswith("s"):
            for cut in (1, 2):
                if (stem := token[:-cut]) in self.vocabulary and len(stem) >= SHORTEST_JOINED:
                    return stem
        shortest = SHORTEST_JOINED if token.isascii() else SHORTEST_JOINED - 1
        for suffix in self._suffixes:
            stem = token.removesuffix(suffix)
            if len(stem) < shortest or (suffix and stem == token):
                continue
            for ending in self._endings:
                if stem + ending in self.vocabulary:
                    return stem + ending
        return None

    def _corrected(self, token: str) -> str | None:
        """The known word that an unknown one sounds or looks like; short words must be exact."""
        if len(token) < SHORTEST_CORRECTED or token[0].isdigit():
            return None
        # In their own script people spell short words right, and vowel length tells words apart.
        least = 2 if token.isascii() else 3
        if heard := self._sounds.get(phonetic.key(phonetic.sound(token), least)):
            return heard
        return next((word for shapes in self._shapes if (word := shapes.nearest(token))), None)


class _Shapes:
    """Words by first letter and length; from `two_slips` letters on two slips are forgiven."""

    def __init__(self, words: Iterable[str], first: set[str], *, shortest: int, two_slips: int) -> None:
        self._two_slips = two_slips
        self._shortest = shortest
        self._words: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(words, key=lambda word: (word not in first, word)):  # of equally near ones a crop wins
            if len(word) >= shortest - 1:
                self._words[word[0], len(word)].append(word)

    def nearest(self, token: str) -> str | None:
        """The word nearest to the token, if near enough."""
        size = len(token)
        if size < self._shortest:
            return None
        slips = 1 if size < self._two_slips else 2
        near = [
            word for length in range(size - slips, size + slips + 1) for word in self._words.get((token[0], length), ())
        ]
        best = process.extractOne(token, near, scorer=OSA.distance, score_cutoff=slips)
        return str(best[0]) if best else None


def _with_joined(meanings: Mapping[tuple[str, ...], list[Meaning]]) -> dict[tuple[str, ...], tuple[Meaning, ...]]:
    """Also "groundnut" for "ground nut", unless that is a name of its own."""
    joined: dict[tuple[str, ...], tuple[Meaning, ...]] = {}
    for tokens, found in meanings.items():
        if len(tokens) == 2 and all(len(token) >= SHORTEST_JOINED for token in tokens):
            joined["".join(tokens),] = tuple(found)
    return joined | {tokens: tuple(found) for tokens, found in meanings.items()}


def _trie(names: Mapping[tuple[str, ...], tuple[Meaning, ...]]) -> Node:
    root: Node = {}
    for tokens, found in names.items():
        node = root
        for token in tokens:
            step = node.setdefault(token, {})
            assert isinstance(step, dict)
            node = step
        node[END] = found
    return root


def _by_sound(words: Iterable[str]) -> dict[str, str]:
    """Phonetic key -> word; of several words the first in the alphabet."""
    found: dict[str, str] = {}
    for word in sorted(words):
        if len(word) >= SHORTEST_JOINED and (bucket := phonetic.key(phonetic.sound(word))):
            found.setdefault(bucket, word)
    return found
