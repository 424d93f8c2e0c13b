"""Lets one call at a time to the model: by priority, then first come first served; few may wait, and not for ever."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain.errors import EngineBusy, EngineTimeout, EngineUnavailable


class Turnstile:
    """Admission control; any thread."""

    def __init__(self, waiting: int, clock: Callable[[], float]) -> None:
        self.most = waiting
        self.clock = clock
        self.changed = threading.Condition()
        self.numbers = itertools.count()
        self.queue: list[tuple[int, int]] = []
        self.taken = False
        self.closed = False

    @contextmanager
    def turn(self, priority: int, deadline: float) -> Iterator[None]:
        """The caller's turn. Raises EngineBusy, EngineTimeout and EngineUnavailable before it begins."""
        with self.changed:
            # One more than may wait when nobody is inside: the first of them does not wait.
            if len(self.queue) >= self.most + (not self.taken):
                raise EngineBusy(f"{len(self.queue)} calls wait for the model")
            ticket = (priority, next(self.numbers))
            heapq.heappush(self.queue, ticket)
            self.changed.notify_all()
            try:
                self.await_turn(ticket, deadline)
            finally:
                self.queue.remove(ticket)
                heapq.heapify(self.queue)
                self.changed.notify_all()
            self.taken = True
        try:
            yield
        finally:
            self.leave()

    @contextmanager
    def idle_turn(self) -> Iterator[bool]:
        """A turn for work that can wait, if nobody wants one now; tells whether it was given."""
        with self.changed:
            given = not (self.taken or self.queue or self.closed)
            self.taken = self.taken or given
        try:
            yield given
        finally:
            if given:
                self.leave()

    def leave(self) -> None:
        """Gives the turn on."""
        with self.changed:
            self.taken = False
            self.changed.notify_all()

    def await_turn(self, ticket: tuple[int, int], deadline: float) -> None:
        """Waits, holding the lock, until this ticket is first and nobody is inside."""
        while self.taken or self.queue[0] != ticket or self.closed:
            if self.closed:
                raise EngineUnavailable("the model is being closed")
            if not self.changed.wait(max(0.0, deadline - self.clock())) and self.clock() >= deadline:
                raise EngineTimeout("no turn within the deadline")

    def wanted(self) -> bool:
        """Whether somebody waits."""
        return bool(self.queue)

    def close(self) -> None:
        """Sends all who wait away."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
