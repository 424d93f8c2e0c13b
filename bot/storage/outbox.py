"""Messages out: queued once, claimed in order per address, and followed until the phone has them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, not_, or_, select, text, update

from bot.domain.contacts import Consent
from bot.domain.messages import Address, DeliveryStatus, Outbound, Purpose
from bot.storage.claims import QueuedOutbound, StoredReply
from bot.storage.records import PRIORITY, outbound_columns, outbound_from
from bot.storage.reports import Reports
from bot.storage.store import address_key, batches, lock_contacts
from bot.storage.tables import PENDING_OUTBOX, contacts, inbox, outbox

PRIORITIES = sorted(set(PRIORITY.values()))


class Outbox(Reports):
    """The door out."""

    turn = itertools.count()

    def queue(
        self,
        outbounds: Sequence[Outbound],
        contact_id: str | None = None,
        not_before: datetime | None = None,
        key: str | None = None,
    ) -> list[str]:
        """Queues what answers no message (alerts, officers' words, broadcasts), all or none; returns the row ids.

        With `key` a second call with the same key adds nothing and returns the first one's ids.
        """
        with self.database.write() as connection:
            known = lock_contacts(connection, [outbound.address for outbound in outbounds])
            if contact_id is not None:
                known |= {address_key(outbound.address): contact_id for outbound in outbounds}
            return self.enqueue(connection, outbounds, known, not_before=not_before, key=key)

    def enqueue(
        self,
        connection: Connection,
        outbounds: Sequence[Outbound],
        known: dict[tuple[str, str], str],
        *,
        inbox_id: int | None = None,
        not_before: datetime | None = None,
        key: str | None = None,
        erase: bool = False,
    ) -> list[str]:
        """Inserts rows in order and returns their ids; rows with a known key stay as they are."""
        now = self.clock()
        shared = {
            "inbox_id": inbox_id,
            "state": DeliveryStatus.QUEUED,
            "not_before": not_before or now,
            "attempts": 0,
            "uncertain": 0,
            "error": "",
            "created_at": now,
            "erase_when_done": erase,
        }
        rows = [
            shared
            | outbound_columns(outbound)
            | {
                "id": self.ids(),
                "contact_id": known.get(address_key(outbound.address)),
                "position": None if inbox_id is None else position,
                "dedupe_key": None if key is None else f"{key}:{position}",
            }
            for position, outbound in enumerate(outbounds)
        ]
        statement = self.insert(outbox)
        if key is not None:
            statement = statement.on_conflict_do_nothing(index_elements=["dedupe_key"])
        for batch in batches(rows):
            connection.execute(statement, batch)
        return [row["id"] for row in rows] if key is None else stored_ids(connection, rows)

    def claim_outbound(
        self, worker: str, limit: int, lease: timedelta, channels: Sequence[str]
    ) -> list[QueuedOutbound]:
        """Up to `limit` messages to send now, at most one per address: replies first, then by due time.

        On the way, what is past its time becomes `expired`, and what is for a contact who has stopped `stopped`.
        """
        now = self.clock()
        if self.database.sqlite and not self.anything_to_send(now, channels):
            return []
        with self.database.write() as connection:
            self.expire(connection, now)
            return self.take_due(connection, worker, limit, now, now + lease, channels)

    def anything_to_send(self, now: datetime, channels: Sequence[str]) -> bool:
        """A look without the write lock, which idle senders would otherwise take all the time."""
        with self.database.read() as connection:
            return any(
                connection.execute(due(now, channel, priority, 1)).first() is not None
                for priority in PRIORITIES
                for channel in channels
            )

    def take_due(
        self,
        connection: Connection,
        worker: str,
        limit: int,
        now: datetime,
        until: datetime,
        channels: Sequence[str],
    ) -> list[QueuedOutbound]:
        """Claims by priority; within one, another channel comes first each time, so that none starves the others."""
        taken: list[QueuedOutbound] = []
        first = next(self.turn) % max(1, len(channels))
        for priority, channel in itertools.product(PRIORITIES, [*channels[first:], *channels[:first]]):
            while len(taken) < limit:
                query = due(now, channel, priority, limit - len(taken))
                rows = connection.execute(query.with_for_update(skip_locked=True, of=outbox)).all()
                kept = [row for row in rows if not self.stop_if_unwanted(connection, row, now)]
                taken += [self.take_row(connection, row, worker, until) for row in kept]
                if len(kept) == len(rows):
                    break
        return taken

    def stop_if_unwanted(self, connection: Connection, row: Row[Any], now: datetime) -> bool:
        """Marks a row for a contact who has stopped; the confirmation of her STOP passes."""
        if row.consent != Consent.STOPPED or row.purpose == Purpose.FAREWELL:
            return False
        self.end(connection, row.id, DeliveryStatus.STOPPED, "the contact has stopped", now)
        return True

    def take_row(self, connection: Connection, row: Row[Any], worker: str, until: datetime) -> QueuedOutbound:
        """Marks a row as this worker's; one that was being sent already is uncertain from now on."""
        uncertain = row.state == DeliveryStatus.SENDING
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(
                state=DeliveryStatus.SENDING,
                claimed_by=worker,
                claimed_until=until,
                attempts=row.attempts + 1,
                uncertain=outbox.c.uncertain + int(uncertain),
            )
        )
        return QueuedOutbound(
            row.id,
            row.number,
            outbound_from(row._mapping),
            row.contact_id,
            row.attempts + 1,
            uncertain or row.uncertain > 0,
            row.created_at,
        )

    def expire(self, connection: Connection, now: datetime) -> None:
        """Ends what waits longer than it is of use."""
        late = select(outbox.c.id).where(
            text("state = 'queued' AND expires_at IS NOT NULL"), outbox.c.expires_at <= now
        )
        for row in connection.execute(late.with_for_update(skip_locked=True)).all():
            self.end(connection, row.id, DeliveryStatus.EXPIRED, "too late to be of use", now)

    def release_outbound(self, connection: Connection, worker_prefix: str, now: datetime) -> None:
        """Makes the rows of crashed senders claimable at once; they stay `sending`, that is possibly sent."""
        connection.execute(
            update(outbox)
            .where(
                outbox.c.state == DeliveryStatus.SENDING,
                outbox.c.claimed_by.startswith(worker_prefix, autoescape=True),
            )
            .values(claimed_until=now)
        )

    def replies_for(self, address: Address, after: int = 0, limit: int = 100) -> list[StoredReply]:
        """An address's own rows with a number above `after`, in order (the web chat reads its answers so)."""
        query = (
            select(outbox, inbox.c.external_id)
            .join_from(outbox, inbox, outbox.c.inbox_id == inbox.c.id, isouter=True)
            .where(outbox.c.channel == address.channel, outbox.c.address == address.id, outbox.c.number > after)
            .order_by(outbox.c.number)
            .limit(limit)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return [
            StoredReply(
                row.id,
                row.number,
                outbound_from(row._mapping),
                DeliveryStatus(row.state),
                row.created_at,
                row.external_id,
            )
            for row in rows
        ]


def stored_ids(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Ids of the rows with these keys, whoever inserted them, in order."""
    found: dict[str, str] = {}
    for batch in batches(rows):
        query = select(outbox.c.dedupe_key, outbox.c.id).where(
            outbox.c.dedupe_key.in_([row["dedupe_key"] for row in batch])
        )
        found |= {row.dedupe_key: row.id for row in connection.execute(query)}
    return [found[row["dedupe_key"]] for row in rows]


def due(now: datetime, channel: str, priority: int, limit: int) -> Select[Any]:
    """Rows of one channel and priority that may be sent now, with their contact's consent, first in line first.

    A row waits for any of its address that is being sent, and while queued for those of higher or the same
    priority queued before it; so that a reply never waits for a broadcast that waits for the morning.
    """
    other = outbox.alias("other")
    before = or_(other.c.priority < priority, and_(other.c.priority == priority, other.c.number < outbox.c.number))
    blocked = select(other.c.number).where(
        other.c.channel == outbox.c.channel,
        other.c.address == outbox.c.address,
        other.c.number != outbox.c.number,
        text(f"other.{PENDING_OUTBOX}"),
        or_(other.c.state == "sending", and_(outbox.c.state == "queued", before)),
    )
    return (
        select(outbox, contacts.c.consent)
        .join_from(
            outbox,
            contacts,
            and_(contacts.c.channel == outbox.c.channel, contacts.c.address == outbox.c.address),
            isouter=True,
        )
        .where(
            text(f"outbox.{PENDING_OUTBOX}"),
            outbox.c.channel == channel,
            outbox.c.priority == priority,
            outbox.c.not_before <= now,
            or_(outbox.c.state == "queued", outbox.c.claimed_until <= now),
            not_(blocked.exists()),
        )
        .order_by(outbox.c.not_before, outbox.c.number)
        .limit(limit)
    )
