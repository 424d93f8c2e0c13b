"""Scripts by Unicode block, and what carries a mixed text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.script import NO_SCRIPT, count_scripts, script_of

CASES = {
    "mere dhan me keede": "Latn",
    "¿cuánto cuesta?": "Latn",
    "धान": "Deva",
    "ধান": "Beng",
    "ধানত ৰোগ": "Beng",
    "ਝੋਨਾ": "Guru",
    "કપાસ": "Gujr",
    "ଧାନ": "Orya",
    "நெல்": "Taml",
    "వరి": "Telu",
    "ಭತ್ತ": "Knda",
    "നെല്ല്": "Mlym",
    "دھان": "Arab",
    "пшеница": "Cyrl",
    "σιτάρι": "Grek",
    "稻米": "Hani",
    "イネの病気": "Jpan",
    "稲の病気です": "Jpan",
    "벼": "Hang",
    "ข้าว": "Thai",
    "ሰላም": "Ethi",
    "12345 !?": NO_SCRIPT,
    "": NO_SCRIPT,
    "🌾🐛": NO_SCRIPT,
}


@pytest.mark.parametrize(("text", "script"), CASES.items())
def test_each_script(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("मेरे cotton में whitefly है", "Deva"),
        ("DAP రేటు ఎంత", "Telu"),
        ("What is the price of धान in the market today", "Latn"),
        ("PM-KISAN योजना", "Deva"),
        ("2 kg ಗೊಬ್ಬರ", "Knda"),
    ],
)
def test_native_letters_outweigh_loan_words(text: str, script: str) -> None:
    assert script_of(text) == script


def test_counts_letters_not_signs() -> None:
    assert count_scripts("ab1, क") == {"Latn": 2, "Deva": 1}


@given(st.text())
def test_any_text_has_a_script(text: str) -> None:
    assert script_of(text)
