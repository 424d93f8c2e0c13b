"""Finds restricted active ingredients in a text, in any script and letter case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from bot.knowledge import Restricted

STATUSES = frozenset({"banned", "refused", "restricted", "withdrawn", "proposed"})


def restricted_names(text: str, restricted: tuple[Restricted, ...]) -> Iterator[str]:
    """Names in `text` that stand for a restricted ingredient."""
    pattern = name_pattern(tuple(sorted({name for entry in restricted for name in entry.names})))
    if pattern:
        yield from (match.group() for match in pattern.finditer(plain(text)))


@lru_cache(maxsize=4)
def name_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern for all names, longest first; hyphens, spaces and brackets between their words may differ."""
    if not names:
        return None
    forms = sorted(
        {r"[\s\-()]*".join(map(re.escape, re.findall(r"[^\s\-()]+", plain(name)))) for name in names}, key=len
    )
    return re.compile(r"(?<![^\W_])(?:" + "|".join(reversed(forms)) + r")(?![^\W_])")


def plain(text: str) -> str:
    """Lower case, compatibility forms resolved."""
    return unicodedata.normalize("NFKC", text).casefold()
