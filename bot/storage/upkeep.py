"""Upkeep of the messages: retention, counts for metrics, the latest turns for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, select, true, update

from bot.storage.claims import InboxState, TurnSummary
from bot.storage.pictures import drop_old_pictures
from bot.storage.store import Store
from bot.storage.tables import early_reports, erasures, handoffs, inbox, outbox

EARLY_REPORTS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by state, for gauges."""

    inbox: dict[str, int]
    outbox: dict[str, int]
    handoffs: dict[str, int]
    uncertain: int
    """Sends of which nobody knows whether the gateway took them."""
    forgotten: int
    oldest_waiting: datetime | None
    """When the oldest message that has no answer yet was recorded."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn as the console lists it; texts are empty once erased."""

    inbox_id: int
    contact_id: str | None
    channel: str
    text: str
    state: InboxState
    error: str
    received_at: datetime
    summary: TurnSummary
    replies: tuple[str, ...]


class Upkeep(Store):
    """What operators and schedules need."""

    def erase_texts(self, before: datetime) -> int:
        """Erases texts, places and button labels of what ended before that time; returns how many rows."""
        now = self.clock()
        with self.database.write() as connection:
            connection.execute(delete(early_reports).where(early_reports.c.at < now - EARLY_REPORTS_KEPT))
            drop_old_pictures(connection, now)
            old_handoffs = update(handoffs).where(handoffs.c.closed_at < before, handoffs.c.question != "")
            connection.execute(old_handoffs.values(question=""))
            return sum(erase_old(connection, table, before, now) for table in (inbox, outbox))

    def counts(self) -> Counts:
        """Rows by state now."""
        with self.database.read() as connection:
            waiting = select(func.min(inbox.c.recorded_at)).where(inbox.c.done_at.is_(None))
            uncertain = select(func.count()).select_from(outbox).where(outbox.c.uncertain > 0)
            return Counts(
                by_state(connection, inbox, inbox.c.done_at.is_(None), inbox.c.done_at.is_not(None)),
                by_state(connection, outbox, outbox.c.done_at.is_(None), outbox.c.done_at.is_not(None)),
                by_state(connection, handoffs, true()),
                connection.execute(uncertain).scalar_one(),
                connection.execute(select(func.count()).select_from(erasures)).scalar_one(),
                connection.execute(waiting).scalar_one(),
            )

    def recent(self, limit: int = 50, *, contact_id: str | None = None, before: int | None = None) -> list[TurnRecord]:
        """The latest turns, newest first; `before` is the last `inbox_id` of the page above."""
        query = select(inbox).order_by(inbox.c.id.desc()).limit(limit)
        if contact_id is not None:
            query = query.where(inbox.c.contact_id == contact_id)
        if before is not None:
            query = query.where(inbox.c.id < before)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            sent = (
                select(outbox.c.inbox_id, outbox.c.text)
                .where(outbox.c.inbox_id.in_([row.id for row in rows]))
                .order_by(outbox.c.inbox_id, outbox.c.position)
            )
            replies: dict[int, list[str]] = {}
            for reply in connection.execute(sent):
                replies.setdefault(reply.inbox_id, []).append(reply.text)
        return [turn_from(row, tuple(replies.get(row.id, ()))) for row in rows]


def by_state(connection: Connection, table: Table, *classes: ColumnElement[bool]) -> dict[str, int]:
    """Number of rows by state; asked for each class alone, so that the partial indexes serve."""
    queries = [select(table.c.state, func.count()).where(one).group_by(table.c.state) for one in classes]
    return {row[0]: row[1] for query in queries for row in connection.execute(query)}


def erase_old(connection: Connection, table: Table, before: datetime, now: datetime) -> int:
    """Empties the texts of rows that ended before a time."""
    old = update(table).where(table.c.done_at < before, table.c.erased_at.is_(None))
    return connection.execute(old.values(text="", payload={}, error="", erased_at=now)).rowcount


def turn_from(row: Row[Any], replies: tuple[str, ...]) -> TurnRecord:
    """A row of `inbox` with its replies."""
    return TurnRecord(
        inbox_id=row.id,
        contact_id=row.contact_id,
        channel=row.channel,
        text=row.text,
        state=InboxState(row.state),
        error=row.error,
        received_at=row.received_at,
        summary=TurnSummary(row.language, row.intent, row.topic, row.outcome, row.card_id),
        replies=replies,
    )
