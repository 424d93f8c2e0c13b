"""Column types that read back what was meant on SQLite and PostgreSQL alike."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

KEY_LENGTH = 200


def storable(text: str) -> str:
    """The text without NUL (PostgreSQL) and lone surrogates (UTF-8), which become U+FFFD; pairs are joined."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", "\ufffd")


def storable_key(text: str) -> str:
    """`storable`, and short enough for an index: what is too long ends in its own digest."""
    text = storable(text)
    if len(text) <= KEY_LENGTH:
        return text
    return f"{text[:100]}~{hashlib.sha256(text.encode()).hexdigest()}"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time; kept in UTC, returned in UTC. Naive times are a mistake and raise ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must carry its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Any text a stranger may send."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(str(value))


class KeyText(TypeDecorator[str]):
    """A text that is looked up by: ids, names, addresses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable_key(str(value))


class Json(TypeDecorator[Any]):
    """JSON in a text column, letters unescaped (an Indic letter takes 3 bytes so, escaped 6)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
