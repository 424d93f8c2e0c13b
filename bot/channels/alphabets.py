"""The ways to write an SMS (3GPP TS 23.038, 23.040): what each character costs and how much one SMS holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from bot.channels.shift_tables import locking_table, single_shift_table

ESCAPE = 0x1B
DEFAULT_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION_TABLE = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
MESSAGE_OCTETS = 140
CONCATENATION_OCTETS = 5
SHIFT_OCTETS = 3


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One way to write a text. `single` and `part` are the units (septets or UTF-16 units) that one SMS and one part
    of a longer message hold; `locking` and `shift` are national language identifiers, 0 for the default tables."""

    name: str
    single: int
    part: int
    plain: Mapping[str, int] = field(default_factory=dict, repr=False)
    escaped: Mapping[str, int] = field(default_factory=dict, repr=False)
    locking: int = 0
    shift: int = 0

    def cost(self, text: str) -> int | None:
        """Units that the text takes; None where the alphabet lacks a character."""
        if self is UCS2:
            return len(text) + sum(char > "\uffff" for char in text)
        total = 0
        for char in text:
            if char in self.plain:
                total += 1
            elif char in self.escaped:
                total += 2
            else:
                return None
        return total

    def encode(self, text: str) -> bytes:
        """Septets, one a byte and not packed, or UTF-16BE. Raises KeyError on a character that the alphabet lacks."""
        if self is UCS2:
            return text.encode("utf-16-be", "surrogatepass")
        return b"".join(
            bytes((self.plain[char],)) if char in self.plain else bytes((ESCAPE, self.escaped[char])) for char in text
        )


def capacity(header_octets: int) -> int:
    """Septets left beside a user data header of so many octets of elements (the length octet comes on top)."""
    header_bits = 8 * (header_octets + 1) if header_octets else 0
    return (8 * MESSAGE_OCTETS - header_bits) // 7


def _plain(table: str) -> dict[str, int]:
    return {char: code for code, char in enumerate(table) if code != ESCAPE}


UCS2 = Alphabet("ucs2", 70, (MESSAGE_OCTETS - CONCATENATION_OCTETS - 1) // 2)
GSM7 = Alphabet("gsm7", capacity(0), capacity(CONCATENATION_OCTETS), _plain(DEFAULT_TABLE), EXTENSION_TABLE)


@cache
def national(locking: int, shift: int) -> Alphabet:
    """The alphabet of a pair of national tables. Raises DataError for an identifier without such a table."""
    header = SHIFT_OCTETS * (bool(locking) + bool(shift))
    return Alphabet(
        f"gsm7-{locking}-{shift}",
        capacity(header),
        capacity(header + CONCATENATION_OCTETS),
        locking_table(locking) if locking else GSM7.plain,
        single_shift_table(shift) if shift else EXTENSION_TABLE,
        locking,
        shift,
    )


@cache
def alphabets(tables: tuple[int, ...]) -> tuple[Alphabet, ...]:
    """All alphabets that a gateway taking these national languages may use, simplest first, without UCS-2."""
    pairs = [pair for nli in tables for pair in ((0, nli), (nli, 0), (nli, nli))]
    return (GSM7, *(national(*pair) for pair in pairs if has_tables(*pair)))


def has_tables(locking: int, shift: int) -> bool:
    """Spanish (2) has a single shift table only."""
    return locking != 2 and (locking, shift) != (0, 0)
