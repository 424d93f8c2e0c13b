"""The Redis of sessions, caches and wake-up calls: a real one by address, or one inside the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import fakeredis
import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.domain.errors import ConfigurationError, StorageError

SETTING = "KHETDOOT_REDIS_URL"
TIMEOUT_SECONDS = 2.0
"""A dead Redis must not hold up an answer for longer."""


@dataclass(frozen=True, slots=True)
class RedisConnection:
    """A connected client (threads may share it) and whether the Redis lives and dies with this process."""

    client: redis.Redis
    embedded: bool

    def ping(self) -> None:
        """Raises StorageError unless Redis answers."""
        with typed_errors():
            self.client.ping()

    def close(self) -> None:
        """Lets all connections go."""
        self.client.close()


def connect(url: str) -> RedisConnection:
    """Opens the Redis at `url` (redis:// rediss:// unix://), or one inside the process when it is empty.

    Raises ConfigurationError for what is no such address; a Redis that is down shows at the first use.
    """
    if not url:
        return RedisConnection(fakeredis.FakeRedis(server=fakeredis.FakeServer(), decode_responses=True), True)
    try:
        client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=30,
        )
    except (ValueError, TypeError):
        raise ConfigurationError(f"{SETTING}: no Redis address (redis://host:6379/0)") from None
    return RedisConnection(client, False)


@contextmanager
def typed_errors() -> Iterator[None]:
    """Redis's errors as a retryable StorageError."""
    try:
        yield
    except RedisError as error:
        raise StorageError(f"Redis: {type(error).__name__}") from None


def ignore(_error: StorageError) -> None:
    """The default of `on_unavailable`, by which stores tell a metric that they do without Redis."""
