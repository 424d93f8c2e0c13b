"""How words sound: spellings of one word meet, different words do not."""

from __future__ import annotations

import pytest

from bot.understanding.phonetic import key, sound


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dhan", "dhaan"),
        ("dhaan", "धान"),
        ("kapas", "kapaas"),
        ("kapas", "कपास"),
        ("tamatar", "tmatar"),
        ("tamatar", "टमाटर"),
        ("bhindi", "bindee"),
        ("phool", "fool"),
        ("zira", "jeera"),
        ("vankaya", "wankaya"),
        ("వంకాయ", "vankaya"),
        ("தக்காளி", "thakkali"),
        ("kheera", "khira"),
        ("ਕਣਕ", "kanak"),
    ],
)
def test_spellings_of_one_word_share_a_key(one: str, other: str) -> None:
    assert key(sound(one))
    assert key(sound(one)) == key(sound(other))


@pytest.mark.parametrize(
    ("one", "other"), [("dhan", "din"), ("kela", "kala"), ("karela", "karega"), ("chana", "chuna"), ("taraf", "tarafi")]
)
def test_other_words_keep_apart(one: str, other: str) -> None:
    assert key(sound(one)) != key(sound(other))


def test_a_single_consonant_has_no_key() -> None:
    assert key(sound("aa")) == ""
    assert key(sound("me")) == ""
    assert key(sound("धान"), 3) == ""


@pytest.mark.parametrize("word", ["", "\u094d", "ा", "123", "é", "क्\u200d", "ॐ", "x"])
def test_odd_words_do_not_break_it(word: str) -> None:
    assert isinstance(key(sound(word)), str)
