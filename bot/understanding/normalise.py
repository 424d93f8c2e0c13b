"""One spelling for what people type in many: Unicode forms, digits, dandas, stretched letters, keypad slang."""

from __future__ import annotations

import re
import unicodedata

import regex

_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0xFF10)
_SIGNS = {
    "।": ".", "॥": ".", "۔": ".", "،": ",", "؟": "?", "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-",
    "ऩ": "न", "ऱ": "र", "ऴ": "ळ",  # Devanagari letters with a nukta inside
    "ൌ": "ൗ",
    "\t": " ", "\n": " ", "\r": " ", "\v": " ", "\f": " ", "\x85": " ", "\u2028": " ", "\u2029": " ",
}  # fmt: skip
_TABLE = {zero + value: str(value) for zero in _ZEROS for value in range(10)} | {
    ord(sign): plain for sign, plain in _SIGNS.items()
}

# Malayalam chillu and Bengali khanda-ta were typed with a joiner before they had code points of their own.
_JOINED = {
    "ന്\u200d": "ൻ", "ണ്\u200d": "ൺ", "ര്\u200d": "ർ", "ല്\u200d": "ൽ", "ള്\u200d": "ൾ", "ക്\u200d": "ൿ",
    "ত্\u200d": "ৎ", "ൻ്റ": "ന്റ", "ൻറ": "ന്റ", "ব়": "র",
}  # fmt: skip
_JOINED_PATTERN = re.compile("|".join(map(re.escape, sorted(_JOINED, key=len, reverse=True))))
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u034f\u115f\u1160\u3164\ufe00-\ufe0f]+")
_MAYBE_INVISIBLE = re.compile("[\u034f\u115f\u1160\u3164\ufe00-\ufe0f]")
_LOAN_NUKTA = re.compile("(?<=[कखगजफਖਗਜਫਲ])[\u093c\u0a3c]")
_MARKS = "".join(chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
_STRETCHED = re.compile(rf"([^\W\d_])\1{{2,}}|([{_MARKS}])\2+")
_MAYBE_STRETCHED = re.compile(rf"(.)\1\1|([{_MARKS}])\2")
_MAYBE_STRETCHED_PLAIN = re.compile(r"([A-Za-z])\1\1", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LATIN_WORD = re.compile(r"[a-z]+", re.ASCII)

SLANG = {
    "plz": "please", "pls": "please", "plzz": "please", "plss": "please", "pliz": "please",
    "thx": "thanks", "thnx": "thanks", "tnx": "thanks", "thnks": "thanks", "thanx": "thanks",
    "wht": "what", "hw": "how", "abt": "about", "becoz": "because", "bcoz": "because", "frm": "from", "ur": "your",
    "kse": "kaise", "kaese": "kaise", "kyu": "kyon", "kyo": "kyon", "krna": "karna", "krne": "karne", "kro": "karo",
    "kre": "kare", "kru": "karu", "krte": "karte", "krta": "karta", "krke": "karke", "btao": "batao",
    "btaye": "bataye", "btaiye": "bataiye", "bta": "bata", "mje": "mujhe", "muje": "mujhe", "mujko": "mujhko",
    "kb": "kab", "nhi": "nahi", "nai": "nahi", "phl": "phal", "pni": "pani", "ilaaz": "ilaj", "ilaz": "ilaj",
    "xq": "porque", "pq": "porque", "tmb": "tambien", "dnd": "donde",
}  # fmt: skip
"""Whole words as thumbs shorten them. No right side is a left side, so that one pass is enough."""
_SLANG_KEYS = frozenset(SLANG)
_SLANG = re.compile(r"(?<![\w@./])(?:" + "|".join(SLANG) + r")(?![\w@/])", re.IGNORECASE)


def normalise(text: str) -> str:
    """The text in one spelling, case kept. Total and idempotent; letters of no language are lost."""
    if text.isascii():
        return _plain(text)
    while True:  # removing one sign can join its neighbours into another sequence
        respelt = _respell(text)
        text = _clean(respelt)
        if text == respelt:
            return text


def fold(text: str) -> str:
    """`normalise` in lower case, for matching."""
    return normalise(text.lower())


def _plain(text: str) -> str:
    """What the loop of `normalise` comes to for ASCII."""
    if not text.isprintable():
        text = _CONTROL.sub("", text.translate(_TABLE))
    text = " ".join(text.split())
    return _expand_slang(_STRETCHED.sub(_shorten, text) if _MAYBE_STRETCHED_PLAIN.search(text) else text)


def _respell(text: str) -> str:
    """Composed, lone surrogates dropped, digits and signs as ASCII, single spaces."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join(text.translate(_TABLE).split())


def _clean(text: str) -> str:
    """What is not only another way to write the same sign: joiners, loan nuktas, stretched letters, slang."""
    text = _JOINED_PATTERN.sub(_join, text)
    if not text.isprintable() or _MAYBE_INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    text = _shorten_stretched(_LOAN_NUKTA.sub("", text))
    return unicodedata.normalize("NFC", _expand_slang(text))


def _shorten_stretched(text: str) -> str:
    """Three or more of a letter become two, a vowel sign typed twice becomes one; digits stay."""
    return _STRETCHED.sub(_shorten, text) if _MAYBE_STRETCHED.search(text) else text


def _expand_slang(text: str) -> str:
    if _SLANG_KEYS.isdisjoint(_LATIN_WORD.findall(text.lower())):
        return text
    return _SLANG.sub(_expand, text)


def _join(match: re.Match[str]) -> str:
    return _JOINED[match[0]]


def _shorten(match: re.Match[str]) -> str:
    return match[1] * 2 if match[1] else match[2]


def _expand(match: re.Match[str]) -> str:
    return SLANG.get(match[0].lower(), match[0])
