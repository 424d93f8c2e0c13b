"""No text breaks understanding or the pipeline: bent questions, noise, anything hypothesis thinks of, and old cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.contacts import Consent
from bot.domain.turns import Intent, Outcome, Reply, Result, Turn
from bot.mind import Mind
from tests.fuzz.checks import CHANNELS, OPENINGS, Broken, Checker, require
from tests.fuzz.fuzzer import CASES, Fuzzer, build, keep, portions, shrink
from tests.fuzz.texts import SCRIPTS, SIGNS, seeds, text_of

TEXTS = 20_000
"""`make fuzz` runs a million."""
SEED = 20261121
LETTERS = st.one_of(
    st.sampled_from(SIGNS),
    st.sampled_from(SCRIPTS).flatmap(lambda ends: st.integers(*ends)).map(chr),
    st.sampled_from(("dhan", "me", "keede", "ధాన్యం", "कीड़ा", "not", "bhejo", "stop", "kal", "baarish", "ನನ್ನ", "ଧାନ")),
)
ANY = st.one_of(st.text(), st.lists(LETTERS, max_size=40).map("".join), st.lists(LETTERS, max_size=20).map(" ".join))


@pytest.fixture(scope="module")
def checker(mind: Mind) -> Checker:
    return Checker(mind)


def cases() -> list[str]:
    return [json.loads(line)["text"] for line in CASES.read_text(encoding="ascii").splitlines()]


@pytest.mark.parametrize("text", cases(), ids=ascii)
def test_what_once_broke_holds(checker: Checker, text: str) -> None:
    checker.check(text, None)
    for opening in range(len(OPENINGS)):
        for channel in CHANNELS:
            checker.answer(text, opening, channel)


def test_bent_questions_and_noise_break_nothing(mind: Mind) -> None:
    report = Fuzzer(mind, SEED, None).run(range(TEXTS))
    assert report.texts == TEXTS
    assert not report.failures


@settings(max_examples=400, deadline=None)
@given(text=ANY, prior=st.sampled_from((None, "hi", "te-Latn", "or", "xx")))
def test_any_text_is_understood(checker: Checker, text: str, prior: str | None) -> None:
    checker.check(text, prior)


@settings(max_examples=200, deadline=None)
@given(text=ANY, opening=st.integers(0, len(OPENINGS) - 1), channel=st.sampled_from(CHANNELS))
def test_any_text_is_answered(checker: Checker, text: str, opening: int, channel: str) -> None:
    checker.answer(text, opening, channel)


def test_a_failure_is_found_and_shrunk(mind: Mind, monkeypatch: pytest.MonkeyPatch) -> None:
    fuzzer = Fuzzer(mind, SEED, None)

    def breaks_on_a_joiner(text: str, prior: str | None) -> None:
        require("\u200d" not in text, "a joiner")

    monkeypatch.setattr(fuzzer._checker, "check", breaks_on_a_joiner)
    failures = fuzzer.run(range(300)).failures
    assert {failure.error for failure in failures} == {"Broken: a joiner"}
    assert {failure.text for failure in failures} == {"\u200d"}


def test_what_is_sent_after_stop_is_noticed(mind: Mind) -> None:
    checker = Checker(mind)
    stopped = OPENINGS.index(("hi", "stop"))
    checker.answer("mere dhan me keede", stopped, "sms")
    checker.answer("start", stopped, "sms")
    forgetful = replace(mind, pipeline=replace(mind.pipeline, skills={**mind.pipeline.skills, Intent.STOP: thanks}))
    checker.asker.mind = forgetful
    with pytest.raises(Broken, match="consent comes back"):
        checker.answer("stop", stopped, "sms")


def thanks(turn: Turn) -> Result:
    """A skill that takes STOP for nothing."""
    return Result(Reply("thanks", Outcome.ANSWERED), replace(turn.contact, consent=Consent.ACTIVE), turn.session)


def test_the_same_seed_makes_the_same_texts(mind: Mind) -> None:
    questions = seeds(mind.locales, mind.knowledge)
    assert len(questions) > 5_000
    one, other = ([text_of(seed, number, questions) for number in range(200)] for seed in (SEED, SEED))
    assert one == other
    assert one != [text_of(SEED + 1, number, questions) for number in range(200)]


def test_portions_cover_all_numbers() -> None:
    assert [number for first, last in portions(12_345) for number in range(first, last)] == list(range(12_345))


def test_shrink_keeps_what_fails() -> None:
    assert shrink("some longer text with an x and an y in it", lambda text: "x" in text and "y" in text) == "xy"


def test_a_kept_failure_is_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fuzz import fuzzer

    path = tmp_path / "cases.jsonl"
    path.write_text("", encoding="ascii")
    monkeypatch.setattr(fuzzer, "CASES", path)
    keep([fuzzer.Failure("\ud800ab", "E: 1", 3), fuzzer.Failure("\ud800", "E: 1", 9), fuzzer.Failure("", "E: 2", 4)])
    keep([fuzzer.Failure("x", "E: 1", 1)])
    kept = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [(case["text"], case["error"]) for case in kept] == [("", "E: 2"), ("\ud800", "E: 1")]


def test_a_fuzzer_is_built_from_the_checkout() -> None:
    assert build(1, None).run(range(3)).texts == 3
