"""What may be lost and made again: cached values, rate limits, locks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import WatchError

from bot.domain.errors import StorageError
from bot.storage.redis import RedisConnection, ignore, typed_errors

PREFIX = "khetdoot:"


class Cache:
    """Values as JSON. When Redis is down values are missing and limits hold within the process only.

    `on_unavailable` is told each time; only `once`, whose answer would be a guess, raises StorageError.
    """

    def __init__(
        self,
        redis: RedisConnection,
        clock: Callable[[], datetime],
        on_unavailable: Callable[[StorageError], None] = ignore,
    ) -> None:
        self.redis = redis
        self.clock = clock
        self.on_unavailable = on_unavailable
        self.lock = threading.Lock()
        self.buckets: dict[str, str] = {}

    def get(self, key: str) -> Any:
        """The value, or None when there is none (or it is unreadable, or Redis is down)."""
        try:
            with typed_errors():
                value = self.redis.client.get(f"{PREFIX}cache:{key}")
            return json.loads(value) if isinstance(value, str) else None
        except StorageError as error:
            self.on_unavailable(error)
        except ValueError:
            pass
        return None

    def set(self, key: str, value: Any, ttl: timedelta) -> bool:
        """Keeps a JSON value for a while; False when Redis is down."""
        try:
            with typed_errors():
                self.redis.client.set(f"{PREFIX}cache:{key}", json.dumps(value), px=ttl)
        except StorageError as error:
            self.on_unavailable(error)
            return False
        return True

    def once(self, key: str, ttl: timedelta) -> bool:
        """True for the first caller of all processes within `ttl`. Raises StorageError when Redis is down."""
        with typed_errors():
            return bool(self.redis.client.set(f"{PREFIX}once:{key}", "1", px=ttl, nx=True))

    def allow(self, key: str, rate: float, burst: float = 1.0) -> bool:
        """Takes a token of a bucket that holds `burst` and fills by `rate` a second; False when it is empty."""
        return self.seconds_until_allowed(key, rate, burst) == 0.0

    def seconds_until_allowed(self, key: str, rate: float, burst: float = 1.0) -> float:
        """The same, telling how long to wait: 0 when the token was taken."""
        now = self.clock().timestamp()
        name = f"{PREFIX}bucket:{key}"
        try:
            with typed_errors():
                return self.take_shared(name, now, rate, burst)
        except StorageError as error:
            self.on_unavailable(error)
        with self.lock:
            self.buckets[name], wait = take_token(self.buckets.get(name), now, rate, burst)
        return wait

    def take_shared(self, name: str, now: float, rate: float, burst: float) -> float:
        """Takes a token in Redis: read and written under WATCH, again when another process came between."""
        # A full bucket need not be kept; refusals do not prolong it, so that a clock gone wrong heals by itself.
        ttl = timedelta(seconds=burst / rate + 1)

        with self.redis.client.pipeline() as pipeline:
            while True:
                pipeline.watch(name)  # type: ignore[no-untyped-call]
                value = pipeline.get(name)
                bucket, wait = take_token(value if isinstance(value, str) else None, now, rate, burst)
                if wait > 0.0:
                    return wait
                pipeline.multi()
                pipeline.set(name, bucket, px=ttl)
                with suppress(WatchError):
                    pipeline.execute()
                    return wait


def take_token(bucket: str | None, now: float, rate: float, burst: float) -> tuple[str, float]:
    """The bucket (`tokens time`) after taking one token, and 0; or as it was, and the seconds until it has one."""
    tokens, since = (float(part) for part in bucket.split()) if bucket else (burst, now)
    # Clocks of several machines differ: time never runs backwards here.
    moment = max(now, since)
    tokens = min(burst, tokens + (moment - since) * rate)
    if tokens >= 1.0 - 1e-9:
        return f"{tokens - 1.0} {moment}", 0.0
    return bucket or f"{tokens} {moment}", (1.0 - tokens) / rate
