"""The engine of this machine: llama.cpp in a process of its own (bot.answering.local), watched and restarted.

    ProcessEngine(
        EngineFile(path, name="phi-3-mini-4k"),
        EngineLimits(threads=0, context=1536, waiting=8),
        PrefixBudget(folder=data_dir / "prefixes", memory_bytes=128_000_000, disk_bytes=2_000_000_000),
    )

Whatever ends that process (a fault in native code, the OOM killer, `kill -9`) costs the call under way, nothing else.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.answering.breaker import Breaker, Patience
from bot.answering.child import Call, Child
from bot.answering.engine import STOP, USABLE_TOKENS, Completion, EngineState, Prompt
from bot.answering.frames import Frame
from bot.answering.keeper import Keeper
from bot.answering.prefix_cache import fingerprint
from bot.answering.turnstile import Turnstile
from bot.domain.errors import ConfigurationError, EngineTimeout

COUNT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class EngineFile:
    """A GGUF file and the name that answers made with it bear."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What one model may take of the machine and of a caller's time."""

    threads: int = 0  # 0: one for each CPU
    context: int = 1536  # tokens of prompt and answer; each takes 0.2 MB
    usable: int = USABLE_TOKENS  # prompt and answer together stay below, whatever the context
    waiting: int = 8  # calls that may wait; more are refused at once
    start_seconds: float = 120.0  # for loading, and for the state of one prefix
    grace_seconds: float = 5.0  # in which the process must have stopped a call: else it hangs and is killed
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class PrefixBudget:
    """Where states of prefixes are kept, and how much of them; no folder or no bytes: none there."""

    folder: Path | None = None
    memory_bytes: int = 128_000_000
    disk_bytes: int = 0


class ProcessEngine:
    """An `Engine` (bot.answering.engine) over one GGUF file; starts the process at once and keeps it running."""

    def __init__(
        self,
        file: EngineFile,
        limits: EngineLimits = EngineLimits(),
        prefixes: PrefixBudget = PrefixBudget(),
        *,
        clock: Callable[[], float] = time.monotonic,
        command: Sequence[str] = (sys.executable, "-m", "bot.answering.local"),
    ) -> None:
        """Returns before the model is loaded. Raises ConfigurationError when the file cannot be read."""
        try:
            self.fingerprint = fingerprint(file.path)
        except OSError as error:
            raise ConfigurationError(f"the model file {file.path} cannot be read: {error.strerror}") from error
        self.name = file.name
        self.clock = clock
        self.turnstile = Turnstile(limits.waiting, clock)
        self.breaker = Breaker(clock, limits.patience)
        self.keeper = Keeper(
            partial(Child, command, load_frame(file, limits, prefixes, self.fingerprint)),
            self.turnstile,
            self.breaker,
            clock=clock,
            start_seconds=limits.start_seconds,
            grace_seconds=limits.grace_seconds,
        )

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
        """As `Engine.complete`."""
        began = self.clock()
        request = request_frame(prompt, grammar, most_tokens, stop, stream=False)
        with self.asking(request, began + seconds, priority) as call:
            done = call.next(began + seconds - self.clock())
        return Completion(
            text=done["text"].strip(),
            prompt_tokens=done["prompt_tokens"],
            cached_tokens=done["cached_tokens"],
            new_tokens=done["new_tokens"],
            seconds=self.clock() - began,
        )

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        """As `Engine.stream`."""
        deadline = self.clock() + seconds
        request = request_frame(prompt, None, most_tokens, stop, stream=True)
        with self.asking(request, deadline, priority) as call:
            while (frame := call.next(deadline - self.clock()))["op"] == "piece":
                yield frame["text"]

    def count(self, text: str) -> int:
        """As `Engine.count`; waits for no turn."""
        child = self.keeper.ready(self.clock() + COUNT_SECONDS)
        return int(child.call("count", text=text).next(COUNT_SECONDS)["tokens"])

    def warm(self, prefixes: Sequence[str]) -> None:
        """As `Engine.warm`."""
        self.keeper.warm(prefixes)

    def state(self) -> EngineState:
        """As `Engine.state`."""
        return self.keeper.state()

    def close(self) -> None:
        """As `Engine.close`; waits until the process has ended."""
        self.turnstile.close()
        self.keeper.close()

    @contextmanager
    def asking(self, request: Frame, deadline: float, priority: int) -> Iterator[Call]:
        """A call during its turn; one left early is cancelled, and nobody waits for that. Raises EngineError."""
        with self.turnstile.turn(priority, deadline):
            child = self.keeper.ready(deadline)
            call = child.call("complete", seconds=deadline - self.clock(), **request)
            try:
                yield call
            except EngineTimeout:
                # As far as it came is kept: with the rest computed in idle time, the next farmer waits less.
                self.keeper.warm([request["prefix"]])
                raise
            finally:
                self.keeper.let_go(child, call)
            self.breaker.worked()


def load_frame(file: EngineFile, limits: EngineLimits, prefixes: PrefixBudget, weights: str) -> Frame:
    """The first frame: what to load and what may be kept."""
    return {
        "path": str(file.path),
        "threads": limits.threads,
        "context": min(limits.context, limits.usable - 1),
        "fingerprint": weights,
        "folder": str(prefixes.folder) if prefixes.folder else "",
        "memory_bytes": prefixes.memory_bytes,
        "disk_bytes": prefixes.disk_bytes,
    }


def request_frame(prompt: Prompt, grammar: str | None, most: int, stop: Sequence[str], *, stream: bool) -> Frame:
    """A call for text."""
    return {
        "prefix": prompt.prefix,
        "rest": prompt.rest,
        "grammar": grammar,
        "most_tokens": most,
        "stop": list(stop),
        "stream": stream,
    }
