"""messages.po: the texts that a contact reads, and what may be wrong with them."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.pofile import PoFileError, read_po

from bot.domain.errors import DataError

PLACEHOLDER = re.compile(r"[a-z][a-z0-9_]*")
LINE = re.compile(r'\s*(#.*|(msgid|msgid_plural|msgctxt|msgstr(\[\d+])?)?\s*"([^"\\]|\\.)*"\s*)?')
"""A line of a catalogue. Babel leaves out what it cannot read; here it is an error."""


class Blanks(dict[str, object]):
    """Values for a text; a placeholder without one is left out rather than stop an answer."""

    def __missing__(self, key: str) -> str:
        return ""


def placeholders(text: str) -> frozenset[str]:
    """Names in braces. Raises ValueError where the braces do not match."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def message_fault(source: str | None, text: str) -> str | None:
    """What is wrong with a text beside its English source, or None."""
    if source is None:
        return "English has no such message"
    try:
        wanted, found = placeholders(source), placeholders(text)
    except ValueError as error:
        return f"braces: {error}"
    if bad := [name for name in found if not PLACEHOLDER.fullmatch(name)]:
        return f"placeholders need names: {sorted(bad)}"
    return f"placeholders {sorted(found)} instead of {sorted(wanted)}" if found != wanted else None


def message_lines(path: Path) -> dict[str, int]:
    """Line of each message id."""
    with path.open("rb") as file:
        return {str(entry.id): entry.lineno or 1 for entry in read_po(file) if entry.id}


def read_messages(path: Path) -> dict[str, str]:
    """Message id -> text; fuzzy and empty ones are left out. Raises DataError."""
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not LINE.fullmatch(line):
                raise DataError(f"{path}:{number}: {line.strip()[:40]!r} is no line of a catalogue")
        catalog = read_po(BytesIO(path.read_bytes()), abort_invalid=True)
    except PoFileError as error:
        raise DataError(f"{path}:{getattr(error, 'lineno', 0) + 1}: {error}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{path}:1: {error}") from error
    return {str(entry.id): str(entry.string) for entry in catalog if entry.id and entry.string and not entry.fuzzy}
