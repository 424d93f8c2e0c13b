"""Reads a message in the light of what was said before: numbers and buttons, answers to questions back, follow-ups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain.turns import Entities, Intent, Pending, Session, Understanding

WORDS_OF_A_CHOICE = 8
"""A longer text that only happens to hold a label is a message of its own."""


def chosen_code(
    text: str, session: Session, labels: Callable[[str], tuple[str, ...]], fold: Callable[[str], str]
) -> str:
    """The choice that `text` picks by number or label, such as `crop:rice`; empty when it picks none."""
    folded = fold(text).strip(" .)")
    if folded.isdecimal() and 1 <= int(folded) <= len(session.choices):
        return session.choices[int(folded) - 1]
    if len(folded.split()) > WORDS_OF_A_CHOICE:
        return ""
    return next((code for code in session.choices if folded in {fold(name) for name in labels(code)}), "")


def with_choice(understanding: Understanding, code: str, session: Session) -> Understanding:
    """The question that was pending, completed by the choice."""
    kind, _, name = code.partition(":")
    if kind == "place":
        return replace(understanding, intent=Intent.SET_PLACE, argument=name)
    if kind == "alerts":
        return replace(understanding, intent=Intent.SUBSCRIBE, argument=name)
    entities, topics = session.entities, session.topics
    if kind == "crop":
        entities = replace(entities, crops=(name,))
    elif kind == "problem":
        entities = replace(entities, problems=(name,))
    elif kind == "topic":
        topics = (name,)
    else:
        return understanding
    return replace(
        understanding, intent=Intent.ASK_ADVICE, topic=next(iter(topics), None), topics=topics, entities=entities
    )


def with_session(
    understanding: Understanding, session: Session, topic_of: Callable[[str], str | None]
) -> Understanding:
    """Fills what the message leaves out (crop, problem, topic) from the session where the message leans on it."""
    if understanding.intent not in (Intent.ASK_ADVICE, Intent.UNCLEAR):
        return understanding
    new, old = understanding.entities, session.entities
    crops = new.crops or tuple(crop for crop in old.crops if crop not in new.excluded_crops)
    leans = understanding.follow_up or session.pending in (Pending.CROP, Pending.PROBLEM)
    says_something = bool(new.crops or new.problems or understanding.topics)
    if not leans and not says_something:
        return understanding
    problems, topics = new.problems, understanding.topics
    if leans and not problems and not topics:
        problems, topics = old.problems, session.topics
    if problems and not topics:
        topics = tuple(dict.fromkeys(topic for problem in problems if (topic := topic_of(problem))))
    if not new.crops and not needs_crop(problems, topics, leans):
        crops = ()
    entities = Entities(
        crops=crops,
        problems=problems,
        parts=new.parts or (old.parts if leans else ()),
        stages=new.stages or (old.stages if leans else ()),
        inputs=new.inputs,
        places=new.places or old.places,
        excluded_crops=new.excluded_crops,
    )
    return replace(
        understanding, intent=Intent.ASK_ADVICE, topic=next(iter(topics), None), topics=topics, entities=entities
    )


def needs_crop(problems: tuple[str, ...], topics: tuple[str, ...], leans: bool) -> bool:
    """Whether a crop named earlier is meant: themes such as schemes, weather and cattle have none."""
    if leans:
        return True
    themes = {"scheme", "market", "weather", "livestock", "emergency", "soil"}
    return bool(problems or topics) and not themes & set(topics)
