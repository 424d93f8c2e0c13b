"""Free text about chosen steps, for languages that the model is declared to write. The guard lets it out or not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.answering.engine import Engine, Prompt
from bot.answering.guard import Guard
from bot.answering.prompts import build_compose, gloss_of, lettered
from bot.answering.select import UNTOUCHED, uncounted
from bot.domain.cards import Card, Step
from bot.domain.errors import EngineError
from bot.domain.turns import Understanding

MOST_TOKENS = 220


@dataclass(frozen=True, slots=True)
class Composer:
    """Asks one engine for sentences; `writes` maps the languages that it may write to their English names."""

    engine: Engine
    guard: Guard
    reads: frozenset[str]
    writes: Mapping[str, str]
    seconds: float
    on_outcome: Callable[[str], None] = uncounted
    places: threading.BoundedSemaphore = field(default_factory=threading.BoundedSemaphore)

    def compose(self, card: Card, steps: tuple[Step, ...], understanding: Understanding, language: str) -> str | None:
        """The steps in the model's sentences; None where the authored steps shall go out. Never raises EngineError."""
        text = card.texts.get(language)
        if language not in self.writes or text is None or UNTOUCHED in card.topics:
            return None
        ids = {step.id for step in steps}
        letters = "".join(letter for letter, step in lettered(card).items() if step.id in ids)
        gloss = gloss_of(understanding, self.reads)
        said = self._ask(build_compose(card, gloss, letters, language, self.writes[language]))
        if said is None:
            return None
        fault = self.guard.fault(said, text.title, [text.steps[step.id] for step in steps], language)
        self.on_outcome(f"guarded_{fault}" if fault else "composed")
        return None if fault else said

    def _ask(self, prompt: Prompt) -> str | None:
        """What the model says, its end marks cut off; None when it cannot be asked now."""
        if not self.places.acquire(blocking=False):
            self.on_outcome("full")
            return None
        try:
            return self.engine.complete(prompt, most_tokens=MOST_TOKENS, seconds=self.seconds, priority=1).text.strip()
        except EngineError as error:
            self.on_outcome(type(error).__name__)
            return None
        finally:
            self.places.release()
