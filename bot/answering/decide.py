"""Decides what to do with a question: answer from a card, ask one thing back, or admit that there is no card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.cards import Hit
from bot.domain.turns import Understanding

ENOUGH = 0.2
"""A score below this rests on words alone and is no ground to advise on."""


class Move(StrEnum):
    """What to do next."""

    ANSWER = "answer"
    ASK_CROP = "ask_crop"
    ASK_PROBLEM = "ask_problem"
    NO_CARD = "no_card"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Decision:
    """The move, the hit to answer with, and the crops that a question back should offer."""

    move: Move
    hit: Hit | None = None
    crops: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    """Ids of the hit's steps to send; empty: all that apply."""
    engine: str = "cards"
    """Who decided: `cards`, a model's name, `cache`."""

    def by(self, engine: str) -> Decision:
        """The same, decided by another."""
        return replace(self, engine=engine)


def decide(understanding: Understanding, hits: Sequence[Hit]) -> Decision:
    """Chooses the move. A crop that was not named is never guessed where several could be meant."""
    entities = understanding.entities
    if not entities.crops and not entities.problems and not understanding.topics:
        return Decision(Move.NO_CARD if entities.other_crops else Move.UNCLEAR)
    if entities.crops and not entities.problems and not understanding.topics:
        return Decision(Move.ASK_PROBLEM)
    good = [hit for hit in hits if hit.score >= ENOUGH]
    if entities.crops or entities.other_crops:
        return Decision(Move.ANSWER, good[0]) if good else Decision(Move.NO_CARD)
    if entities.problems:
        return decide_by_problem(frozenset(entities.problems), good)
    return decide_by_topic(understanding, good)


def decide_by_problem(problems: frozenset[str], good: Sequence[Hit]) -> Decision:
    """A problem without a crop: a general card that names it, the one card there is for it, else the crop is asked."""
    naming = [hit for hit in good if problems & set(hit.card.problems)]
    general = [hit for hit in naming if hit.card.general]
    if general:
        return Decision(Move.ANSWER, general[0])
    if len(naming) == 1:
        return Decision(Move.ANSWER, naming[0])
    crops = tuple(dict.fromkeys(crop for hit in naming for crop in hit.card.crops))
    return Decision(Move.ASK_CROP, crops=crops)


def decide_by_topic(understanding: Understanding, good: Sequence[Hit]) -> Decision:
    """A topic alone: most depend on the crop, which is asked; themes such as schemes have general cards."""
    if understanding.topic in CROP_TOPICS:
        return Decision(Move.ASK_CROP)
    general = [hit for hit in good if hit.card.general]
    return Decision(Move.ANSWER, general[0]) if general else Decision(Move.NO_CARD)


CROP_TOPICS = frozenset({"pest", "disease", "nutrition", "weed", "variety", "sowing", "harvest", "water"})
"""Topics whose advice depends on the crop."""
