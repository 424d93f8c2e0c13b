"""Phone numbers as gateways write them, in one form: E.164."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

FEWEST_DIGITS = 8
"""Shorter ones are short codes of operators and services; nobody is reached there."""


def phone_number(written: str, region: str) -> str | None:
    """`+919876543210` for a number written with or without country code, by default one of the home `region`.
    None for what no farmer has: names that advertisers send under, short codes, nonsense."""
    plain = written.strip().removeprefix("whatsapp:").removeprefix("tel:")
    digits = "".join(char for char in plain if char.isdigit())
    if len(digits) < FEWEST_DIGITS or any(char.isalpha() for char in plain):
        return None
    for candidate, check in (
        (plain if plain.startswith("+") else "", phonenumbers.is_possible_number),
        (plain, phonenumbers.is_valid_number),
        (f"+{digits}", phonenumbers.is_valid_number),
    ):
        number = read_number(candidate, region) if candidate else None
        if number and check(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def read_number(written: str, region: str) -> PhoneNumber | None:
    """The parsed number, None where it is none."""
    try:
        return phonenumbers.parse(written, region)
    except NumberParseException:
        return None


def region_of(number: str) -> str | None:
    """The country (ISO 3166) of a number in E.164."""
    parsed = read_number(number, "ZZ")
    return phonenumbers.region_code_for_number(parsed) if parsed else None
