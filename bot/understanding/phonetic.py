"""How a word sounds, in one coarse alphabet for Latin letters and nine Indic scripts, so that spellings meet."""

from __future__ import annotations

from functools import lru_cache

INDIC = range(0x0900, 0x0D80)
"""Devanagari to Malayalam: nine blocks of 128 code points with one common layout."""
SPLIT = 3
"""Words of so many consonants are known without their `a`s; shorter ones need them."""

_CONSONANTS = dict(zip(range(0x15, 0x3A), "kkggnccjjnttddnttddnnppbbmirrlllvsssh", strict=True))
_VOWELS = {
    **dict.fromkeys((0x04, 0x05, 0x06), "a"),
    **dict.fromkeys((0x07, 0x08, 0x0D, 0x0E, 0x0F, 0x10), "i"),
    **dict.fromkeys((0x09, 0x0A, 0x11, 0x12, 0x13, 0x14), "u"),
    0x0B: "ri",
}
_SIGNS = {
    0x3E: "a",
    **dict.fromkeys((0x3F, 0x40, 0x45, 0x46, 0x47, 0x48), "i"),
    **dict.fromkeys((0x41, 0x42, 0x49, 0x4A, 0x4B, 0x4C), "u"),
    0x43: "ri",
}
_CHILLU = {"ൺ": "n", "ൻ": "n", "ർ": "r", "ൽ": "l", "ൾ": "l", "ൿ": "k", "ৎ": "t"}
_VIRAMA, _NUKTA, _NASALS = 0x4D, 0x3C, (0x01, 0x02, 0x70)
_DIGRAPHS = {
    "chh": "c", "ch": "c", "sh": "s", "th": "t", "dh": "d", "kh": "k", "gh": "g", "ph": "p", "bh": "b", "jh": "j",
    "ck": "k", "ee": "i", "ei": "i", "ai": "i", "ae": "i", "ea": "i", "ie": "i", "oo": "u", "ou": "u", "au": "u",
    "ow": "u", "aa": "a", "wh": "v", "zh": "l", "ce": "si", "ci": "si",
}  # fmt: skip
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", "abkdipghijklmnupkrstuvvsij", strict=True)) | {"x": "ks"}


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """A lower-case word in the coarse alphabet: aspirates, vowel lengths and doubled letters are gone, `y` is `i`."""
    coarse = _latin(word) if word.isascii() else _indic(word)
    kept = [letter for place, letter in enumerate(coarse) if place == 0 or letter != coarse[place - 1]]
    return "".join(kept)


def key(heard: str, least: int = 2) -> str:
    """What two spellings share: the sound, from three consonants on without its inner `a`s, which people drop.

    Empty where there are fewer than `least` consonants.
    """
    bones = sum(letter not in "aiu" for letter in heard)
    if bones >= SPLIT:
        return heard[0] + heard[1:].replace("a", "")
    return heard if bones >= least else ""


def _latin(word: str) -> str:
    out, place = [], 0
    while place < len(word):
        for size in (3, 2):
            if found := _DIGRAPHS.get(word[place : place + size]):
                out.append(found)
                place += size
                break
        else:
            out.append(_LETTERS.get(word[place], ""))
            place += 1
    return "".join(out)


def _indic(word: str) -> str:
    out: list[str] = []
    pending = False  # a consonant still waits for its vowel
    for char in word:
        code = ord(char)
        if code not in INDIC:
            continue
        place = (code - INDIC.start) % 0x80
        if char in _CHILLU:
            out.append(("a" if pending else "") + _CHILLU[char])
            pending = False
        elif (vowel := _SIGNS.get(place)) is not None:
            out.append(vowel)
            pending = False
        elif place == _VIRAMA:
            pending = False
        elif place in _NASALS:
            out.append("an" if pending else "n")
            pending = False
        elif place != _NUKTA:
            consonant = _CONSONANTS.get(place)
            out.append(("a" if pending else "") + (consonant or _VOWELS.get(place, "")))
            pending = consonant is not None
    return "".join(out)  # an inherent vowel at the end is not spoken where it matters, nor typed
