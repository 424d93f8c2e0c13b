"""Several engines as one: the small one first, the next for what it declines or cannot do now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from bot.answering.engine import STOP, USABLE_TOKENS, Completion, Engine, EngineState, Prompt
from bot.answering.gbnf import fits
from bot.answering.remote import RemoteEngine
from bot.answering.select import PERSON
from bot.answering.servers import Endpoint
from bot.domain.errors import EngineError, EngineUnavailable

SHARE = 0.6
"""Of the time that is left, what an engine may take while others stand behind it."""
DECLINES = frozenset({PERSON})
"""Replies with which a model says that it cannot tell."""
BEST = (EngineState.READY, EngineState.STARTING, EngineState.RESTARTING, EngineState.OPEN, EngineState.CLOSED)


class Cascade:
    """An `Engine` (bot.answering.engine) over others, in order of preference."""

    def __init__(self, engines: Sequence[Engine], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.engines = tuple(engines)
        self.clock = clock

    @property
    def name(self) -> str:
        """The first one's: what usually answers."""
        return self.engines[0].name

    @property
    def fingerprint(self) -> str:
        """Of all of them."""
        return "+".join(engine.fingerprint for engine in self.engines)

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
        """As `Engine.complete`: of the first that does not decline; else a declining that fits, or the last error."""
        deadline = self.clock() + seconds
        declined: Completion | None = None
        failed: EngineError = EngineUnavailable("no engine")
        for engine, share in self._shares():
            left = deadline - self.clock()
            if left <= 0:
                break
            try:
                done = engine.complete(
                    prompt, grammar=grammar, most_tokens=most_tokens, seconds=left * share, stop=stop, priority=priority
                )
            except EngineError as error:
                failed = error
                continue
            if grammar is None or not declines(grammar, done.text):
                return done
            declined = done if declined is None or fits(grammar, done.text) else declined
        if declined is None:
            raise failed
        return declined

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        """As `Engine.stream`: of the first that says anything; one that breaks midway is not taken over."""
        deadline = self.clock() + seconds
        failed: EngineError = EngineUnavailable("no engine")
        for engine, share in self._shares():
            left = (deadline - self.clock()) * share
            pieces = engine.stream(prompt, most_tokens=most_tokens, seconds=left, stop=stop, priority=priority)
            try:
                first = next(pieces, "")
            except EngineError as error:
                failed = error
                continue
            yield first
            yield from pieces
            return
        raise failed

    def count(self, text: str) -> int:
        """As `Engine.count`, by the first that can."""
        failed: EngineError = EngineUnavailable("no engine")
        for engine in self.engines:
            try:
                return engine.count(text)
            except EngineError as error:
                failed = error
        raise failed

    def warm(self, prefixes: Sequence[str]) -> None:
        """As `Engine.warm`."""
        for engine in self.engines:
            engine.warm(prefixes)

    def state(self) -> EngineState:
        """The best of theirs: one that is ready is enough."""
        states = {engine.state() for engine in self.engines}
        return next((state for state in BEST if state in states), EngineState.NONE)

    def close(self) -> None:
        """As `Engine.close`."""
        for engine in self.engines:
            engine.close()

    def _shares(self) -> Iterator[tuple[Engine, float]]:
        for engine in self.engines:
            yield engine, 1.0 if engine is self.engines[-1] else SHARE


def declines(grammar: str, said: str) -> bool:
    """Whether a reply is none: outside the grammar, or the one that says so."""
    return said.strip() in DECLINES or not (fits(grammar, said) or fits(grammar, said.strip()))


def in_a_row(engines: Sequence[Engine]) -> Engine | None:
    """Several as one, one as itself, none as None."""
    return Cascade(engines) if len(engines) > 1 else next(iter(engines), None)


def remote_engines(
    addresses: Sequence[str], keys: Sequence[str], name: str, *, usable: int = USABLE_TOKENS
) -> list[RemoteEngine]:
    """What KHETDOOT_MODEL_URL, MODEL_KEY and MODEL_NAME ask for, in order. Raises ConfigurationError."""
    given = [keys[0]] * len(addresses) if len(keys) == 1 else list(keys)[: len(addresses)]
    endpoints = [Endpoint.parse(url, name, key) for url, key in zip_longest(addresses, given, fillvalue="")]
    return [RemoteEngine(endpoint, usable=usable) for endpoint in endpoints]
