"""National language shift tables of 3GPP TS 23.038 annex A for the languages served: which septet is which character.

All Indic locking tables are one layout moved to the script's Unicode block: the block's letters in order, with
punctuation and digits at fixed places. So each script is given by its block, the letters that it lacks, and the six
places that differ. The same holds for their single shift tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bot.domain.errors import DataError


@dataclass(frozen=True, slots=True)
class ScriptTable:
    """One script's part of the tables, as offsets (hexadecimal) into its Unicode block."""

    language: str
    block: int
    lacks: str
    """Offsets of the common layout that stay empty."""
    last: str
    """What stands at 0x60 and 0x7B-0x7F of the locking table."""
    shifted: str
    """What the single shift table holds from 0x19 on, in order; `..` is an empty place, `|` and `=` the dandas."""


# The places of the locking table that hold letters, by the letter's offset in the block; from 0x00, row by row.
LOCKING_LAYOUT = (
    "01 02 03 05 06 07 08 09 0a 0b \\n 0c 0d \\r 0e 0f 10 11 12 13 14 15 16 17 18 19 1a .. 1b 1c 1d 1e "
    "SP ! 1f 20 21 22 23 24 ) ( 25 26 , 27 . 28 0 1 2 3 4 5 6 7 8 9 : ; 29 2a 2b ? "
    "2c 2d 2e 2f 30 31 32 33 34 35 36 37 38 39 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d"
)
SIGNS = {"SP": " ", "\\n": "\n", "\\r": "\r", "|": "।", "=": "॥"}
SHIFT_SIGNS = "@£$¥¿\"¤%&'\f*+ -/<=>¡^"
SHIFT_PLACES = (0x19, 0x1A, *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C))
INDIC_SHIFT = {
    "_": 0x16, "#": 0x17, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
SPANISH_SHIFT = {
    "ç": 0x09, "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40,
    "Á": 0x41, "Í": 0x49, "Ó": 0x4F, "Ú": 0x55, "á": 0x61, "€": 0x65, "í": 0x69, "ó": 0x6F, "ú": 0x75,
}  # fmt: skip

SPANISH = 2
SCRIPTS: Mapping[int, ScriptTable] = {
    4: ScriptTable(
        "bn", 0x0980, "0d 0e 11 12 29 31 33 34 35 45 46 49 4a", "4e 57 5c 5d 70 71",
        "66 67 68 69 6a 6b 6c 6d 6e 6f 5f 60 61 62 63 72 73 74 75 76 77 78 79 7a",
    ),
    5: ScriptTable(
        "gu", 0x0A80, "0e 12 29 31 34 46 4a", "50 60 61 62 63 71", "| = 66 67 68 69 6a 6b 6c 6d 6e 6f"
    ),
    6: ScriptTable(
        "hi", 0x0900, "", "50 72 7b 7c 7e 7f",
        "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 51 52 53 54 58 59 5a 5b 5c 5d 5e 5f 60 61 62 63 70 71",
    ),
    7: ScriptTable(
        "kn", 0x0C80, "01 0d 11 29 34 45 49", "55 56 60 61 62 63", "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 5e 71 72"
    ),
    8: ScriptTable(
        "ml", 0x0D00, "01 0d 11 29 3c 45 49", "57 60 61 62 63 79",
        "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72 73 74 75 7a 7b 7c 7d 7e 7f",
    ),
    9: ScriptTable(
        "or", 0x0B00, "0d 0e 11 12 29 31 34 45 46 49 4a", "56 57 60 61 62 63",
        "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 5c 5d 5f 70 71",
    ),
    10: ScriptTable(
        "pa", 0x0A00, "0b 0c 0d 0e 11 12 29 31 34 37 3d 43 44 45 46 49 4a", "51 70 71 72 73 74",
        "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 59 5a 5b 5c 5e 75",
    ),
    11: ScriptTable(
        "ta", 0x0B80, "01 0b 0c 0d 11 16 17 18 1b 1d 20 21 22 25 26 27 2b 2c 2d 3c 3d 43 44 45 49",
        "50 57 70 71 72 79", "| = 66 67 68 69 6a 6b 6c 6d 6e 6f 73 74 75 76 77 78 7a",
    ),
    12: ScriptTable(
        "te", 0x0C00, "0d 11 29 34 3c 45 49", "55 56 60 61 62 63",
        ".. .. 66 67 68 69 6a 6b 6c 6d 6e 6f 58 59 78 79 7a 7b 7c 7d 7e 7f",
    ),
}  # fmt: skip
NATIONAL_LANGUAGES: Mapping[str, int] = {
    "es": SPANISH, "mr": 6, **{table.language: number for number, table in SCRIPTS.items()}
}  # fmt: skip
"""National language identifiers by language."""


@cache
def locking_table(identifier: int) -> Mapping[str, int]:
    """Characters and their septets in a locking table. Raises DataError for a language without one."""
    script = _script(identifier)
    lacks = script.lacks.split()
    table = {
        _sign(entry, script.block): place
        for place, entry in enumerate(LOCKING_LAYOUT.split())
        if entry != ".." and entry not in lacks
    }
    places = (0x60, *range(0x7B, 0x80))
    table |= {_sign(entry, script.block): place for place, entry in zip(places, script.last.split(), strict=True)}
    return table | {chr(ord("a") + number): 0x61 + number for number in range(26)}


@cache
def single_shift_table(identifier: int) -> Mapping[str, int]:
    """Characters and the septets that stand for them after an escape. Raises DataError like `locking_table`."""
    if identifier == SPANISH:
        return SPANISH_SHIFT
    script = _script(identifier)
    table = {char: place for place, char in enumerate(SHIFT_SIGNS) if char != " "} | INDIC_SHIFT
    table |= {
        _sign(entry, script.block): place
        for place, entry in zip(SHIFT_PLACES, script.shifted.split(), strict=False)
        if entry != ".."
    }
    return table | {chr(ord("A") + number): 0x41 + number for number in range(26)}


def _script(identifier: int) -> ScriptTable:
    if identifier not in SCRIPTS:
        raise DataError(f"no national language table {identifier}; known: {SPANISH} and {sorted(SCRIPTS)}")
    return SCRIPTS[identifier]


def _sign(entry: str, block: int) -> str:
    if entry in SIGNS:
        return SIGNS[entry]
    return chr(block + int(entry, 16)) if len(entry) == 2 else entry
