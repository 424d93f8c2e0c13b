"""Messages in: recorded once, claimed one at a time per contact, completed with their replies in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, or_, select, update

from bot.domain.contacts import Consent, ConsentEvent, Contact
from bot.domain.errors import LostClaim
from bot.domain.messages import Address, Inbound, Outbound
from bot.storage.claims import ClaimedInbound, InboxState, Recorded, TurnSummary
from bot.storage.erasure import erase_contact, erased_id, had_stopped
from bot.storage.outbox import Outbox
from bot.storage.records import contact_changes, contact_from, inbound_columns, inbound_from, new_contact
from bot.storage.store import address_key, lock_contacts, update_contact, write_ledger
from bot.storage.tables import contacts, inbox

MAX_ATTEMPTS = 5
BACK_OFF = timedelta(seconds=2)
"""Pause before the second attempt; doubles with each."""


class Inbox(Outbox):
    """The door in. Everything here may be called by any number of processes at once."""

    max_attempts = MAX_ATTEMPTS

    def record(self, inbound: Inbound) -> Recorded:
        """Records one message; see `record_all`."""
        return self.record_all([inbound])[0]

    def record_all(self, inbounds: Sequence[Inbound]) -> list[Recorded]:
        """Records all or none, in order. A repeat (same channel and external id) changes nothing."""
        with self.database.write() as connection:
            owners = self.find_or_create(connection, [inbound.address for inbound in inbounds])
            return [self.record_one(connection, inbound, owners[address_key(inbound.address)]) for inbound in inbounds]

    def find_or_create(self, connection: Connection, addresses: Sequence[Address]) -> dict[tuple[str, str], str]:
        """Contact ids by address key; the rows stay locked, so that each contact's messages are numbered in order."""
        unique = {address_key(address): address for address in addresses}
        return {key: self.touch_contact(connection, unique[key]) for key in sorted(unique)}

    def touch_contact(self, connection: Connection, address: Address) -> str:
        """Notes that she was here just now; creates her when she is new, as stopped when she stopped before FORGET."""
        now, fresh = self.clock(), self.ids()
        row = new_contact(fresh, address, now, Consent.ACTIVE)
        insert = self.insert(contacts).values(row)
        upsert = insert.on_conflict_do_update(index_elements=["channel", "address"], set_={"last_seen_at": now})
        identity: str = connection.execute(upsert.returning(contacts.c.id)).scalar_one()
        if identity == fresh and had_stopped(connection, address):
            connection.execute(update(contacts).where(contacts.c.id == fresh).values(consent=Consent.STOPPED))
        return identity

    def record_one(self, connection: Connection, inbound: Inbound, contact_id: str) -> Recorded:
        """Inserts the message unless it is there, or was there before its sender was forgotten."""
        columns = inbound_columns(inbound)
        seen = [inbound.external_id, erased_id(inbound.external_id)]
        query = select(inbox.c.id, inbox.c.contact_id).where(
            inbox.c.channel == inbound.address.channel, inbox.c.external_id.in_(seen)
        )
        insert = self.insert(inbox).values(
            columns
            | {
                "contact_id": contact_id,
                "state": InboxState.RECEIVED,
                "attempts": 0,
                "error": "",
                "recorded_at": self.clock(),
            }
        )
        if (known := connection.execute(query).first()) is None:
            number = connection.execute(insert.on_conflict_do_nothing().returning(inbox.c.id)).scalar_one_or_none()
            if number is not None:
                return Recorded(number, contact_id, True)
            known = connection.execute(query).one()
        return Recorded(known.id, known.contact_id, False)

    def claim_inbound(self, worker: str, lease: timedelta) -> ClaimedInbound | None:
        """The oldest message that may be answered now, or None. Per contact strictly in order of arrival."""
        now = self.clock()
        if self.database.sqlite and not self.anything_claimable(now):
            return None
        with self.database.write() as connection:
            while (row := connection.execute(claimable(now).with_for_update(skip_locked=True)).first()) is not None:
                if row.attempts < self.max_attempts:
                    return self.take(connection, row, worker, now + lease)
                # Each attempt took its worker down, so that nobody could say so.
                self.close_inbound(connection, row.id, InboxState.FAILED, {"error": "no attempt came to an end"})
        return None

    def anything_claimable(self, now: datetime) -> bool:
        """A look without the write lock, which idle workers would otherwise take all the time."""
        with self.database.read() as connection:
            return connection.execute(claimable(now)).first() is not None

    def take(self, connection: Connection, row: Row[Any], worker: str, until: datetime) -> ClaimedInbound:
        """Marks a found message as this worker's."""
        attempt = row.attempts + 1
        connection.execute(
            update(inbox)
            .where(inbox.c.id == row.id)
            .values(state=InboxState.PROCESSING, claimed_by=worker, claimed_until=until, attempts=attempt)
        )
        owner = connection.execute(select(contacts).where(contacts.c.id == row.contact_id)).mappings().one()
        contact = contact_from(owner)
        last = attempt >= self.max_attempts
        return ClaimedInbound(
            row.id, contact, inbound_from(row._mapping, contact.address), attempt, worker, until, last
        )

    def still_waits(self, claim: ClaimedInbound) -> bool:
        """Whether she may be shown what is being written: not after STOP, nor once she has written again (which may be
        STOP), nor by a worker that has lost the message."""
        later = inbox.alias("later")
        wrote = select(later.c.id).where(later.c.contact_id == claim.contact.id, later.c.id > claim.inbox_id).exists()
        query = (
            select(inbox.c.id)
            .join(contacts, contacts.c.id == inbox.c.contact_id)
            .where(inbox.c.id == claim.inbox_id, held_by(claim), contacts.c.consent != Consent.STOPPED, ~wrote)
        )
        with self.database.read() as connection:
            return connection.execute(query).first() is not None

    def complete(
        self,
        claim: ClaimedInbound,
        contact_after: Contact,
        outbounds: Sequence[Outbound],
        consent: Sequence[ConsentEvent],
        summary: TurnSummary,
        *,
        forget: bool = False,
    ) -> None:
        """Replies, contact, ledger and `done` in one transaction. Raises LostClaim, and then nothing was written.

        Of the contact only what differs from `claim.contact` is written. `forget` erases the contact and all her
        texts at the same time; the outbounds then go out last and are erased when they are sent.
        """
        now = self.clock()
        with self.database.write() as connection:
            known = lock_contacts(connection, [claim.contact.address, *(outbound.address for outbound in outbounds)])
            self.finish(connection, claim, InboxState.DONE, summary_columns(summary))
            changes = contact_changes(claim.contact, contact_after)
            update_contact(connection, claim.contact.id, claim.contact.address, changes, now)
            write_ledger(connection, consent)
            if forget:
                erase_contact(connection, claim.contact.id, now)
                known.pop(address_key(claim.contact.address), None)
            self.enqueue(connection, outbounds, known, inbox_id=claim.inbox_id, erase=forget)

    def finish(self, connection: Connection, claim: ClaimedInbound, state: InboxState, values: dict[str, Any]) -> None:
        """Ends a claim that still holds. Raises LostClaim."""
        if not self.close_inbound(connection, claim.inbox_id, state, values, held_by(claim)):
            raise LostClaim(f"message {claim.inbox_id} is no longer with {claim.worker}")

    def close_inbound(
        self, connection: Connection, inbox_id: int, state: InboxState, values: dict[str, Any], guard: Any = True
    ) -> bool:
        """Moves a message on and lets its claim go; False when the guard did not hold."""
        done = self.clock() if state in {InboxState.DONE, InboxState.FAILED} else None
        statement = update(inbox).where(inbox.c.id == inbox_id, guard)
        released = {"state": state, "claimed_by": None, "claimed_until": None, "done_at": done}
        return connection.execute(statement.values(released | values)).rowcount == 1

    def fail(self, claim: ClaimedInbound, error: str, *, retry: bool) -> bool:
        """Gives a message back after an error, later each time; True when it became a dead letter instead.

        `error` must not quote the message. Raises LostClaim.
        """
        dead = not retry or claim.last_attempt
        pause = BACK_OFF * 2 ** (claim.attempt - 1)
        values: dict[str, Any] = {"error": error} if dead else {"error": error, "not_before": self.clock() + pause}
        with self.database.write() as connection:
            self.finish(connection, claim, InboxState.FAILED if dead else InboxState.RECEIVED, values)
        return dead

    def release_claims(self, worker_prefix: str) -> None:
        """Lets go what crashed workers of that name held. Only for who knows that they are dead (a start-up)."""
        now = self.clock()
        with self.database.write() as connection:
            connection.execute(
                update(inbox)
                .where(
                    inbox.c.state == InboxState.PROCESSING,
                    inbox.c.claimed_by.startswith(worker_prefix, autoescape=True),
                )
                .values(state=InboxState.RECEIVED, claimed_by=None, claimed_until=None)
            )
            self.release_outbound(connection, worker_prefix, now)


def claimable(now: datetime) -> Select[Any]:
    """The oldest pending message that is nobody's, is due, and has no pending one of its contact before it."""
    earlier = inbox.alias("earlier")
    # A scalar, not EXISTS: PostgreSQL without statistics turns that into a join that reads all pending rows.
    pending_before = (
        select(earlier.c.id)
        .where(earlier.c.contact_id == inbox.c.contact_id, earlier.c.id < inbox.c.id, earlier.c.done_at.is_(None))
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(inbox)
        .where(
            inbox.c.done_at.is_(None),
            or_(inbox.c.claimed_until.is_(None), inbox.c.claimed_until <= now),
            or_(inbox.c.not_before.is_(None), inbox.c.not_before <= now),
            pending_before.is_(None),
        )
        .order_by(inbox.c.id)
        .limit(1)
    )


def held_by(claim: ClaimedInbound) -> Any:
    """The condition that the claim still stands."""
    return and_(
        inbox.c.state == InboxState.PROCESSING,
        inbox.c.claimed_by == claim.worker,
        inbox.c.attempts == claim.attempt,
    )


def summary_columns(summary: TurnSummary) -> dict[str, Any]:
    """A turn's summary by column."""
    return {
        "language": summary.language,
        "intent": summary.intent,
        "topic": summary.topic,
        "outcome": summary.outcome,
        "card_id": summary.card_id,
        "error": "",
    }
