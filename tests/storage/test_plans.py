"""The queries that run all the time touch only what is pending: SQLite says which index it uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.dialects import sqlite

from bot.storage.database import Database
from bot.storage.due import due, late
from bot.storage.inbox import claimable

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def plan(query: Select[Any]) -> str:
    """SQLite's plan for a query."""
    database = Database("sqlite://")
    database.migrate()
    words = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with database.read() as connection:
        lines = connection.execute(text("EXPLAIN QUERY PLAN " + words.replace(":", r"\:"))).all()
    database.close()
    return "\n".join(line[3] for line in lines)


def test_claiming_in_looks_at_pending_rows_only() -> None:
    told = plan(claimable(NOW))
    assert "SCAN inbox USING INDEX ix_inbox_pending" in told
    assert "SEARCH earlier USING INDEX ix_inbox_pending_contact (contact_id=? AND id<?)" in told
    assert "TEMP B-TREE" not in told


def test_claiming_out_looks_at_due_rows_only_in_their_order() -> None:
    told = plan(due(NOW, "sms", 0, 20))
    assert "SEARCH outbox USING INDEX ix_outbox_due (channel=? AND priority=? AND not_before<?)" in told
    assert "SEARCH other USING INDEX ix_outbox_pending_address (channel=? AND address=?)" in told
    assert "SCAN" not in told
    assert "TEMP B-TREE" not in told


def test_expiry_looks_at_what_can_expire_only() -> None:
    told = plan(late(NOW))
    assert "ix_outbox_expiry (expires_at<?)" in told
    assert "TEMP B-TREE" not in told
