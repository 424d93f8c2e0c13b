"""When to answer, when to ask back, when to admit that there is no card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answering.decide import ENOUGH, Move, decide
from bot.domain.cards import Hit
from bot.domain.turns import Entities
from tests.test_retrieval import CARDS, asked

STEM, PESTS, RUST, GOURD, APHIDS, MONEY = CARDS


def hit(index: int, score: float = 0.5) -> Hit:
    card = CARDS[index]
    return Hit(card, score, card.crops[0] if card.crops else None, card.topics[0])


@pytest.mark.parametrize(
    ("understanding", "hits", "move", "card"),
    [
        (asked(), [hit(0)], Move.UNCLEAR, None),
        (asked(("rice",)), [hit(0)], Move.ASK_PROBLEM, None),
        (asked(("rice",), ("stem-borer",), ("pest",)), [hit(0), hit(1)], Move.ANSWER, STEM),
        (asked(("rice",), ("stem-borer",), ("pest",)), [hit(0, ENOUGH / 2)], Move.NO_CARD, None),
        (asked(("rice",), ("stem-borer",), ("pest",)), [], Move.NO_CARD, None),
        (asked((), ("aphid",), ("pest",)), [hit(3), hit(4)], Move.ANSWER, APHIDS),
        (asked((), ("rust",), ("disease",)), [hit(2)], Move.ANSWER, RUST),
        (asked((), ("aphid",), ("pest",)), [hit(1), hit(3)], Move.ASK_CROP, None),
        (asked((), (), ("pest",)), [hit(4)], Move.ASK_CROP, None),
        (asked((), (), ("scheme",)), [hit(5)], Move.ANSWER, MONEY),
        (asked((), (), ("scheme",)), [], Move.NO_CARD, None),
    ],
)
def test_move(understanding: object, hits: list[Hit], move: Move, card: object) -> None:
    decision = decide(understanding, hits)  # type: ignore[arg-type]
    assert decision.move is move
    assert (decision.hit.card if decision.hit else None) is card


def test_a_crop_that_the_bot_does_not_know_is_not_asked_for() -> None:
    tulip = replace(asked((), (), ("pest",)), entities=Entities(other_crops=("tulip",)))
    assert decide(tulip, []).move is Move.NO_CARD
    assert decide(tulip, [hit(4)]).move is Move.ANSWER
    assert decide(replace(tulip, topics=()), []).move is Move.NO_CARD


def test_the_crops_of_the_problem_are_offered() -> None:
    assert decide(asked((), ("aphid",), ("pest",)), [hit(1), hit(3)]).crops == ("rice", "cucurbits")
