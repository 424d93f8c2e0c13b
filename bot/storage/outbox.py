"""Messages out: queued once, claimed in order per address, and followed until the phone has them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, select, update

from bot.domain.contacts import Consent
from bot.domain.messages import Address, DeliveryStatus, Outbound, Purpose
from bot.storage.claims import QueuedOutbound, StoredReply
from bot.storage.due import due, late, lines_with_work
from bot.storage.pictures import keep_pictures, with_pictures
from bot.storage.records import outbound_columns, outbound_from
from bot.storage.reports import Reports
from bot.storage.store import address_key, batches, lock_contacts
from bot.storage.subscribed import REFERENCE
from bot.storage.tables import inbox, outbox, pictures


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
            | outbound_columns(outbound, not_before or now)
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
        keep_pictures(connection, [row["id"] for row in rows], outbounds, now)
        return [row["id"] for row in rows] if key is None else stored_ids(connection, rows)

    def claim_outbound(
        self, worker: str, limit: int, lease: timedelta, channels: Sequence[str]
    ) -> list[QueuedOutbound]:
        """Up to `limit` messages to send now, at most one per address: replies first, then by due time.

        On the way, what is past its time becomes `expired`, and what is for a contact who has stopped `stopped`.
        """
        now = self.clock()
        if not self.waiting(now, channels):
            return []
        with self.database.write() as connection:
            self.expire(connection, now)
            return self.take_due(connection, worker, limit, now, now + lease, channels)

    def waiting(self, now: datetime, channels: Sequence[str]) -> bool:
        """A look without the write lock, which idle senders would otherwise take all the time."""
        with self.database.read() as connection:
            return bool(lines_with_work(connection, now, channels))

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
        taken: list[Row[Any]] = []
        first = next(self.turn) % max(1, len(channels))
        for priority, channel in lines_with_work(connection, now, [*channels[first:], *channels[:first]]):
            while len(taken) < limit:
                query = due(now, channel, priority, limit - len(taken)).where(outbox.c.id.not_in(ids_of(taken)))
                rows = connection.execute(query.with_for_update(skip_locked=True, of=outbox)).all()
                kept = [row for row in rows if not self.stop_if_unwanted(connection, row, now)]
                taken += kept
                if len(kept) == len(rows):
                    break
        self.mark_sending(connection, ids_of(taken), worker, until)
        marked = {row.id for row in taken if row.payload.get("picture")}
        return with_pictures(connection, [queued_from(row) for row in taken], marked)

    def stop_if_unwanted(self, connection: Connection, row: Row[Any], now: datetime) -> bool:
        """Marks a row for a contact who has stopped (the confirmation of her STOP passes) or wants no warnings."""
        if row.consent == Consent.STOPPED and row.purpose != Purpose.FAREWELL:
            self.end(connection, row.id, DeliveryStatus.STOPPED, "the contact has stopped", now)
        elif row.alerts is False and row.reference.startswith(REFERENCE):
            self.end(connection, row.id, DeliveryStatus.STOPPED, "the contact wants no warnings", now)
        else:
            return False
        return True

    def mark_sending(self, connection: Connection, ids: Sequence[str], worker: str, until: datetime) -> None:
        """Makes rows this worker's; those that were being sent already are uncertain from now on."""
        values = {
            "state": DeliveryStatus.SENDING,
            "claimed_by": worker,
            "claimed_until": until,
            "attempts": outbox.c.attempts + 1,
            "uncertain": outbox.c.uncertain + case((outbox.c.state == DeliveryStatus.SENDING, 1), else_=0),
        }
        for batch in batches(ids):
            connection.execute(update(outbox).where(outbox.c.id.in_(batch)).values(values))

    def expire(self, connection: Connection, now: datetime) -> None:
        """Ends what has waited longer than it is of use, a batch at a time."""
        for outbox_id in connection.execute(late(now).with_for_update(skip_locked=True)).scalars().all():
            self.end(connection, outbox_id, DeliveryStatus.EXPIRED, "too late to be of use", now)

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
                "picture" in row.payload,
            )
            for row in rows
        ]

    def picture_for(self, address: Address, number: int) -> bytes | None:
        """The picture of an address's own row, as long as it is kept."""
        query = (
            select(pictures.c.data)
            .join_from(pictures, outbox)
            .where(outbox.c.number == number, outbox.c.channel == address.channel, outbox.c.address == address.id)
        )
        with self.database.read() as connection:
            return connection.execute(query).scalar_one_or_none()


def ids_of(rows: Sequence[Row[Any]]) -> list[str]:
    """The rows' ids."""
    return [row.id for row in rows]


def queued_from(row: Row[Any]) -> QueuedOutbound:
    """A row of `due`, as it was before this claim, as the message to send."""
    abandoned = row.state == DeliveryStatus.SENDING
    doubts = row.uncertain + int(abandoned)
    return QueuedOutbound(
        row.id,
        row.number,
        replace(outbound_from(row._mapping), doubtful=doubts > 0),
        row.contact_id,
        row.attempts + 1,
        doubts > 0,
        row.created_at,
        abandoned,
        doubts,
    )


def stored_ids(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Ids of the rows with these keys, whoever inserted them, in order."""
    found: dict[str, str] = {}
    for batch in batches(rows):
        query = select(outbox.c.dedupe_key, outbox.c.id).where(
            outbox.c.dedupe_key.in_([row["dedupe_key"] for row in batch])
        )
        found |= {row.dedupe_key: row.id for row in connection.execute(query)}
    return [found[row["dedupe_key"]] for row in rows]
