"""Phone numbers as gateways write them."""

from __future__ import annotations

import pytest

from bot.channels.phones import phone_number, region_of


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+919876543210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        ("09876543210", "IN", "+919876543210"),
        ("98765 43210", "IN", "+919876543210"),
        ("+91-98765-43210", "KE", "+919876543210"),
        ("0711 082 300", "KE", "+254711082300"),
        ("254711082300", "IN", "+254711082300"),
        ("whatsapp:+919876543210", "IN", "+919876543210"),
        ("tel:+919876543210", "IN", "+919876543210"),
        (" +919876543210 ", "IN", "+919876543210"),
        ("VK-AIRTEL", "IN", None),
        ("AD-12345678X", "IN", None),
        ("56070", "IN", None),
        ("52811", "IN", None),
        ("", "IN", None),
        ("+", "IN", None),
        ("+91987654321098765432109", "IN", None),
        ("00000000000", "IN", None),
        ("💥💥", "IN", None),
    ],
)
def test_one_form(written: str, region: str, number: str | None) -> None:
    assert phone_number(written, region) == number


def test_country_of_a_number() -> None:
    assert [region_of(number) for number in ("+919876543210", "+254711082300", "nonsense")] == ["IN", "KE", None]
