"""What every store has: the database, a clock and a source of ids; and what stores share within a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.contacts import Consent, ConsentEvent
from bot.domain.messages import Address, Purpose
from bot.storage.columns import storable_key
from bot.storage.database import Database
from bot.storage.subscribed import REFERENCE, follow_contact
from bot.storage.tables import consent_events, contacts, outbox

Clock = Callable[[], datetime]
Ids = Callable[[], str]
T = TypeVar("T")
BATCH = 500
"""Rows in one statement, far below what the databases take as parameters."""


class Store:
    """`clock` returns aware times, `ids` unique texts of hexadecimal digits."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self.database = database
        self.clock = clock
        self.ids = ids

    def insert(self, table: Any) -> Any:
        """An INSERT that knows ON CONFLICT, which SQLAlchemy has per database only."""
        return sqlite.insert(table) if self.database.sqlite else postgresql.insert(table)


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, at most BATCH at a time."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def address_key(address: Address) -> tuple[str, str]:
    """The address as its columns have it."""
    return storable_key(address.channel), storable_key(address.id)


def lock_contacts(connection: Connection, addresses: Iterable[Address]) -> dict[tuple[str, str], str]:
    """Ids of the known contacts, by `address_key`; their rows locked in one order (no deadlock).

    Who holds the lock numbers the messages of these contacts, so that numbers follow the order of commits.
    """
    found: dict[tuple[str, str], str] = {}
    columns = (contacts.c.channel, contacts.c.address)
    for keys in batches(sorted({address_key(address) for address in addresses})):
        query = select(contacts.c.id, *columns).where(tuple_(*columns).in_(keys)).order_by(*columns)
        for row in connection.execute(query.with_for_update(key_share=True)):
            found[(row.channel, row.address)] = row.id
    return found


def write_ledger(connection: Connection, events: Iterable[ConsentEvent]) -> None:
    """Appends to the consent ledger."""
    rows = [{"contact_id": e.contact_id, "action": e.action, "words": e.words, "at": e.at} for e in events]
    if rows:
        connection.execute(consent_events.insert(), rows)


def update_contact(
    connection: Connection, identity: str, address: Address, changes: dict[str, Any], now: datetime
) -> None:
    """Writes the changed columns; who stops now gets nothing that still waits, the farewell excepted.

    Who unsubscribes gets no warning that still waits.
    """
    if changes:
        connection.execute(contacts.update().where(contacts.c.id == identity).values(changes))
        follow_contact(connection, identity, changes)
    if changes.get("consent") == Consent.STOPPED:
        stop_waiting(connection, address, now)
    elif changes.get("alerts") is False:
        stop_warnings(connection, address, now)


def stop_warnings(connection: Connection, address: Address, now: datetime) -> None:
    """Marks the warnings queued for an address as stopped."""
    stop_queued(connection, address, outbox.c.reference.startswith(REFERENCE), "the contact wants no warnings", now)


def stop_waiting(connection: Connection, address: Address, now: datetime) -> None:
    """Marks what is queued for an address as stopped, the farewell excepted."""
    stop_queued(connection, address, outbox.c.purpose != Purpose.FAREWELL, "the contact has stopped", now)


def stop_queued(connection: Connection, address: Address, which: ColumnElement[bool], why: str, now: datetime) -> None:
    """Marks those of an address's queued messages as stopped that meet a condition."""
    connection.execute(
        outbox.update()
        .where(
            outbox.c.channel == address.channel,
            outbox.c.address == address.id,
            outbox.c.state == "queued",
            which,
        )
        .values(state="stopped", error=why, done_at=now)
    )
