"""How channels read what others wrote: texts cleaned, JSON and places checked or refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import regex

from bot.domain.errors import RefusedInput
from bot.domain.messages import Location

# Controls (but not line breaks), lone surrogates, non-characters, invisible tags, and the overrides that turn text
# around. ZWJ and ZWNJ stay: Indic spelling needs them.
UNWANTED = regex.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\uffff"
    r"\U000e0000-\U000e007f]"
)
LONE_SURROGATE = regex.compile(r"[\ud800-\udfff]")
LINE_BREAK = regex.compile(r"\r\n?|\u2028|\u2029|\x0b|\x0c|\x85")
MANY_BREAKS = regex.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """A contact's text without what no keyboard types; may become empty."""
    text = UNWANTED.sub("", LINE_BREAK.sub("\n", text).replace("\t", " "))
    return MANY_BREAKS.sub("\n\n", text).strip()


def read_json(body: bytes) -> Mapping[str, object]:
    """The object that a body holds. Raises RefusedInput on anything else."""
    try:
        value = _without_surrogates(json.loads(body))
    except (ValueError, RecursionError):
        raise RefusedInput("the body is not JSON") from None
    if not isinstance(value, dict):
        raise RefusedInput("the body is not a JSON object")
    return value


def read_location(value: object) -> Location:
    """A place from `{"latitude": .., "longitude": ..}`. Raises RefusedInput where these are no degrees."""
    if not isinstance(value, Mapping):
        raise RefusedInput("location is not an object")
    return Location(_degrees(value, "latitude", 90), _degrees(value, "longitude", 180))


def _degrees(value: Mapping[str, object], name: str, limit: int) -> float:
    degrees = value.get(name)
    if isinstance(degrees, bool) or not isinstance(degrees, int | float):
        raise RefusedInput(f"{name} is not a number")
    if not math.isfinite(degrees) or abs(degrees) > limit:
        raise RefusedInput(f"{name} is out of range")
    return float(degrees)


def _without_surrogates(value: object) -> object:
    # JSON may hold half of a surrogate pair, which no encoder takes.
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _without_surrogates(item) for key, item in value.items()}
    return value


def _text(value: str) -> str:
    return LONE_SURROGATE.sub("", value)
