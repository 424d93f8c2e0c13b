"""When a process that failed may be tried again: soon at first, then ever later, then not for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds before the second try, which double up to `most`; after `failures` in a row a rest of `rest` seconds."""

    first: float = 0.2
    most: float = 10.0
    failures: int = 5
    rest: float = 60.0


class Breaker:
    """Counts failures in a row. After a rest one try is allowed (half-open): one more failure opens it again."""

    def __init__(self, clock: Callable[[], float], patience: Patience) -> None:
        self.clock = clock
        self.patience = patience
        self.lock = threading.Lock()
        self.failures = 0
        self.next_try = 0.0

    def failed(self) -> None:
        """It died, hung or did not start."""
        with self.lock:
            self.failures += 1
            pause = min(self.patience.most, self.patience.first * 2.0 ** (self.failures - 1))
            self.next_try = self.clock() + (self.patience.rest if self.broken else pause)

    def worked(self) -> None:
        """It did its work: all is forgiven."""
        with self.lock:
            self.failures = 0

    @property
    def broken(self) -> bool:
        """Whether it failed too often in a row."""
        return self.failures >= self.patience.failures

    def is_open(self) -> bool:
        """Whether it is left alone now."""
        return self.broken and self.clock() < self.next_try

    def wait(self) -> float:
        """Seconds until it may be tried; 0 for now."""
        return max(0.0, self.next_try - self.clock())
