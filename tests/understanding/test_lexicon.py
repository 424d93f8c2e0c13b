"""Names in a trie, and what unknown tokens were meant to be."""

from __future__ import annotations

import pytest

from bot.understanding.lexicon import Lexicon, plain, tokenise

RICE, PEPPER, CHILLI, NUT, BEETLE = (
    ("crops", name) for name in ("rice", "black-pepper", "chilli", "groundnut", "beetle")
)


def lexicon(*names: tuple[str, tuple[str, str]], common: str = "", suffixes: tuple[str, ...] = ()) -> Lexicon:
    listed = frozenset(token for text, _ in names for token in tokenise(text) if "कपास" in text or token == "kapas")
    return Lexicon(
        [(tuple(tokenise(text)), meaning) for text, meaning in names],
        frozenset(common.split()),
        (suffixes, ("ు", "ం")),
        listed,
        spoken=True,
    )


def test_the_longest_name_wins() -> None:
    names = lexicon(("mirch", CHILLI), ("kali mirch", PEPPER))
    assert names.longest(["kali", "mirch", "me"], 0) == (2, (PEPPER,))
    assert names.longest(["mirch", "me"], 0) == (1, (CHILLI,))
    assert names.longest(["kali", "mitti"], 0) == (0, ())


def test_names_of_two_words_are_also_found_joined() -> None:
    assert lexicon(("ground nut", NUT)).longest(["groundnut"], 0) == (1, (NUT,))


def test_a_name_may_have_two_meanings() -> None:
    seed, part = ("inputs", "seed"), ("parts", "seed")
    assert lexicon(("seed", seed), ("seed", part), ("seed", seed)).longest(["seed"], 0) == (1, (seed, part))


@pytest.mark.parametrize(
    ("token", "stem"),
    [("beetles", "beetle"), ("వరిలో", "వరి"), ("పురుగుల", "పురుగులు"), ("ఆవాలలో", "ఆవాలు"), ("xs", None), ("beet", None)],
)
def test_grammatical_forms_are_cut_back(token: str, stem: str | None) -> None:
    names = lexicon(("beetle", BEETLE), ("వరి", RICE), ("పురుగులు", BEETLE), ("ఆవాలు", NUT), suffixes=("లో", "lo"))
    assert names.stem(token) == stem


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("caulifloer", "cauliflower"),
        ("culiflower", "cauliflower"),
        ("brinjl", "brinjal"),
        ("kapaas", "kapas"),
        ("ric", None),
        ("rise", None),
        ("delay", None),
        ("12345", None),
        ("", None),
    ],
)
def test_slips_are_forgiven_in_long_words_only(typed: str, meant: str | None) -> None:
    names = lexicon(
        ("rice", RICE), ("cauliflower", NUT), ("brinjal", PEPPER), ("kapas", CHILLI), ("decay", NUT), common="delay"
    )
    found = None if names.knows(typed) else names.corrected(typed)
    assert found == meant


def test_spelling_that_says_nothing_is_folded() -> None:
    assert plain("plátano") == "platano"
    assert plain("हिन्दी") == plain("हिंदी")
    assert plain("गाँव") == plain("गांव")
    assert plain("प्याज़") == plain("प्याज")
    assert plain("పంట") == plain("పన్ట")
    assert tokenise("Dhan-me 2.5kg, KEEDA!") == ["dhan", "me", "2", "5", "kg", "keeda"]
