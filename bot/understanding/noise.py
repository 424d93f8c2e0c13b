"""How thumbs misspell: romanised words written the many ways that people write them. For training and tests."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

SWAPS: Sequence[tuple[str, Sequence[str]]] = (
    ("aa", ("a",)), ("ee", ("i", "e")), ("oo", ("u", "o")), ("ii", ("i", "ee")), ("uu", ("u", "oo")),
    ("a", ("aa",)), ("i", ("ee", "e", "y")), ("u", ("oo", "o")), ("e", ("i", "ai", "ae")), ("o", ("u",)),
    ("ai", ("e", "ay", "ei")), ("au", ("o", "ou", "aw")),
    ("chh", ("ch", "6")), ("ch", ("c", "chh")), ("kh", ("k",)), ("gh", ("g",)), ("jh", ("j", "z")), ("th", ("t",)),
    ("dh", ("d",)), ("ph", ("f", "p")), ("bh", ("b", "v")), ("f", ("ph",)), ("sh", ("s",)), ("zh", ("l", "z")),
    ("t", ("th",)), ("d", ("dh",)), ("s", ("sh",)), ("v", ("w",)), ("w", ("v",)), ("z", ("j",)), ("j", ("z",)),
    ("ksh", ("x", "ks", "sh")), ("k", ("c", "q")), ("y", ("i",)), ("l", ("ll",)), ("n", ("nn",)), ("m", ("n",)),
    ("kk", ("k",)), ("tt", ("t",)), ("dd", ("d",)), ("ll", ("l",)), ("nn", ("n",)), ("mm", ("m",)), ("pp", ("p",)),
    ("to", ("2",)), ("for", ("4",)), ("ate", ("8",)), ("se", ("c",)),
)  # fmt: skip
"""What is written, and how it is also written: vowel length, aspirates, doubled letters, w/v, ph/f, z/j, digits."""

_SWAPS = dict(SWAPS)
_PARTS = re.compile("|".join(sorted(_SWAPS, key=len, reverse=True)))
_INNER_A = re.compile(r"(?<=[bcdfghjklmnpqrstvwxyz])a(?=[bcdfghjklmnpqrstvwxyz][aeiou])")
_INNER_VOWELS = re.compile(r"(?<=[a-z])[aeiou]+(?=[a-z])")


def misspell(text: str, rng: random.Random, rate: float = 0.15) -> str:
    """`text` (lower-case Latin) as another would type it: about `rate` of the places that vary do so."""
    return " ".join(_misspell_word(word, rng, rate) for word in text.split())


def _misspell_word(word: str, rng: random.Random, rate: float) -> str:
    if not word.isascii() or not word.isalpha():
        return word
    if len(word) > 3 and rng.random() < rate / 2:
        word = _INNER_A.sub("", word, count=1)
    if 3 < len(word) < 8 and rng.random() < rate / 6:
        return shorten(word)
    return _PARTS.sub(lambda match: _swap(match[0], rng, rate), word)


def _swap(part: str, rng: random.Random, rate: float) -> str:
    return rng.choice(_SWAPS[part]) if rng.random() < rate else part


def shorten(word: str) -> str:
    """SMS shortening: vowels inside the word are left out (karna -> krna)."""
    return _INNER_VOWELS.sub("", word) if len(word) > 3 else word
