"""Texts as phones send them, and what is taken out of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.reading import clean_text, read_json, read_location
from bot.domain.errors import RefusedInput
from bot.domain.messages import Location


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" rice \n", "rice"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("a\tb", "a b"),
        ("\x00\x1b\x7f\u202eabc\u202c\u2066\u2069\u200e", "abc"),
        ("x\ud800y", "xy"),
        ("ക്\u200dഷ क्\u200cष", "ക്\u200dഷ क्\u200cष"),  # joiners are spelling
        ("👨\u200d🌾", "👨\u200d🌾"),
        ("\U000e0041\U000e0042hidden", "hidden"),
        ("\ufeff\ufffe", ""),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_be_stored_and_stays_clean(raw: str) -> None:
    clean = clean_text(raw)
    clean.encode()
    assert "\x00" not in clean
    assert clean_text(clean) == clean


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1]", b"3", b"null", b"[" * 100_000, b'{"a":' * 5000])
def test_read_json_refuses(body: bytes) -> None:
    with pytest.raises(RefusedInput):
        read_json(body)


def test_read_json_drops_half_pairs_everywhere() -> None:
    assert read_json(b'{"a\\udc00": ["\\ud800x", {"k": "\\ud83d\\ude00"}]}') == {"a": ["x", {"k": "😀"}]}


def test_read_location() -> None:
    assert read_location({"latitude": -90, "longitude": 180.0}) == Location(-90.0, 180.0)
    for wrong in ({"latitude": True, "longitude": 0}, {"latitude": "1", "longitude": 0}, {}, None):
        with pytest.raises(RefusedInput):
            read_location(wrong)
