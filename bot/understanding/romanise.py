"""Indic text in the Latin letters of a keypad: what a farmer would type, not what a library catalogue prints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from bot.understanding.letters import BLOCKS, LETTERS, SIGNS, Letters, Schwa

_WORD = re.compile("[\u0900-\u0d7f][\u0900-\u0d7f\u200c\u200d]*")
_SMOOTH = "yrlvwshS"
_SONORANTS = ("y", "r", "l", "v", "n", "m", "")
_DOUBLED = {"आ": "aa", "ई": "ee", "ऊ": "oo"}
_VIRAMA, _NUKTA, _NASAL, _CANDRABINDU, _VISARGA = "्", "़", "ं", "ँ", "ः"
_BARE = "\u200c"
_ADDAK = "ੱ"
_ALIASES = {
    "ৰ": "র", "ৱ": "\u09b5", "ৎ": "ত্" + _BARE, "ੰ": "ਂ", "ੜ": "ਡ਼", "ୟ": "ଯ଼", "ୱ": "\u0b35",
    "ൻ": "ന്" + _BARE, "ൺ": "ണ്" + _BARE, "ർ": "ര്" + _BARE, "ൽ": "ല്" + _BARE, "ൾ": "ള്" + _BARE, "ൿ": "ക്" + _BARE,
    "ॐ": "ओं", "ೝ": "ನ್",
}  # fmt: skip
_TAMIL_F = ("ஃப", "\u0bab")
"""Two letters that stand for one sound; the second is the unassigned place of Devanagari's pha."""
_ALIAS_TABLE = str.maketrans(_ALIASES)
_ZEROS = (0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66)
_PLAIN = {zero + value: str(value) for zero in _ZEROS for value in range(10)} | str.maketrans({
    "।": ".", "॥": ".", "॰": ".", "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "•": "-",
    "₹": "Rs ", "`": "'", "\t": " ", "×": "x", "°": " deg ", "\u00a0": " ", "½": "1/2", "¼": "1/4", "¾": "3/4",
})  # fmt: skip
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
"""What a text in Latin letters may hold so that an SMS carries 160 characters and not 70."""


@dataclass(slots=True)
class _Syllable:
    """A consonant (or none) and its vowel: a Latin vowel, "A" for the unwritten one, "" for none; then a nasal."""

    onset: str
    vowel: str
    key: str = ""
    coda: str = ""
    bare: bool = False


def romanise(text: str, language: str) -> str:
    """`text` in Latin letters, GSM-7 only. `language` (`hi` or `hi-Latn`) tells the habits; Latin words stay."""
    own = language.split("-")[0]
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    latin = _WORD.sub(lambda match: _romanise_word(match[0], own), text.translate(_PLAIN))
    return latin if GSM7.issuperset(latin) else "".join(map(_to_gsm7, latin))


def _to_gsm7(character: str) -> str:
    if character in GSM7:
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if part in GSM7)


def _romanise_word(word: str, own: str) -> str:
    base = ord(word[0]) & ~0x7F
    language = own if _block_of(own) == base else BLOCKS.get(base, own)
    known = _WORDS.get(language, {}).get(word)
    if known is not None:
        return known
    letters = LETTERS.get(language)
    if letters is None:
        return ""
    syllables = _read(word.replace(*_TAMIL_F).translate(_ALIAS_TABLE), base, letters)
    if letters.schwa is not Schwa.KEPT:
        _drop_schwas(syllables, letters)
    _lengthen(syllables, letters)
    return _spell(syllables, letters)


def _block_of(language: str) -> int | None:
    for base, name in BLOCKS.items():
        if name == language or (name, language) in (("hi", "mr"), ("hi", "ne"), ("bn", "as")):
            return base
    return None


def _read(word: str, base: int, letters: Letters) -> list[_Syllable]:
    """Syllables of a word whose letters are those of the block at `base`."""
    syllables: list[_Syllable] = []
    double = False
    for character in word:
        key = chr(ord(character) - base + 0x0900) if base <= ord(character) < base + 0x80 else character
        if character == _ADDAK:
            double = True
        elif key in letters.consonants:
            if double:  # an addak is a virama with the same letter
                syllables.append(_Syllable(letters.consonants[key][0], ""))
                double = False
            joined = key == "व" and syllables and not syllables[-1].vowel and syllables[-1].onset[-1:] not in _SONORANTS
            onset = letters.consonants[key]
            if onset == "B" and not (syllables and not syllables[-1].vowel):
                onset = "b"  # only below a virama is it a w; a vowel that merely falls silent before it changes nothing
            syllables.append(_Syllable("w" if joined and onset == "v" else onset, "A", key))
        elif key in letters.vowels:
            vowel = letters.vowels[key] if syllables else letters.initial.get(key, letters.vowels[key])
            syllables.append(_Syllable("", vowel, key))
        elif syllables:
            _modify(syllables[-1], key, letters)
    return syllables


def _modify(syllable: _Syllable, key: str, letters: Letters) -> None:
    """Applies a sign to the syllable before it."""
    if key in SIGNS:
        syllable.vowel, syllable.key = letters.vowels[SIGNS[key]], SIGNS[key]
    elif key == _VIRAMA:
        syllable.vowel = ""
    elif key == _NUKTA:
        syllable.onset = letters.nukta.get(syllable.key, syllable.onset)
    elif key == _BARE:
        syllable.bare = True
    elif key in (_NASAL, _CANDRABINDU, _VISARGA):
        syllable.coda = {_NASAL: "M", _CANDRABINDU: "~", _VISARGA: "H"}[key]


def _drop_schwas(syllables: list[_Syllable], letters: Letters) -> None:
    """From the end: the last one, then each between two consonants with sounded vowels around (V C _ C V)."""
    last = len(syllables) - 1
    for index in range(last, 0, -1):
        here, before = syllables[index], syllables[index - 1]
        if here.vowel != "A" or here.coda:
            continue
        if index == last:
            silent = not before.vowel and _keeps_last(before.onset, here.onset, letters.schwa)
            here.vowel = letters.inherent if silent else ""
        elif _between_vowels(before, syllables[index + 1], letters):
            here.vowel = ""


def _between_vowels(before: _Syllable, after: _Syllable, letters: Letters) -> bool:
    """Whether the syllables around a schwa are open, so that it falls silent (bad(a)lna)."""
    if not (before.vowel and after.onset and after.vowel):
        return False
    return before.vowel != "A" or _opens(after, letters)


def _keeps_last(before: str, onset: str, schwa: Schwa) -> bool:
    """Whether a word's last schwa is heard after the cluster `before` + `onset` (patra, but ant)."""
    if schwa is Schwa.DROPPED_AFTER_ONE or onset == "y":
        return True
    return onset in {"r", "l", "v", "n", "m"} and before not in {"r", "l", "n", "m", "v", onset}


def _opens(syllable: _Syllable, letters: Letters) -> bool:
    return not letters.open_before or re.match(letters.open_before, syllable.onset + syllable.vowel) is not None


def _lengthen(syllables: list[_Syllable], letters: Letters) -> None:
    """Doubles the long vowels that keypads double."""
    sounded = [syllable for syllable in syllables if syllable.vowel]
    alone = len(sounded) == 1
    closed_alone = alone and not syllables[-1].vowel
    for syllable in sounded:
        if letters.long_anywhere:
            inside = alone or syllable is not syllables[-1]
            a_too = alone or (letters.long_first and syllable is sounded[0])
        else:
            inside, a_too = letters.long_closed and closed_alone, False
        if syllable.key in _DOUBLED and (a_too if syllable.key == "आ" else inside):
            syllable.vowel = _DOUBLED[syllable.key]


def _spell(syllables: list[_Syllable], letters: Letters) -> str:
    spelt = "".join(
        syllable.onset + (letters.inherent if syllable.vowel == "A" else syllable.vowel) + syllable.coda
        for syllable in syllables
    )
    if letters.final_virama and syllables and not syllables[-1].vowel and not syllables[-1].bare:
        spelt += letters.final_virama
    spelt = _spell_nasals(spelt, letters)
    for pattern, latin in letters.clusters:
        spelt = re.sub(pattern, latin, spelt)
    return re.sub("H(?!$)", "", spelt).lower()


def _spell_nasals(spelt: str, letters: Letters) -> str:
    """Resolves anusvara and candrabindu by the letter that follows."""
    last = letters.anusvara_last if letters.candrabindu_last is None else letters.candrabindu_last
    spelt = re.sub("~$", last, spelt).replace("~", "n")
    spelt = re.sub("M$", letters.anusvara_last, spelt)
    spelt = re.sub("M(?=[pbBPm])", "m", spelt)
    return re.sub(f"M(?=[{_SMOOTH}])", letters.anusvara_smooth, spelt).replace("M", letters.anusvara)


_WORDS: Mapping[str, Mapping[str, str]] = {
    language: {unicodedata.normalize("NFC", word): latin for word, latin in letters.words.items()}
    for language, letters in LETTERS.items()
}
