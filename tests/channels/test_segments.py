"""Segments against the rules of 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.segments import cut_all, economise, encode, fit_budget, measure, preview, split

GSM_LETTERS = "abcdefghijklmnopqrstuvwxyzABCÄÖñ@£$ 0123456789.,!?\n"
EXTENSION = "^{}\\[~]|€\f"
INDIC = "नमस्ते धान में तना छेदक है। क्षत्रिय வணக்கம் నమస్కారం ಕನ್ನಡ മലയാളം ਪੰਜਾਬੀ ଓଡ଼ିଆ ગુજરાતી বাংলা"
EMOJI = "😀👨‍👩‍👧‍👦🇮🇳👍🏽"

words = st.text(alphabet=GSM_LETTERS + EXTENSION, max_size=500)
scripts = st.text(alphabet=sorted(set(GSM_LETTERS + EXTENSION + INDIC + EMOJI + "\u200d\u200c")), max_size=400)
anything = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
texts = st.one_of(words, scripts, anything)


def units(text: str) -> int:
    """UTF-16 units, counted by the encoder and not by our own rule."""
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "encoding", "count_units", "count"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("a" * 159 + "€", "gsm7", 161, 2),
        ("[" * 76 + "a" + "[" * 76, "gsm7", 305, 2),  # 76 brackets leave the 153rd septet; "a" fills it
        ("[" * 153, "gsm7", 306, 3),  # a bracket may not straddle: 76 a part
        ("ध" * 70, "ucs2", 70, 1),
        ("ध" * 71, "ucs2", 71, 2),
        ("ध" * 134, "ucs2", 134, 2),
        ("ध" * 135, "ucs2", 135, 3),
        ("ध" * 69 + "😀", "ucs2", 71, 2),  # 70 characters, 71 units
        ("naïve", "ucs2", 5, 1),
        ("Ça va", "gsm7", 5, 1),
        ("ça va", "ucs2", 5, 1),  # only the capital is in the default alphabet
    ],
)
def test_measure(text: str, encoding: str, count_units: int, count: int) -> None:
    found = measure(text)
    assert (found.encoding, found.units, found.count) == (encoding, count_units, count)


def test_cuts_at_word_ends() -> None:
    text = "water the field " * 20
    parts = split(text)
    assert len(parts) == 3
    assert all(part.endswith(" ") for part in parts)
    assert "".join(parts) == text


def test_never_cuts_a_pair_or_a_cluster() -> None:
    family = "👨‍👩‍👧‍👦"
    assert [part.count(family) for part in split(family * 13)] == [6, 6, 1]  # 11 units each
    assert split("क्ष" * 50)[0] == "क्ष" * 22  # 66 of 67 units


def test_an_overlong_cluster_is_the_one_exception() -> None:
    zalgo = "क" + "\u0300" * 200
    parts = split(zalgo)
    assert "".join(parts) == zalgo
    assert all(units(part) <= 67 for part in parts)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_parts_join_to_the_text_and_keep_the_limits(text: str) -> None:
    found, parts = measure(text), split(text)
    assert "".join(parts) == text
    assert found.count == len(parts)
    assert all(parts)
    if found.encoding == "ucs2":
        assert all(units(part) <= (70 if len(parts) == 1 else 67) for part in parts)
    else:
        _, septets = encode(text)
        assert all(len(part) <= (160 if len(parts) == 1 else 153) for part in septets)
        assert all(not part.endswith(b"\x1b") for part in septets)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_no_cluster_is_cut(text: str) -> None:
    clusters = regex.findall(r"\X", text)
    if any(units(cluster) > 67 for cluster in clusters):
        return
    assert [cluster for part in split(text) for cluster in regex.findall(r"\X", part)] == clusters


@given(texts)
@settings(max_examples=100, deadline=None)
def test_words_stay_whole_where_they_fit(text: str) -> None:
    for word in text.split():
        if len(word) < 30 and regex.fullmatch(r"[a-z]+", word):
            assert any(word in part for part in split(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Spray” – early… " + "a" * 80, '"Spray" - early... ' + "a" * 80),
        ("“Spray” early", "“Spray” early"),  # one segment anyway
        ("धान “में” … " + "ध" * 90, "धान “में” … " + "ध" * 90),  # the letters need UCS-2 anyway
        ("Urea costs ₹266 at 30°C " + "a" * 60, "Urea costs Rs 266 at 30C " + "a" * 60),
    ],
)
def test_typography_is_plain_only_where_it_saves(text: str, expected: str) -> None:
    assert economise(text) == expected


@given(texts)
@settings(max_examples=100, deadline=None)
def test_economise_never_costs_more(text: str) -> None:
    assert measure(economise(text)).count <= measure(text).count
    shown = preview(text)
    assert len(shown.parts) == shown.segments.count


def test_a_budget_is_cut_at_sentence_ends() -> None:
    text = (
        "Rice stem borer. Pull out dead hearts and burn them. " + "Keep 2.5 cm of water in the field for a week. " * 6
    )
    head, rest = fit_budget(text, 1)
    assert head.endswith("for a week.")
    assert rest.startswith("Keep 2.5 cm")
    assert measure(head).count == 1


def test_a_list_number_and_a_price_end_no_sentence() -> None:
    text = "Do this now.\n1. Pay Rs. 500 today and then " + "go " * 60
    head, _ = fit_budget(text, 1)
    assert not head.endswith(("Rs.", "1."))


def test_a_heading_alone_is_no_head() -> None:
    head, rest = fit_budget("Stem borer. " + "pull the dead hearts out and " * 20, 1)
    assert len(head) > 120
    assert rest.split()[0] in {"pull", "the", "dead", "hearts", "out", "and"}


@given(texts, st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_a_head_fits_and_nothing_is_lost(text: str, budget: int) -> None:
    head, rest = fit_budget(text, budget)
    assert "".join((head + rest).split()) == "".join(text.split())
    assert measure(head).count <= budget or len(regex.findall(r"\X", head)) == 1
    assert head == head.strip()


@given(texts)
@settings(max_examples=60, deadline=None)
def test_cut_all_keeps_everything(text: str) -> None:
    heads = cut_all(text, lambda head: measure(head).count <= 1)
    assert "".join("".join(heads).split()) == "".join(text.split())


def test_fit_budget_is_quick_on_long_text() -> None:
    head, rest = fit_budget("खेत में पानी रखें। " * 400, 2)
    assert measure(head).count == 2
    assert rest


def test_ucs2_is_encoded_big_endian() -> None:
    alphabet, parts = encode("धा😀")
    assert alphabet.name == "ucs2"
    assert parts == (bytes.fromhex("0927 093e d83d de00"),)
