"""Romanised output: golden words a language (romanised/<lang>.tsv), and what any text must keep."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.letters import LETTERS
from bot.understanding.romanise import GSM7, romanise

GOLDEN = sorted((Path(__file__).parent / "romanised").glob("*.tsv"))
CASES = [
    pytest.param(path.stem, *line.split("\t"), id=f"{path.stem}-{number}")
    for path in GOLDEN
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
]


@pytest.mark.parametrize(("language", "native", "latin"), CASES)
def test_golden(language: str, native: str, latin: str) -> None:
    assert romanise(native, language) == latin


def test_every_language_has_its_words() -> None:
    assert {path.stem for path in GOLDEN} == set(LETTERS) - {"as"}
    assert all(len(path.read_text(encoding="utf-8").splitlines()) >= 30 for path in GOLDEN)


@pytest.mark.parametrize(
    "text",
    ["PM-KISAN", "1800-180-1551", "https://agmarknet.gov.in/a?b=c", "urea 50 kg @ 2%", "niño", "+91 98765 43210"],
)
def test_latin_passes_unchanged(text: str) -> None:
    assert romanise(text, "hi") == text
    assert romanise(f"धान {text} में", "hi-Latn") == f"dhan {text} me"


def test_signs_fit_gsm() -> None:
    assert romanise("“₹५०” – धान… २ × ३ ā ☂", "hi") == '"Rs 50" - dhan... 2 x 3 a '


def test_a_word_of_another_script_follows_its_own_habits() -> None:
    assert romanise("వరి धान", "te") == "vari dhan"


def test_language_sets_the_habits_of_a_shared_script() -> None:
    assert romanise("झाड", "hi") == "jhad"
    assert romanise("झाड", "mr") == "zad"
    assert romanise("विज्ञान", "mr") == "vidnyan"
    assert romanise("गर्न", "ne") == "garna"


@given(
    st.one_of(st.text(), st.text(alphabet=st.characters(min_codepoint=0x900, max_codepoint=0xD7F))),
    st.sampled_from(sorted(LETTERS)),
)
def test_any_text_becomes_gsm(text: str, language: str) -> None:
    assert set(romanise(text, language)) <= GSM7
