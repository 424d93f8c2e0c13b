"""Texts that nobody should write: real questions bent, scripts mixed, signs in wrong places, noise, endless repeats.

A text is made from the run's seed and its number alone, so that any text of any run can be made again.
"""

from __future__ import annotations

import base64
import csv
import random
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.understanding.noise import misspell
from bot.understanding.romanise import romanise

SCRIPTS: Sequence[tuple[int, int]] = (
    (0x0000, 0x007F), (0x0080, 0x024F), (0x0300, 0x036F), (0x0370, 0x052F), (0x0590, 0x06FF), (0x0700, 0x08FF),
    *((block, block + 0x7F) for block in range(0x0900, 0x0E00, 0x80)), (0x0E00, 0x0FFF), (0x1000, 0x10FF),
    (0x1100, 0x11FF), (0x1200, 0x139F), (0x1780, 0x17FF), (0x1C50, 0x1CFF), (0x1E00, 0x1FFF), (0x2000, 0x20CF),
    (0x2190, 0x27BF), (0x3000, 0x30FF), (0x4E00, 0x4EFF), (0xA8E0, 0xA8FF), (0xABC0, 0xABFF), (0xAC00, 0xACFF),
    (0xD800, 0xDFFF), (0xE000, 0xE0FF), (0xFB00, 0xFBFF), (0xFE00, 0xFEFF), (0xFF00, 0xFFEF), (0x10000, 0x100FF),
    (0x11000, 0x111FF), (0x1D400, 0x1D4FF), (0x1F000, 0x1FAFF), (0xE0000, 0xE007F), (0x10FF80, 0x10FFFF),
)  # fmt: skip
"""Ranges of code points that letters are drawn from: surrogates, private and unassigned ones with the rest."""
VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d"
SIGNS: Sequence[str] = (
    *VIRAMAS, "\u200c", "\u200d", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164", "\ufe0f",
    "\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067",
    "\u2068", "\u2069", "\ud800", "\udfff", "\udc00\ud800", "\x00", "\x07", "\x1b[2J", "\x7f", "\x85", "\u2028", "\r\n",
    "\t", "\u0301", "\u093c", "\u0902", "\u0901", "\u0903", "\u093f", "\u0d4e", "\u0a71", "\u09bc", "\u0dca",
    "😀", "👩🏽‍🌾", "🇮🇳", "🌾🐛", "1\ufe0f\u20e3", "�", "१२", "௫", "৯", "⅞", "²", "१०%", "½",
    "।", "॥", "؟", "...", "'", "\u2019",
    "{", "}", "{crop}", "%s", "%(x)s", "\\", "\\u0000", "<b>", "&amp;", "]]>", "$", "|", "*", "_", "`", "#", "/",
    "https://x.y/?a=b", "a@b.c", "+911234567890", "STOP", "stop", "1", "0", "-1", "1e999", "ABC", "अआ",
    "/start", "/lang",
)  # fmt: skip
"""What is pushed between letters: joiners, bidi marks, lone surrogates, combining signs, emoji, markup, commands."""
LONGEST_REPEAT = 6000
Bend = Callable[[str, random.Random], str]


def seeds(locales: Locales, knowledge: Knowledge, shared_data: Path | None = None) -> tuple[str, ...]:
    """What is bent: questions of all cards, examples and commands of all languages; real questions where they are."""
    said = (question.text for card in knowledge.cards.values() for t in card.texts.values() for question in t.questions)
    spoken = (
        text
        for utterances in locales.utterances.values()
        for texts in (
            (example.text for example in utterances.examples),
            (text for command in utterances.commands.values() for text in command.say),
            utterances.fillers,
        )
        for text in texts
    )
    names = (name.text for names in locales.entities.values() for name in names.names)
    return tuple(sorted({*said, *spoken, *names, *(real_questions(shared_data) if shared_data else ())}))


def real_questions(folder: Path) -> set[str]:
    """The questions of the CSV files in the folder."""
    found: set[str] = set()
    for path in sorted(folder.glob("*_dev.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row.get("query_text") or row.get("Question") or "" for row in csv.DictReader(file)}
    return found


def text_of(seed: int, number: int, questions: Sequence[str]) -> str:
    """The text of that number: three in four are bent questions, the rest noise."""
    rng = random.Random(f"{seed} {number}")
    if rng.random() < 0.25:
        return rng.choice(NOISES)(rng)
    text = rng.choice(questions)
    for _ in range(rng.randint(1, 4)):
        text = rng.choice(BENDS)(text, rng)
    if rng.random() < 0.2:
        text += rng.choice((" ", "", ". ", "\n")) + rng.choice(questions)
    return endless(text, rng) if rng.random() < 0.002 else text


def letter(rng: random.Random) -> str:
    """Any code point of the ranges above."""
    return chr(rng.randint(*rng.choice(SCRIPTS)))


def drop(text: str, rng: random.Random) -> str:
    """Without some piece."""
    at = rng.randint(0, len(text))
    return text[:at] + text[at + rng.randint(1, 4) :]


def push(text: str, rng: random.Random) -> str:
    """With signs pushed in."""
    for _ in range(rng.randint(1, 5)):
        at = rng.randint(0, len(text))
        text = text[:at] + (rng.choice(SIGNS) if rng.random() < 0.7 else letter(rng)) + text[at:]
    return text


def between(text: str, rng: random.Random) -> str:
    """With one sign between all letters."""
    return rng.choice(SIGNS).join(text)


def stretch(text: str, rng: random.Random) -> str:
    """With one letter, sign or all of its words repeated."""
    if not text:
        return text
    at = rng.randrange(len(text))
    return rng.choice((text[:at] + text[at] * rng.randint(2, 40) + text[at:], f"{text} " * rng.randint(2, 6)))


def swap(text: str, rng: random.Random) -> str:
    """With two neighbours changed about."""
    at = rng.randint(0, max(len(text) - 2, 0))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def shuffle(text: str, rng: random.Random) -> str:
    """With its words in another order."""
    words = text.split()
    rng.shuffle(words)
    return rng.choice((" ", "", "  ", "\u00a0", "\u3000")).join(words)


def transpose(text: str, rng: random.Random) -> str:
    """Indic letters as the same letters of another script, in part or whole: no keyboard writes that."""
    block = rng.choice(range(0x0900, 0x0D80, 0x80))
    return "".join(
        chr(block + (ord(c) & 0x7F)) if 0x0900 <= ord(c) < 0x0D80 and rng.random() < 0.7 else c for c in text
    )


BENDS: Sequence[Bend] = (
    drop, drop, push, push, push, between, stretch, stretch, swap, shuffle, transpose,
    lambda text, rng: misspell(text.lower(), rng, 0.4),
    lambda text, rng: romanise(text, rng.choice(("hi", "ta", "ml", "or", "bn", "xx"))),
    lambda text, rng: unicodedata.normalize(rng.choice(("NFC", "NFD", "NFKC", "NFKD")), text),
    lambda text, rng: rng.choice((str.upper, str.title, str.swapcase, str.casefold))(text),
    lambda text, rng: text[::-1],
    lambda text, rng: text[: rng.randint(0, len(text))],
    lambda text, rng: text.encode("utf-8", "ignore").decode(rng.choice(("latin-1", "cp437", "utf-16-le")), "replace"),
)  # fmt: skip


def soup(rng: random.Random) -> str:
    """Letters of all scripts."""
    return "".join(letter(rng) for _ in range(rng.randint(0, 80)))


def salad(rng: random.Random) -> str:
    """Letters of one script, with blanks and signs."""
    first, last = rng.choice(SCRIPTS)
    return "".join(
        rng.choice(SIGNS) if rng.random() < 0.1 else " " if rng.random() < 0.15 else chr(rng.randint(first, last))
        for _ in range(rng.randint(0, 60))
    )


def signs(rng: random.Random) -> str:
    """Nothing but signs."""
    return "".join(rng.choices(SIGNS, k=rng.randint(0, 30)))


def packed(rng: random.Random) -> str:
    """Bytes of a compressed file, read as text in a way that programs do."""
    data = zlib.compress(rng.randbytes(rng.randint(0, 90)))
    return rng.choice((
        base64.b64encode(data).decode(),
        data.decode("latin-1"),
        data.decode("utf-8", "replace"),
        data.decode("utf-8", "surrogateescape"),
        data.decode("utf-16-le", "surrogatepass") if len(data) % 2 == 0 else data.hex(),
    ))  # fmt: skip


def numbers(rng: random.Random) -> str:
    """Digits of any script, alone or long."""
    zero = rng.choice((0x30, 0x966, 0x9E6, 0xBE6, 0xC66, 0xD66, 0x660, 0xFF10, 0x1D7CE, 0xB2, 0x2460))
    return "".join(chr(zero + rng.randint(0, 9)) for _ in range(rng.randint(1, 25))) + rng.choice(("", ".", ")", " kg"))


NOISES: Sequence[Callable[[random.Random], str]] = (soup, salad, salad, signs, packed, numbers)


def endless(text: str, rng: random.Random) -> str:
    """A letter, a sign or the whole text over and over."""
    unit = rng.choice((text[:1] or "a", rng.choice(SIGNS), text[:12] or "क्", f"{text} "))
    return unit * (rng.randint(500, LONGEST_REPEAT) // len(unit) + 1)
