"""Error codes of Indian operators' registries of bulk SMS (DLT), in words for the operator's list."""

from __future__ import annotations

CODES = {
    "600": "DLT: template or consent could not be checked",
    "601": "DLT: the entity is missing",
    "602": "DLT: the entity is not registered",
    "603": "DLT: the entity is blacklisted",
    "604": "DLT: the entity id is invalid",
    "620": "DLT: the header is not registered",
    "621": "DLT: the header is inactive",
    "622": "DLT: the header is blacklisted",
    "623": "DLT: the header belongs to another entity",
    "630": "DLT: the template is not registered",
    "631": "DLT: the template is inactive",
    "632": "DLT: the template is blacklisted",
    "633": "DLT: the text does not match the template",
    "634": "DLT: the template has no variables",
    "635": "DLT: the template belongs to another header",
    "636": "DLT: a variable is longer than allowed",
}


def explain(code: str) -> str:
    """`code: what it means`; an unknown code stays alone."""
    number = str(int(code, 16)) if code.lower().startswith("0x") else code.lstrip("0")
    meaning = CODES.get(number)
    return f"{number}: {meaning}" if meaning else number
