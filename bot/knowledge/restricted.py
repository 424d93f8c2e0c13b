"""Finds restricted active ingredients in a text, in any script and letter case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from bot.knowledge.reader import Restricted

LETTER_BEFORE = r"(?<![^\W_])(?<![\u0900-\u0dff])"
"""No letter before a name, nor a vowel sign or virama, which are no letters to `re`."""


def restricted_names(text: str, restricted: tuple[Restricted, ...]) -> Iterator[str]:
    """Names in `text` that stand for a restricted ingredient."""
    pattern = name_pattern(tuple(sorted({name for entry in restricted for name in entry.names})))
    if pattern:
        yield from (match.group() for match in pattern.finditer(plain(text)))


@lru_cache(maxsize=4)
def name_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern for all names, longest first; hyphens, spaces and brackets between their words may differ.

    In Indic scripts case endings are written onto the name (मोनोक्रोटोफॉसचा), so that only its beginning is a border.
    """
    if not names:
        return None
    forms = sorted(
        {r"[\s\-()]*".join(map(re.escape, re.findall(r"[^\s\-()]+", plain(name)))) for name in names}, key=len
    )
    latin = [form for form in reversed(forms) if form.isascii()]
    native = [form for form in reversed(forms) if not form.isascii()]
    ends = [rf"(?:{'|'.join(latin)})(?![^\W_])"] if latin else []
    return re.compile(LETTER_BEFORE + "(?:" + "|".join([*native, *ends]) + ")")


def plain(text: str) -> str:
    """Lower case, compatibility forms resolved."""
    return unicodedata.normalize("NFKC", text).casefold()
