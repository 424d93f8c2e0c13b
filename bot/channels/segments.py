"""SMS segments: how a text is encoded, how many parts it takes, where it is cut (3GPP TS 23.038 and 23.040).

Parts joined give the text back. Cuts fall at word ends, never inside a grapheme cluster or a surrogate pair, and a
two-septet character never straddles two parts; a word or a cluster longer than a part is cut only because it must be.
`tables` are the national language identifiers that a gateway takes (see shift_tables), none by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import regex

from bot.channels.alphabets import UCS2, Alphabet, alphabets

CLUSTER = regex.compile(r"\X")
PLAIN_WORD = regex.compile(r"\s*\S+\s*|\s+")
EXTENDED_SPACE = regex.compile(r"\s[\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]")
# A sentence end has white space after it (so not "2.5 ml"); "1." at the start of a line is a list number.
NO_SENTENCE_END = r"(?<!^[ \t]*\p{N}{1,2})(?<!\b(?:Rs|No|Dr|e\.g|i\.e|रु|रू|डॉ|টা|રૂ|ਰੁ|ரூ|రూ|ರೂ|രൂ|ଟ))"
SENTENCE_END = regex.compile(NO_SENTENCE_END + r"[.!?।॥؟۔…][\"'”’»)\]]*(?=\s)|(?=\n)", regex.MULTILINE)
WORD_END = regex.compile(r"(?<=\S)(?=\s)")
SENTENCE_SHARE = 1 / 3
"""A head that ends with a sentence is taken when it fills at least this share of what fits; else words are cut at."""

PLAIN_SIGNS = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"',
    "»": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "…": "...", "•": "-", "·": ".",
    "×": "x", "÷": "/", "\t": " ", "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u202f": " ",
    "\u200b": "", "\u2060": "", "\ufeff": "", "\u00ad": "", "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3",
    "₹": "Rs ", "²": "2", "³": "3", "º": "", "°": "",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs. `units` are septets or UTF-16 units without headers, `count` the parts that are billed."""

    encoding: str
    units: int
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what will be sent for a text, and what it costs."""

    parts: tuple[str, ...]
    segments: Segments


def measure(text: str, tables: Sequence[int] = ()) -> Segments:
    """The cheapest encoding of a text, its units and the segments that `split` gives. Empty text takes none."""
    alphabet, parts = _plan(text, tuple(tables))
    return Segments(alphabet.name, alphabet.cost(text) or 0, len(parts))


def split(text: str, tables: Sequence[int] = ()) -> tuple[str, ...]:
    """The parts of a text, one SMS each; joined they are the text."""
    return _plan(text, tuple(tables))[1]


def split_anywhere(text: str, tables: Sequence[int] = ()) -> tuple[str, ...]:
    """The parts that gateways make which cut by themselves: filled to the last unit, in the middle of words."""
    parts: list[str] = []
    alphabet = _plan(text, tuple(tables))[0]
    limit = alphabet.single if _cost(text, alphabet) <= alphabet.single else alphabet.part
    room = 0
    for char in text:
        cost = _cost(char, alphabet)
        if cost > room:
            parts.append("")
            room = limit
        parts[-1] += char
        room -= cost
    return tuple(parts)


def encode(text: str, tables: Sequence[int] = ()) -> tuple[Alphabet, tuple[bytes, ...]]:
    """The alphabet and the parts as septets (one a byte, not packed) or UTF-16BE."""
    alphabet, parts = _plan(text, tuple(tables))
    return alphabet, tuple(alphabet.encode(part) for part in parts)


def preview(text: str, tables: Sequence[int] = ()) -> Preview:
    """What is sent for a text once typographic signs that cost a segment are written plainly."""
    plain = economise(text, tables)
    return Preview(split(plain, tables), measure(plain, tables))


def economise(text: str, tables: Sequence[int] = ()) -> str:
    """The text with typographic signs (curly quotes, dashes, ellipses ...) written plainly where that saves a segment.
    A sign that does not help is kept."""
    best = measure(text, tables).count
    if best <= 1:
        return text
    plain = text.translate(PLAIN_SIGNS)
    return plain if measure(plain, tables).count < best else text


def fit_budget(text: str, budget: int, tables: Sequence[int] = ()) -> tuple[str, str]:
    """Cuts a text into a head of at most `budget` segments and the rest ("" when all fits), at a sentence end where
    one is near enough, else at a word end. White space around the cut is dropped."""
    return cut_text(text, lambda head: measure(head, tables).count <= budget)


def cut_text(text: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    """Cuts like `fit_budget`, by any rule `fits` that stays true for shorter heads. The head is never empty."""
    text = text.strip()
    if fits(text):
        return text, ""
    longest = _last_fitting(text, [match.end() for match in CLUSTER.finditer(text)], fits) or 1
    for ends, share in ((SENTENCE_END, SENTENCE_SHARE), (WORD_END, 0.0)):
        places = [match.end() for match in ends.finditer(text) if share * longest < match.end() <= longest]
        if cut := _last_fitting(text, places, fits):
            return text[:cut].rstrip(), text[cut:].lstrip()
    return text[:longest].rstrip(), text[longest:].lstrip()


def cut_all(text: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """The text as messages that each fit, cut like `cut_text`; empty text gives none."""
    heads = []
    while text.strip():
        head, text = cut_text(text, fits)
        heads.append(head)
    return tuple(heads)


def _last_fitting(text: str, places: Sequence[int], fits: Callable[[str], bool]) -> int:
    """The largest of the ascending places whose head fits, 0 for none."""
    low, high = 0, len(places)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if fits(text[: places[middle]].rstrip()) else (low, middle)
    return places[low - 1] if low else 0


def _plan(text: str, tables: tuple[int, ...]) -> tuple[Alphabet, tuple[str, ...]]:
    """The alphabet with the fewest parts, the simplest one of equals, and the parts."""
    possible = [alphabet for alphabet in alphabets(tables) if alphabet.cost(text) is not None] or [UCS2]
    plans = [(alphabet, _cut(text, alphabet)) for alphabet in possible]
    return min(plans, key=lambda plan: len(plan[1]))


def _cut(text: str, alphabet: Alphabet) -> tuple[str, ...]:
    if not text:
        return ()
    if _cost(text, alphabet) <= alphabet.single:
        return (text,)
    parts, used = [""], 0
    for piece in _pieces(text, alphabet):
        cost = _cost(piece, alphabet)
        if used + cost > alphabet.part:
            parts.append("")
            used = 0
        parts[-1] += piece
        used += cost
    return tuple(parts)


def _pieces(text: str, alphabet: Alphabet) -> Iterator[str]:
    """What is never cut, in order: words with the space after them, else clusters, else characters."""
    for word in _words(text):
        if _cost(word, alphabet) <= alphabet.part:
            yield word
            continue
        for cluster in CLUSTER.findall(word):
            yield from (cluster,) if _cost(cluster, alphabet) <= alphabet.part else cluster


def _words(text: str) -> Sequence[str]:
    # What extends a cluster may sit on a space; then the word does not begin where the space ends.
    if not EXTENDED_SPACE.search(text):
        return PLAIN_WORD.findall(text)
    words = [""]
    for cluster in CLUSTER.findall(text):
        if words[-1] and words[-1][-1].isspace() and not cluster.isspace():
            words.append("")
        words[-1] += cluster
    return words


def _cost(text: str, alphabet: Alphabet) -> int:
    cost = alphabet.cost(text)
    assert cost is not None  # the alphabet was chosen because it has all characters
    return cost
