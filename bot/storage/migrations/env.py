"""Run by Alembic: migrates over the connection that `upgrade` hands in."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from bot.storage.tables import metadata


def render_plain(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Writes our column types as the ones beneath them, so that old migrations outlive changes of our types."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_plain,
)
with context.begin_transaction():
    context.run_migrations()
