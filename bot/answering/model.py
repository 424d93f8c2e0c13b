"""A model at work: its engine, the languages that it may read and write, and what it may take of a turn's time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.answering.compose import Composer
from bot.answering.engine import Engine
from bot.answering.guard import Guard
from bot.answering.lexicon import read_lexicon
from bot.answering.select import Answers, Selector, uncounted
from bot.domain.turns import DetectedLanguage
from bot.knowledge import Knowledge
from bot.locales import Locales


@dataclass(frozen=True, slots=True)
class Model:
    """What select and compose need. `writes` is empty unless free text is wanted; times in seconds of one turn."""

    engine: Engine
    reads: frozenset[str] = frozenset({"en"})
    writes: frozenset[str] = frozenset()
    seconds: float = 6.0
    compose_seconds: float = 30.0
    most_waiting: int = 1
    """Turns that may wait for the model at once: fewer than there are workers, so that one is free for cards."""
    answers: Answers | None = None
    on_outcome: Callable[[str], None] = uncounted


def build_selector(model: Model) -> Selector:
    """The chooser of steps."""
    return Selector(
        model.engine,
        reads=model.reads,
        seconds=model.seconds,
        most_waiting=model.most_waiting,
        answers=model.answers,
        on_outcome=model.on_outcome,
    )


def build_composer(
    model: Model, locales: Locales, knowledge: Knowledge, detect: Callable[[], Callable[[str], DetectedLanguage]]
) -> Composer | None:
    """The writer of free text behind its guard; None when the model writes no language of ours. Raises DataError.

    `detect` makes a detector of languages: it is asked only where there is something to detect.
    """
    names: Mapping[str, str] = {tag: locales.languages[tag].name for tag in locales.spoken if tag in model.writes}
    if not names:
        return None
    language_of = detect()
    return Composer(
        engine=model.engine,
        guard=Guard(
            {tag: read_lexicon(locales, tag) for tag in names},
            knowledge.restricted,
            lambda text: language_of(text).tag,
        ),
        reads=model.reads,
        writes=names,
        seconds=model.compose_seconds,
        on_outcome=model.on_outcome,
    )
