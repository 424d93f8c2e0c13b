"""A message in the light of the session: numbers, labels, answers to questions back, follow-ups."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.turns import Entities, Intent, Pending, Session
from bot.understanding.resolve import chosen_code, with_choice, with_session
from tests.test_retrieval import asked

CHOICES = Session(choices=("crop:rice", "crop:wheat"), topics=("pest",), pending=Pending.CROP)
LABELS = {"crop:rice": ("धान", "dhan"), "crop:wheat": ("गेहूं", "gehun")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1", "crop:rice"),
        ("2.", "crop:wheat"),
        ("3", ""),
        ("0", ""),
        ("धान", "crop:rice"),
        ("Gehun", "crop:wheat"),
        ("dhan me kida lag gaya hai bhai", ""),
        ("", ""),
    ],
)
def test_a_choice_is_a_number_or_a_label(text: str, code: str) -> None:
    assert chosen_code(text, CHOICES, LABELS.__getitem__, str.casefold) == code


def test_numbers_mean_nothing_without_choices() -> None:
    assert chosen_code("1", Session(), LABELS.__getitem__, str.casefold) == ""


@pytest.mark.parametrize(
    ("code", "crops", "problems", "topics"),
    [
        ("crop:rice", ("rice",), (), ("pest",)),
        ("problem:rust", (), ("rust",), ("pest",)),
        ("topic:weed", (), (), ("weed",)),
    ],
)
def test_a_choice_completes_the_question(
    code: str, crops: tuple[str, ...], problems: tuple[str, ...], topics: tuple[str, ...]
) -> None:
    completed = with_choice(asked(), code, CHOICES)
    assert (completed.entities.crops, completed.entities.problems, completed.topics) == (crops, problems, topics)
    assert completed.intent is Intent.ASK_ADVICE


def test_a_choice_of_another_kind_changes_nothing() -> None:
    assert with_choice(asked(), "language:hi", CHOICES) == asked()


RICE_PEST = Session(entities=Entities(crops=("rice",), problems=("stem-borer",)), topics=("pest",))


def lean(understanding: object, session: Session) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    topics = {"aphid": "pest", "rust": "disease"}
    completed = with_session(understanding, session, topics.get)  # type: ignore[arg-type]
    return completed.entities.crops, completed.entities.problems, completed.topics


def test_a_follow_up_with_another_crop_keeps_the_problem() -> None:
    follow_up = replace(asked(("wheat",)), follow_up=True)
    assert lean(follow_up, RICE_PEST) == (("wheat",), ("stem-borer",), ("pest",))


def test_another_problem_keeps_the_crop() -> None:
    assert lean(asked((), ("aphid",), ("pest",)), RICE_PEST) == (("rice",), ("aphid",), ("pest",))


def test_a_new_crop_alone_starts_anew() -> None:
    assert lean(asked(("wheat",)), RICE_PEST) == (("wheat",), (), ())


def test_the_answer_to_which_crop_keeps_the_topic() -> None:
    assert lean(asked(("wheat",)), CHOICES) == (("wheat",), (), ("pest",))


def test_a_theme_has_no_crop() -> None:
    assert lean(asked((), (), ("scheme",)), RICE_PEST) == ((), (), ("scheme",))


def test_an_excluded_crop_is_not_taken_from_the_session() -> None:
    not_rice = replace(
        asked((), ("aphid",), ("pest",)), entities=Entities(problems=("aphid",), excluded_crops=("rice",))
    )
    assert lean(not_rice, RICE_PEST)[0] == ()


def test_commands_and_chatter_are_left_alone() -> None:
    command = replace(asked(), intent=Intent.GET_HELP)
    assert with_session(command, RICE_PEST, lambda _: None) is command
    assert lean(asked(), RICE_PEST) == ((), (), ())
