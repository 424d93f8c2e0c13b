"""One leader among several processes, by a lock in Redis that its holder renews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from redis.exceptions import WatchError

from bot.storage.redis import RedisConnection, typed_errors

KEY = "khetdoot:leader:"


@dataclass(frozen=True, slots=True)
class Election:
    """The office `office`, held by one process for `term` since it last renewed."""

    redis: RedisConnection
    office: str
    term: timedelta

    def hold(self, name: str) -> bool:
        """Takes or renews the office; False when another holds it. Raises StorageError when Redis is down."""
        key = KEY + self.office
        with typed_errors():
            if self.redis.client.set(key, name, px=self.term, nx=True):
                return True
            with self.redis.client.pipeline() as pipeline:
                pipeline.watch(key)  # type: ignore[no-untyped-call]
                if pipeline.get(key) != name:
                    return False
                pipeline.multi()
                pipeline.set(key, name, px=self.term)
                try:
                    pipeline.execute()
                except WatchError:
                    return False
                return True

    def resign(self, name: str) -> None:
        """Gives the office up if it is held. Raises StorageError when Redis is down."""
        key = KEY + self.office
        with typed_errors(), self.redis.client.pipeline() as pipeline:
            pipeline.watch(key)  # type: ignore[no-untyped-call]
            if pipeline.get(key) == name:
                pipeline.multi()
                pipeline.delete(key)
                try:
                    pipeline.execute()
                except WatchError:
                    return
