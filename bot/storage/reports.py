"""How sending went: what the sender says of a row, and what the gateway reports of it later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.domain.contacts import Consent, ConsentEvent
from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Outbound, Purpose
from bot.storage.delivery import ENDS, advanced, combined
from bot.storage.pictures import drop_picture
from bot.storage.records import outbound_from
from bot.storage.store import Store, lock_contacts, update_contact, write_ledger
from bot.storage.tables import early_reports, outbox, outbox_external

OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)


class Reports(Store):
    """The life of an outgoing message after its claim. Each method says whether it changed anything."""

    def mark_sent(self, outbox_id: str, external_ids: Sequence[str] = ()) -> bool:
        """The gateway took it, under these ids (one per part). Reports that came earlier are applied."""
        now = self.clock()
        with self.database.write() as connection:
            row = self.lock_row(connection, outbox_id)
            if row is None or row.erased_at is not None:
                return False
            changed = DeliveryStatus(row.state) in OPEN
            if changed:
                self.set_state(connection, outbox_id, DeliveryStatus.SENT, sent_at=now)
            if external_ids:  # who gives none (the web page) has yet to fetch it
                drop_picture(connection, outbox_id)
            errors = [self.learn_id(connection, row, external_id, now) for external_id in external_ids]
            if row.erase_when_done:
                self.wipe(connection, outbox_id, now)
            elif external_ids:
                self.follow_parts(connection, outbox_id, "; ".join(filter(None, errors)))
            return changed

    def mark_retry(
        self, outbox_id: str, error: str, at: datetime, *, attempt: int | None = None, uncertain: bool = False
    ) -> bool:
        """Not taken: again at `at`. With `attempt` (of the claim) a row that another sender took since is left alone.

        `uncertain` when the gateway may have taken it after all (a time-out).
        """
        with self.database.write() as connection:
            statement = update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == DeliveryStatus.SENDING)
            if attempt is not None:
                statement = statement.where(outbox.c.attempts == attempt)
            values = {
                "state": DeliveryStatus.QUEUED,
                "error": error,
                "not_before": at,
                "claimed_by": None,
                "claimed_until": None,
                "uncertain": outbox.c.uncertain + int(uncertain),
            }
            return connection.execute(statement.values(values)).rowcount == 1

    def mark_failed(self, outbox_id: str, error: str) -> bool:
        """Given up: a dead letter."""
        return self.mark_end(outbox_id, DeliveryStatus.FAILED, error)

    def mark_stopped(self, outbox_id: str, error: str = "the contact has stopped") -> bool:
        """Not sent because its contact wants nothing any more."""
        return self.mark_end(outbox_id, DeliveryStatus.STOPPED, error)

    def mark_expired(self, outbox_id: str, error: str = "too late to be of use") -> bool:
        """Not sent because it came too late."""
        return self.mark_end(outbox_id, DeliveryStatus.EXPIRED, error)

    def mark_end(self, outbox_id: str, state: DeliveryStatus, error: str) -> bool:
        """Ends an unsent row."""
        with self.database.write() as connection:
            row = self.lock_row(connection, outbox_id)
            if row is None or DeliveryStatus(row.state) not in OPEN:
                return False
            self.end(connection, outbox_id, state, error, self.clock())
            return True

    def record_delivery(self, report: DeliveryReport) -> bool:
        """Follows a gateway's report; False for an unknown message or no news. Unknown ones are kept for a while."""
        with self.database.write() as connection:
            query = select(outbox_external.c.outbox_id, outbox_external.c.state).where(
                outbox_external.c.channel == report.channel, outbox_external.c.external_id == report.external_id
            )
            part = connection.execute(query).first()
            if part is None:
                self.keep_early(connection, report)
                return False
            self.lock_row(connection, part.outbox_id)
            state = DeliveryStatus(connection.execute(query).one().state)
            if advanced(state, report.status) == state:
                return False
            self.advance_part(connection, report)
            self.follow_parts(connection, part.outbox_id, report.error)
            return True

    def was_reported(self, channel: str, external_id: str) -> bool:
        """Whether the gateway has told anything of a message with this id: then it has it, whatever the call said."""
        queries = [
            select(table.c.state).where(table.c.channel == channel, table.c.external_id == external_id)
            for table in (early_reports, outbox_external)
        ]
        with self.database.read() as connection:
            return any(connection.execute(query).first() is not None for query in queries)

    def answers_since(self, address: Address, since: datetime) -> list[Outbound]:
        """The answers queued for an address since a time."""
        query = select(outbox).where(
            outbox.c.channel == address.channel,
            outbox.c.address == address.id,
            outbox.c.purpose == Purpose.REPLY,
            outbox.c.created_at >= since,
        )
        with self.database.read() as connection:
            return [outbound_from(row) for row in connection.execute(query).mappings()]

    def find_reference(self, channel: str, external_id: str) -> str | None:
        """What the message with this gateway id belongs to (`handoff:<id>`); None when unknown or nothing."""
        query = (
            select(outbox.c.reference)
            .join_from(outbox_external, outbox)
            .where(outbox_external.c.channel == channel, outbox_external.c.external_id == external_id)
        )
        with self.database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or None

    def lock_row(self, connection: Connection, outbox_id: str) -> Any:
        """The row, locked until the transaction ends; None when there is none."""
        query = select(outbox).where(outbox.c.id == outbox_id).with_for_update()
        return connection.execute(query).first()

    def set_state(self, connection: Connection, outbox_id: str, state: DeliveryStatus, **values: Any) -> None:
        """Moves a row on and lets its claim go."""
        done = self.clock() if state in ENDS or state == DeliveryStatus.SENT else None
        released = {"state": state, "claimed_by": None, "claimed_until": None, "done_at": done}
        connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(released | values))

    def end(self, connection: Connection, outbox_id: str, state: DeliveryStatus, error: str, now: datetime) -> None:
        """Ends a row unsent, and erases it where nothing of it may stay."""
        self.set_state(connection, outbox_id, state, error=error)
        drop_picture(connection, outbox_id)
        marked = select(outbox.c.id).where(outbox.c.id == outbox_id, outbox.c.erase_when_done)
        if connection.execute(marked).first() is not None:
            self.wipe(connection, outbox_id, now)

    def wipe(self, connection: Connection, outbox_id: str, now: datetime) -> None:
        """Erases address, text and gateway ids of one row."""
        connection.execute(delete(outbox_external).where(outbox_external.c.outbox_id == outbox_id))
        drop_picture(connection, outbox_id)
        connection.execute(
            update(outbox).where(outbox.c.id == outbox_id).values(address="", text="", payload={}, erased_at=now)
        )

    def learn_id(self, connection: Connection, row: Any, external_id: str, now: datetime) -> str:
        """Ties a gateway's id to a row; a gateway that counts anew takes the id from the older row.

        Returns the error of a report that came earlier, or nothing.
        """
        early = connection.execute(
            delete(early_reports)
            .where(early_reports.c.channel == row.channel, early_reports.c.external_id == external_id)
            .returning(early_reports.c.state, early_reports.c.error)
        ).first()
        reported = DeliveryStatus(early.state) if early else DeliveryStatus.SENT
        values = {"outbox_id": row.id, "state": advanced(DeliveryStatus.SENT, reported), "at": now}
        insert = self.insert(outbox_external).values(values | {"channel": row.channel, "external_id": external_id})
        # Told twice of the same row (two senders, one late), what was reported since must stand.
        another = outbox_external.c.outbox_id != row.id
        connection.execute(
            insert.on_conflict_do_update(index_elements=["channel", "external_id"], set_=values, where=another)
        )
        return early.error if early else ""

    def keep_early(self, connection: Connection, report: DeliveryReport) -> None:
        """Keeps a report that came before `mark_sent`; the furthest one wins."""
        place = {"channel": report.channel, "external_id": report.external_id}
        query = select(early_reports.c.state).filter_by(**place)
        known = connection.execute(query).scalar_one_or_none()
        if known is None or advanced(DeliveryStatus(known), report.status) != DeliveryStatus(known):
            values = {"state": report.status, "error": report.error, "at": report.at}
            insert = self.insert(early_reports).values(place | values)
            connection.execute(insert.on_conflict_do_update(index_elements=["channel", "external_id"], set_=values))

    def advance_part(self, connection: Connection, report: DeliveryReport) -> None:
        """Writes a part's new state."""
        connection.execute(
            update(outbox_external)
            .where(outbox_external.c.channel == report.channel, outbox_external.c.external_id == report.external_id)
            .values(state=report.status, at=report.at)
        )

    def follow_parts(self, connection: Connection, outbox_id: str, error: str = "") -> None:
        """Moves a row to where its parts stand."""
        row = self.lock_row(connection, outbox_id)
        states = connection.execute(
            select(outbox_external.c.state).where(outbox_external.c.outbox_id == outbox_id)
        ).scalars()
        current = DeliveryStatus(row.state)
        state = advanced(current, combined([DeliveryStatus(state) for state in states]))
        if state != current:
            self.set_state(connection, outbox_id, state, error=error)
        if state != current and state == DeliveryStatus.STOPPED:
            self.stop_reader(connection, Address(row.channel, row.address))

    def stop_reader(self, connection: Connection, address: Address) -> None:
        """She has said STOP to the gateway or the network: that counts as if she had said it here."""
        now = self.clock()
        for contact_id in lock_contacts(connection, [address]).values():
            update_contact(connection, contact_id, address, {"consent": Consent.STOPPED, "alerts": False}, now)
            write_ledger(connection, [ConsentEvent(contact_id, "stop", "reported by the gateway", now)])
