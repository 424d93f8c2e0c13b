"""Keeps a model process up: starts and restarts it with patience, ends one that hangs, spends idle time on prefixes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog

from bot.answering.breaker import Breaker
from bot.answering.child import Call, Child
from bot.answering.engine import EngineState
from bot.answering.turnstile import Turnstile
from bot.domain.errors import EngineError, EngineTimeout, EngineUnavailable

log = structlog.get_logger()

START_PATIENCE = 2.0
"""Seconds that a call waits for a process that is being started; from the page cache it takes one."""
IDLE_SECONDS = 0.02
MOST_PREFIXES = 256


class Keeper:
    """A thread of its own beside those which call the model."""

    def __init__(
        self,
        spawn: Callable[[], Child],
        turnstile: Turnstile,
        breaker: Breaker,
        *,
        clock: Callable[[], float],
        start_seconds: float,
        grace_seconds: float,
    ) -> None:
        """`spawn` starts a process, which has so many seconds to load the model, and so many to stop a call."""
        self.spawn = spawn
        self.turnstile = turnstile
        self.breaker = breaker
        self.clock = clock
        self.start_seconds = start_seconds
        self.grace_seconds = grace_seconds
        self.changed = threading.Condition()
        self.child: Child | None = None
        self.started = False
        self.closed = False
        self.left: list[tuple[Child, Call, float]] = []
        self.cold: OrderedDict[str, None] = OrderedDict()
        self.thread = threading.Thread(target=self.keep, name="model keeper", daemon=True)
        self.thread.start()

    def ready(self, deadline: float) -> Child:
        """The running process; waits for one that starts. Raises EngineUnavailable, at once if none will come."""
        latest = min(deadline, self.clock() + START_PATIENCE)
        with self.changed:
            while self.child is None or self.child.dead.is_set():
                left = latest - self.clock()
                if self.closed or left <= self.breaker.wait():
                    raise EngineUnavailable(f"the model process is not up: {self.state()}")
                self.changed.wait(min(left, 0.1))
            return self.child

    def state(self) -> EngineState:
        """How it is now; never blocks."""
        if self.closed:
            return EngineState.CLOSED
        if self.breaker.is_open():
            return EngineState.OPEN
        if self.child and not self.child.dead.is_set():
            return EngineState.READY
        return EngineState.RESTARTING if self.started else EngineState.STARTING

    def let_go(self, child: Child, call: Call) -> None:
        """Stops a call that is not over; the keeper sees to it that the process is free soon."""
        if not call.over:
            child.cancel(call)
            with self.changed:
                self.left.append((child, call, self.clock() + self.grace_seconds))

    def warm(self, prefixes: Sequence[str]) -> None:
        """Takes prefixes to compute when idle: the last asked for go first, the oldest of too many are dropped."""
        with self.changed:
            for prefix in prefixes:
                self.cold[prefix] = None
                self.cold.move_to_end(prefix)
            while len(self.cold) > MOST_PREFIXES:
                self.cold.popitem(last=False)
            self.changed.notify_all()

    def close(self) -> None:
        """Ends the process and waits for that."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.thread.join()

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
            child = self.spawn()
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
        latest = self.clock() + self.start_seconds
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
                if not self.watch(child, child.call("warm", prefix=prefix, seconds=self.start_seconds)):
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
        latest = self.clock() + self.start_seconds + self.grace_seconds
        while not call.poll(IDLE_SECONDS):
            self.kill_the_hanging()
            if self.turnstile.wanted() or self.closed or self.clock() > latest:
                self.let_go(child, call)
                return False
        return True

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
