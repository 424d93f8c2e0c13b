"""Which writing system a text is in, by Unicode blocks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

NO_SCRIPT = "Zyyy"
LATIN = "Latn"

_RANGES = (
    (0x0041, 0x024F, "Latn"), (0x1E00, 0x1EFF, "Latn"), (0xFF21, 0xFF5A, "Latn"),
    (0x0370, 0x03FF, "Grek"), (0x0400, 0x052F, "Cyrl"), (0x0531, 0x058F, "Armn"), (0x0590, 0x05FF, "Hebr"),
    (0x0600, 0x077F, "Arab"), (0x08A0, 0x08FF, "Arab"), (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFC, "Arab"),
    (0x0900, 0x097F, "Deva"), (0xA8E0, 0xA8FF, "Deva"), (0x0980, 0x09FF, "Beng"), (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"), (0x0B00, 0x0B7F, "Orya"), (0x0B80, 0x0BFF, "Taml"), (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"), (0x0D00, 0x0D7F, "Mlym"), (0x0D80, 0x0DFF, "Sinh"), (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"), (0x0F00, 0x0FFF, "Tibt"), (0x1000, 0x109F, "Mymr"), (0x10A0, 0x10FF, "Geor"),
    (0x1100, 0x11FF, "Hang"), (0xAC00, 0xD7AF, "Hang"), (0x1200, 0x139F, "Ethi"), (0x1780, 0x17FF, "Khmr"),
    (0x1C50, 0x1C7F, "Olck"), (0xABC0, 0xABFF, "Mtei"),
    (0x3040, 0x309F, "Hira"), (0x30A0, 0x30FF, "Kana"), (0x3400, 0x9FFF, "Hani"), (0x20000, 0x2FA1F, "Hani"),
)  # fmt: skip
DANDA = "\u0964\u0965"
"""Full stops of all Indic scripts, though they lie in the block of Devanagari."""
INDIC = frozenset({"Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym"})
_INDIC_SHARE = 0.3


def script_of_character(character: str) -> str | None:
    """ISO 15924 code of a letter or sign; None for what every script shares (digits, punctuation, emoji)."""
    code = ord(character)
    if character in DANDA:
        return None
    for first, last, script in _RANGES:
        if first <= code <= last:
            return script if character.isalpha() or script in INDIC else None
    return None


_SCRIPTS: dict[str, str | None] = {}


def count_scripts(text: str) -> Counter[str]:
    """Letters of `text` by script."""
    counts: Counter[str] = Counter()
    for character, number in Counter(text).items():
        if character not in _SCRIPTS:
            if len(_SCRIPTS) > 4096:  # a bound, as strangers choose the characters
                _SCRIPTS.clear()
            _SCRIPTS[character] = script_of_character(character)
        script = _SCRIPTS[character]
        if script:
            counts[script] += number
    return counts


def _pure_pattern(script: str) -> re.Pattern[str]:
    """Matches texts with a letter of `script` and no letter of another: what most texts are, told quickly."""
    codes = [code for first, last, name in _RANGES if name == script for code in range(first, last + 1)]
    letters = "".join(re.escape(chr(code)) for code in codes if chr(code).isalpha())
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    return re.compile(rf"[{_COMMON}]*[{letters}][{letters}{marks}{_COMMON}]*\Z")


_COMMON = r"\s0-9.,;:!?'\"()/%+*=।॥‘’“”–…-"
_PURE = {script: _pure_pattern(script) for script in ("Latn", "Arab", "Ethi", *sorted(INDIC))}


def pure_script_of(text: str) -> str | None:
    """The script of a text that has letters of one alone, by its first letter; None where that is not plain."""
    for character in text:
        if character.isalpha():
            script = script_of_character(character) if character > "z" else LATIN
            pattern = _PURE.get(script or "")
            return script if pattern and pattern.match(text) else None
    return None


def script_of(text: str) -> str:
    """The script that carries the text. Native letters outweigh Latin ones: loan words and names are often Latin."""
    if text.isascii():
        return LATIN if any(map(str.isalpha, text)) else NO_SCRIPT
    pure = pure_script_of(text)
    if pure:
        return pure
    counts = count_scripts(text)
    if not counts:
        return NO_SCRIPT
    total = sum(counts.values())
    script, number = max(((key, value) for key, value in counts.items() if key != LATIN), key=_size, default=("", 0))
    if number and (number >= _INDIC_SHARE * total or not counts[LATIN]):
        return "Jpan" if script in ("Hira", "Kana") or (script == "Hani" and counts["Hira"]) else script
    return LATIN


def _size(item: tuple[str, int]) -> int:
    return item[1]
