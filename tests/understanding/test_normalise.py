"""One spelling: properties on any text, and the variants that people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding.normalise import SLANG, fold, normalise

INDIC = st.text(alphabet=st.characters(min_codepoint=0x0900, max_codepoint=0x0D7F))
JOINERS = st.text(alphabet=st.sampled_from("कखगजडफ़्ँंािी\u200c\u200dന്രൻറরবয়়ਖ਼ਜੱaA. 1१"))
ANY = st.one_of(st.text(), st.text(alphabet=st.characters()), INDIC, JOINERS)

SAME = [
    ("ज़मीन", "जमीन"),
    ("फ़सल", "फसल"),
    ("\u095bमीन", "जमीन"),
    ("ਫ਼ਸਲ", "ਫਸਲ"),
    ("അവന്\u200d", "അവൻ"),
    ("നെല്\u200d", "നെൽ"),
    ("എൻറെ", "എന്റെ"),
    ("ক\u09cdষ", "ক্ষ"),
    ("হঠাত্\u200d", "হঠাৎ"),
    ("য\u09bc", "য়"),
    ("ক\u09c7\u09be", "কো"),
    ("గా\u200cలి", "గాలి"),
    ("र्\u200dया", "र्या"),
    ("१२३ ௪௫ ౬౭", "123 45 67"),
    ("۱۲۳ ٤٥", "123 45"),
    ("धान।", "धान."),
    ("धान॥", "धान."),
    ("plzzzzz help", "please help"),
    ("PLZ help", "please help"),
    ("kse kro", "kaise karo"),
    ("keeeeede", "keede"),
    ("हाााा", "हा"),
    ("a\u202eb\u2066c", "abc"),
    ("a\x00b\x07", "ab"),
    ("a \t\n  b", "a b"),
    ("a\ud800b", "ab"),
    ("don’t", "don't"),
]


@pytest.mark.parametrize(("typed", "plain"), SAME)
def test_one_spelling(typed: str, plain: str) -> None:
    assert normalise(typed) == normalise(plain) == plain


@pytest.mark.parametrize(
    "text", ["1000 kg", "9999999999", "https://x.in/plz", "a.u@plz.in", "पेड़", "ढ़ाबा", "शहर", "Maní", "kitna"]
)
def test_left_alone(text: str) -> None:
    assert normalise(text) == normalise(text).strip()
    assert len(normalise(text)) >= len(text) - 1
    assert normalise(text).lower() == fold(text)


def test_digits_are_not_shortened() -> None:
    assert normalise("1000000") == "1000000"
    assert normalise("5551111") == "5551111"


def test_nukta_of_native_letters_stays() -> None:
    assert normalise("पेड़") == "पेड\u093c"
    assert normalise("ਪੇੜ") == "ਪੇੜ"


@given(ANY)
@settings(max_examples=600)
def test_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert fold(fold(text)) == fold(text)


@given(ANY)
def test_nothing_unsendable_is_left(text: str) -> None:
    plain = normalise(text)
    plain.encode("utf-8")
    assert not any(ord(character) < 32 or character in "\u200b\u200c\u200d\u202e\u2066\ufeff" for character in plain)


def test_slang_does_not_chain() -> None:
    assert not set(SLANG.values()) & set(SLANG)
    assert all(key.isascii() and key.islower() for key in SLANG)


def test_fold_lowers() -> None:
    assert fold("GEHU Me KIDE") == "gehu me kide"
    assert fold("İZMİR") == fold(fold("İZMİR"))
