"""Scheduled runs that happen once, however many schedulers there are and however often they restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update

from bot.storage.store import Store
from bot.storage.tables import runs


class Runs(Store):
    """Runs by key, such as `alerts:2025-07-01T06`."""

    def start(self, key: str, worker: str, lease: timedelta) -> bool:
        """Whether this worker may do the run now: nobody has finished it, nobody else is at it."""
        now = self.clock()
        mine = {"state": "running", "claimed_by": worker, "claimed_until": now + lease}
        insert = self.insert(runs).values(mine | {"key": key, "attempts": 1, "started_at": now})
        free = or_(runs.c.state == "failed", runs.c.claimed_until <= now)
        again = update(runs).where(runs.c.key == key, runs.c.state != "done", free)
        with self.database.write() as connection:
            if connection.execute(insert.on_conflict_do_nothing().returning(runs.c.key)).first() is not None:
                return True
            return connection.execute(again.values(mine | {"attempts": runs.c.attempts + 1})).rowcount == 1

    @contextmanager
    def once(self, key: str, worker: str, lease: timedelta) -> Iterator[bool]:
        """Whether this worker may do the run in the block: then it is done at its end, or given back by an error."""
        if not self.start(key, worker, lease):
            yield False
            return
        done = False
        try:
            yield True
            done = True
        finally:
            self.end(key, worker, "done" if done else "failed")

    def forget(self, before: datetime) -> int:
        """Deletes runs that ended before a time; returns how many."""
        with self.database.write() as connection:
            return connection.execute(delete(runs).where(runs.c.done_at < before)).rowcount

    def finish(self, key: str, worker: str) -> bool:
        """Never again; False when another worker has taken it over."""
        return self.end(key, worker, "done")

    def fail(self, key: str, worker: str) -> bool:
        """Anyone may try again at once."""
        return self.end(key, worker, "failed")

    def end(self, key: str, worker: str, state: str) -> bool:
        """Ends a run that is this worker's."""
        mine = update(runs).where(runs.c.key == key, runs.c.state == "running", runs.c.claimed_by == worker)
        with self.database.write() as connection:
            return connection.execute(mine.values(state=state, done_at=self.clock())).rowcount == 1
