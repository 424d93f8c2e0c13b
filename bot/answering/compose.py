"""Free text about chosen steps, for languages that the model is declared to write. The guard lets it out or not.

Who may see it while it is written sees complete sentences that the guard has let out, nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from bot.answering.engine import Engine, Prompt
from bot.answering.guard import Guard, finished
from bot.answering.prompts import build_compose, gloss_of, lettered
from bot.answering.select import UNTOUCHED, uncounted
from bot.domain.cards import Card, Step
from bot.domain.errors import EngineError
from bot.domain.turns import Understanding

MOST_TOKENS = 220
Progress = Callable[[str], None]
"""Is handed the text so far. Must not raise."""
Judge = Callable[[str], str | None]
"""A text's fault as far as it goes, or None."""


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

    def compose(
        self,
        card: Card,
        steps: tuple[Step, ...],
        understanding: Understanding,
        language: str,
        progress: Progress | None = None,
    ) -> str | None:
        """The steps in the model's sentences; None where the authored steps shall go out. Never raises EngineError."""
        text = card.texts.get(language)
        if language not in self.writes or text is None or UNTOUCHED in card.topics:
            return None
        ids = {step.id for step in steps}
        letters = "".join(letter for letter, step in lettered(card).items() if step.id in ids)
        gloss = gloss_of(understanding, self.reads)
        prompt = build_compose(card, gloss, letters, language, self.writes[language])
        cited = [text.steps[step.id] for step in steps]
        judge = partial(self.guard.fault, title=text.title, steps=cited, language=language)
        said = self._ask(prompt, partial(judge, whole=False), progress)
        if said is None:
            return None
        fault = judge(said)
        self.on_outcome(f"guarded_{fault}" if fault else "composed")
        return None if fault else said

    def _ask(self, prompt: Prompt, judge: Judge, progress: Progress | None) -> str | None:
        """What the model says, its end marks cut off; None when it cannot be asked now."""
        if not self.places.acquire(blocking=False):
            self.on_outcome("full")
            return None
        try:
            if progress is None:
                done = self.engine.complete(prompt, most_tokens=MOST_TOKENS, seconds=self.seconds, priority=1)
                return done.text.strip()
            return self._stream(prompt, judge, progress)
        except EngineError as error:
            self.on_outcome(type(error).__name__)
            return None
        finally:
            self.places.release()

    def _stream(self, prompt: Prompt, judge: Judge, progress: Progress) -> str:
        """The same, shown sentence by sentence, and left off after one that may not go out. Raises EngineError."""
        text = seen = ""
        for piece in self.engine.stream(prompt, most_tokens=MOST_TOKENS, seconds=self.seconds, priority=1):
            text += piece
            so_far = finished(text.lstrip())
            if so_far == seen:
                continue
            seen, fault = so_far, judge(so_far)
            if fault is None:
                progress(so_far)
            elif fault != "language":  # a few words may look like another language; the next sentence shows
                return so_far
        return text.strip()
