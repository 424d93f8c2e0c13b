"""What a model chose, kept so that the season's question costs it once. Keys are hashes, values letters: no words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.storage.cache import Cache

SEASON = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Answers:
    """Short replies by hash."""

    cache: Cache
    ttl: timedelta = SEASON

    def get(self, key: str) -> str | None:
        """The reply; None when there is none or Redis is down."""
        said = self.cache.get(f"answer:{key}")
        return said if isinstance(said, str) else None

    def keep(self, key: str, said: str) -> None:
        """Keeps a reply for a season; not at all while Redis is down."""
        self.cache.set(f"answer:{key}", said, self.ttl)
