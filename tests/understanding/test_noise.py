"""Misspelling: deterministic, in Latin letters, and really different."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.noise import SWAPS, misspell, shorten

TEXT = "mere dhan me tana chhedak lag gaya hai kya karna chahiye"


def test_same_seed_same_text() -> None:
    assert misspell(TEXT, random.Random(3)) == misspell(TEXT, random.Random(3))


def test_rate_zero_changes_nothing() -> None:
    assert misspell(TEXT, random.Random(1), rate=0.0) == TEXT


def test_words_stay_in_number_and_most_in_shape() -> None:
    rng = random.Random(1)
    variants = [misspell(TEXT, rng) for _ in range(50)]
    assert len(set(variants)) > 40
    assert all(len(variant.split()) == len(TEXT.split()) for variant in variants)


def test_each_kind_of_slip_occurs() -> None:
    rng = random.Random(1)
    heard = {word for _ in range(400) for word in misspell("dawai phal zameen chhota pani", rng, 0.5).split()}
    assert heard & {"davai", "dvai", "davaai"}
    assert heard & {"fal", "faal", "fall"}
    assert any(word.startswith("j") for word in heard)
    assert any(word.startswith("6") for word in heard)


def test_numbers_and_native_words_pass() -> None:
    assert misspell("1800 धान", random.Random(1), rate=1.0) == "1800 धान"


def test_shortening() -> None:
    assert shorten("karna") == "krna"
    assert shorten("ka") == "ka"


def test_swaps_are_changes() -> None:
    assert all(written not in others for written, others in SWAPS)


@given(st.text(), st.integers(0, 100))
def test_takes_any_text(text: str, seed: int) -> None:
    misspell(text, random.Random(seed), rate=1.0)
