"""Segments beside another implementation (smsutil): encodings, lengths and counts agree; only the cuts are ours."""

from __future__ import annotations

import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.alphabets import DEFAULT_TABLE, EXTENSION_TABLE
from bot.channels.segments import measure, split, split_anywhere

GSM = DEFAULT_TABLE.replace("\x1b", "").replace("\r", "") + "".join(EXTENSION_TABLE)
UCS = st.text(st.sampled_from("धान में कीड़ाవరి 🐛\U0001f33eé…"), min_size=1, max_size=400)


def agrees(text: str) -> None:
    theirs, ours = smsutil.split(text), measure(text)
    unicode = theirs.encoding == "utf_16_be"
    assert unicode == (ours.encoding == "ucs2")
    assert theirs.total_bytes == ours.units * (2 if unicode else 1)
    # They cut at any character, we at words and clusters: never fewer parts, and each loses less than a part.
    assert len(theirs.parts) <= ours.count <= 2 * len(theirs.parts)
    assert "".join(split(text)) == "".join(part.content for part in theirs.parts) == text
    assert split_anywhere(text) == tuple(part.content for part in theirs.parts)
    if len(theirs.parts) == 1:
        assert ours.count == 1


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(GSM), min_size=1, max_size=500))
def test_septets(text: str) -> None:
    agrees(text)


@settings(max_examples=300, deadline=None)
@given(UCS)
def test_ucs2(text: str) -> None:
    agrees(text)
