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
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.answering.breaker import Breaker, Patience
from bot.answering.child import Call, Child
from bot.answering.engine import STOP, USABLE_TOKENS, Completion, EngineState, Prompt
from bot.answering.frames import Frame
from bot.answering.prefix_cache import fingerprint
from bot.answering.turnstile import Turnstile
from bot.domain.errors import (
    ConfigurationError,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
)

log = structlog.get_logger()

GRACE = 5.0
"""Seconds after its deadline in which the process must have stopped a call: later it hangs and is killed."""
START_PATIENCE = 2.0
"""Seconds that a call waits for a process that is being started; from the page cache it takes one."""
COUNT_SECONDS = 5.0
IDLE_SECONDS = 0.02
MOST_PREFIXES = 256


@dataclass(frozen=True, slots=True)
class EngineFile:
    """A GGUF file and the name that answers made with it bear."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Threads (0: one for each CPU), context and what of it is usable (tokens), calls that may wait, seconds to load,

    and patience with crashes. Keys and values of the context take 0.2 MB a token.
    """

    threads: int = 0
    context: int = 1536
    usable: int = USABLE_TOKENS
    waiting: int = 8
    start_seconds: float = 120.0
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
        self.limits = limits
        self.clock = clock
        self.command = command
        self.load = load_frame(file, limits, prefixes, self.fingerprint)
        self.turnstile = Turnstile(limits.waiting, clock)
        self.breaker = Breaker(clock, limits.patience)
        self.changed = threading.Condition()
        self.child: Child | None = None
        self.started = False
        self.closed = False
        self.left: list[tuple[Child, Call, float]] = []
        self.cold: OrderedDict[str, None] = OrderedDict()
        self.keeper = threading.Thread(target=self.keep, name="model keeper", daemon=True)
        self.keeper.start()

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
        child = self.ready_child(self.clock() + COUNT_SECONDS)
        return int(child.call("count", text=text).next(COUNT_SECONDS)["tokens"])

    def warm(self, prefixes: Sequence[str]) -> None:
        """As `Engine.warm`; the last asked for go first, and the oldest of too many are dropped."""
        with self.changed:
            for prefix in prefixes:
                self.cold[prefix] = None
                self.cold.move_to_end(prefix)
            while len(self.cold) > MOST_PREFIXES:
                self.cold.popitem(last=False)
            self.changed.notify_all()

    def state(self) -> EngineState:
        """As `Engine.state`."""
        if self.closed:
            return EngineState.CLOSED
        if self.breaker.is_open():
            return EngineState.OPEN
        if self.child and not self.child.dead.is_set():
            return EngineState.READY
        return EngineState.RESTARTING if self.started else EngineState.STARTING

    def close(self) -> None:
        """As `Engine.close`; waits until the process has ended."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.turnstile.close()
        self.keeper.join()

    @contextmanager
    def asking(self, request: Frame, deadline: float, priority: int) -> Iterator[Call]:
        """A call during its turn; one left early is cancelled, and nobody waits for that. Raises EngineError."""
        with self.turnstile.turn(priority, deadline):
            child = self.ready_child(deadline)
            call = child.call("complete", seconds=deadline - self.clock(), **request)
            try:
                yield call
            except EngineTimeout:
                # As far as it came is kept: with the rest computed in idle time, the next farmer waits less.
                self.warm([request["prefix"]])
                raise
            finally:
                self.let_go(child, call)
            self.breaker.worked()

    def let_go(self, child: Child, call: Call) -> None:
        """Stops a call that is not over; the keeper sees to it that the process is free soon."""
        if not call.over:
            child.cancel(call)
            with self.changed:
                self.left.append((child, call, self.clock() + GRACE))

    def kill_the_hanging(self) -> None:
        """Ends a process that did not stop a call when told to."""
        with self.changed:
            left, self.left = self.left, []
        for child, call, latest in left:
            if self.is_over(call) or child.dead.is_set():
                continue
            if self.clock() > latest:
                log.warning("the model process hangs")
                child.process.kill()
            else:
                self.left.append((child, call, latest))

    def is_over(self, call: Call) -> bool:
        """Whether a call that was let go has ended, however."""
        try:
            while not call.over and call.poll(0):
                pass
        except EngineError:
            return True
        return call.over

    def ready_child(self, deadline: float) -> Child:
        """The running process; waits for one that starts. Raises EngineUnavailable, at once if none will come."""
        latest = min(deadline, self.clock() + START_PATIENCE)
        with self.changed:
            while self.child is None or self.child.dead.is_set():
                left = latest - self.clock()
                if self.closed or left <= self.breaker.wait():
                    raise EngineUnavailable(f"the model process is not up: {self.state()}")
                self.changed.wait(min(left, 0.1))
            return self.child

    def keep(self) -> None:
        """The keeper's loop: a process is up whenever it may be, and idle time goes into cold prefixes."""
        while not self.closed:
            self.kill_the_hanging()
            child = self.child
            if child is None:
                self.start()
            elif child.dead.is_set():
                self.bury(child)
            elif not self.warm_one(child):
                with self.changed:
                    self.changed.wait(IDLE_SECONDS * 5)
        if self.child:
            self.child.stop()

    def start(self) -> None:
        """Starts a process, once the breaker allows it."""
        with self.changed:
            if (pause := self.breaker.wait()) > 0:
                self.changed.wait(pause)
                return
        child = None
        try:
            child = Child(self.command, self.load)
            self.await_loaded(child)
        except EngineError as error:
            self.breaker.failed()
            log.warning("the model does not start", reason=str(error), failures=self.breaker.failures)
            if child:
                child.stop(0)
            return
        with self.changed:
            self.child, self.started = child, True
            self.changed.notify_all()

    def await_loaded(self, child: Child) -> None:
        """Waits until the model is loaded, or no longer wanted. Raises EngineError."""
        latest = self.clock() + self.limits.start_seconds
        while not child.loading.poll(0.1):
            if self.closed or self.clock() > latest:
                raise EngineTimeout("not loaded in time")

    def bury(self, child: Child) -> None:
        """Counts a death and lets the process go."""
        self.breaker.failed()
        child.stop(0)
        log.warning("the model process died", status=child.process.returncode, failures=self.breaker.failures)
        with self.changed:
            self.child = None

    def warm_one(self, child: Child) -> bool:
        """Computes one cold prefix while nobody waits; whether there was anything to do."""
        with self.changed:
            prefix = next(reversed(self.cold), None)
        if prefix is None:
            return False
        with self.turnstile.idle_turn() as given:
            if not given:
                return False
            try:
                if not self.watch(child, child.call("warm", prefix=prefix, seconds=self.limits.start_seconds)):
                    return False  # a farmer came first: it goes on later from where it was
            except EngineTimeout:
                return False
            except EngineError as error:
                # Also when the process died of it: another try might kill it again and again.
                log.warning("the state of a prefix cannot be kept", reason=str(error))
        with self.changed:
            self.cold.pop(prefix, None)
        return True

    def watch(self, child: Child, call: Call) -> bool:
        """Whether a call came to its end before anybody wanted the model. Raises EngineError."""
        while not call.poll(IDLE_SECONDS):
            if self.turnstile.wanted() or self.closed:
                self.let_go(child, call)
                return False
        return True


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
