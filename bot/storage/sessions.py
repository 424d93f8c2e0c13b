"""Short memory between a contact's messages, in Redis for hours. Losing it must never lose an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import StorageError
from bot.domain.turns import Session
from bot.storage.redis import RedisConnection, ignore, typed_errors

FORMAT = 2
"""Raised when old values no longer mean the same; they then read as empty."""
SESSION = TypeAdapter(Session)


class Sessions:
    """Sessions by contact id, kept for `ttl` after each save.

    When Redis is down `load` gives an empty session and `save` and `clear` give up; each tells `on_unavailable`.
    """

    def __init__(
        self, redis: RedisConnection, ttl: timedelta, on_unavailable: Callable[[StorageError], None] = ignore
    ) -> None:
        self.redis = redis
        self.ttl = ttl
        self.on_unavailable = on_unavailable

    def load(self, contact_id: str, turn: int = 0) -> Session:
        """What is remembered; empty for a new, expired or unreadable session, and when Redis is down.

        `turn` is the message to be answered: when it was answered before, but the answer never reached the database,
        the session is given as it was before that attempt, so that the second one decides the same.
        """
        try:
            with typed_errors():
                value = self.redis.client.get(session_key(contact_id))
        except StorageError as error:
            self.on_unavailable(error)
            return Session()
        return decode(value, turn) if isinstance(value, str) else Session()

    def save(self, contact_id: str, session: Session, turn: int = 0, before: Session | None = None) -> bool:
        """Remembers, with the session `before` this `turn`; False when Redis is down."""
        try:
            with typed_errors():
                self.redis.client.set(session_key(contact_id), encode(session, turn, before or Session()), ex=self.ttl)
        except StorageError as error:
            self.on_unavailable(error)
            return False
        return True

    def clear(self, contact_id: str) -> bool:
        """Forgets; False when Redis is down."""
        try:
            with typed_errors():
                self.redis.client.delete(session_key(contact_id))
        except StorageError as error:
            self.on_unavailable(error)
            return False
        return True


def session_key(contact_id: str) -> str:
    """Where a contact's session lies in Redis."""
    return f"khetdoot:session:{contact_id}"


def encode(session: Session, turn: int, before: Session) -> str:
    """JSON in ASCII, which takes lone surrogates too."""
    plain = {"session": SESSION.dump_python(session, mode="json"), "before": SESSION.dump_python(before, mode="json")}
    return json.dumps({"format": FORMAT, "turn": turn, **plain})


def decode(value: str, turn: int = 0) -> Session:
    """The session of a stored value, as it was before `turn`; an empty one for anything else."""
    try:
        stored = json.loads(value)
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            return Session()
        again = turn != 0 and stored["turn"] == turn
        return SESSION.validate_python(stored["before" if again else "session"])
    except (ValueError, KeyError, ValidationError):
        return Session()
