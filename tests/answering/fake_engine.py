"""An engine that says what it is told to, and a card to ask it about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.answering.engine import STOP, Completion, EngineState, Prompt

Says = Callable[[Prompt, str | None], str]
"""(prompt, grammar) -> what the model says."""


@dataclass
class FakeEngine:
    """Says `says(prompt, grammar)`, which may raise an EngineError; remembers what it was asked and what was warmed."""

    says: Says
    name: str = "fake-model"
    fingerprint: str = "weights-1"
    asked: list[tuple[Prompt, str | None]] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)

    def complete(
        self,
        prompt: Prompt,
        *,
        grammar: str | None = None,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Completion:
        self.asked.append((prompt, grammar))
        return Completion(self.says(prompt, grammar), 0, 0, 0, 0.0)

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        yield self.says(prompt, None)

    def count(self, text: str) -> int:
        return len(text)

    def warm(self, prefixes: Sequence[str]) -> None:
        self.warmed.extend(prefixes)

    def state(self) -> EngineState:
        return EngineState.READY

    def close(self) -> None:
        pass


@dataclass
class WritingEngine(FakeEngine):
    """Writes `pieces` one after the other; an exception among them is raised, a function called. Counts in `told`
    what was taken of them."""

    pieces: Sequence[str | Exception | Callable[[], object]] = ()
    told: int = 0

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        for piece in self.pieces:
            self.told += 1
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, str):
                yield piece
            else:
                piece()


def always(said: str) -> Says:
    """Says the same whatever it is asked."""
    return lambda prompt, grammar: said


def failing(error: Exception) -> Says:
    """Raises the same whatever it is asked."""

    def says(prompt: Prompt, grammar: str | None) -> str:
        raise error

    return says
