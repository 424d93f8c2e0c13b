"""Contacts, what they agreed to, and forgetting them."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.contacts import Consent, ConsentEvent, Contact
from bot.domain.messages import Address
from bot.storage.erasure import erase_contact
from bot.storage.records import contact_changes, contact_columns, contact_from
from bot.storage.sessions import session_key
from bot.storage.store import Store, lock_contacts, update_contact, write_ledger
from bot.storage.tables import consent_events, contacts


class Contacts(Store):
    """The people who write to us."""

    def get(self, contact_id: str | None) -> Contact | None:
        """By id; None for who is unknown or forgotten (also where None stands for a forgotten contact)."""
        with self.database.read() as connection:
            row = connection.execute(select(contacts).where(contacts.c.id == contact_id)).mappings().first()
        return contact_from(row) if row else None

    def get_by_address(self, address: Address) -> Contact | None:
        """By address."""
        query = select(contacts).where(contacts.c.channel == address.channel, contacts.c.address == address.id)
        with self.database.read() as connection:
            row = connection.execute(query).mappings().first()
        return contact_from(row) if row else None

    def save(self, contact: Contact, before: Contact | None = None) -> bool:
        """Writes a known contact; with `before` only what differs. False when she is unknown (forgotten)."""
        changes = contact_changes(before, contact) if before else contact_columns(contact)
        with self.database.write() as connection:
            known = contact.id in lock_contacts(connection, [contact.address]).values()
            if known:
                update_contact(connection, contact.id, contact.address, changes, self.clock())
            return known

    def stop(self, address: Address, action: str, words: str = "") -> bool:
        """Notes in the ledger that she stopped or blocked us, and ends what waits for her. False when unknown."""
        now = self.clock()
        with self.database.write() as connection:
            for contact_id in lock_contacts(connection, [address]).values():
                update_contact(connection, contact_id, address, {"consent": Consent.STOPPED, "alerts": False}, now)
                write_ledger(connection, [ConsentEvent(contact_id, action, words, now)])
                return True
        return False

    def record_consent(self, event: ConsentEvent) -> None:
        """Appends to the ledger; the contact herself is changed by `save` or `stop`."""
        with self.database.write() as connection:
            write_ledger(connection, [event])

    def ledger(self, contact_id: str) -> list[ConsentEvent]:
        """All that she agreed to and refused, oldest first."""
        query = select(consent_events).where(consent_events.c.contact_id == contact_id).order_by(consent_events.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return [ConsentEvent(row.contact_id, row.action, row.words, row.at) for row in rows]

    def forget(self, contact_id: str) -> str:
        """Erases her and all her texts; returns the key of her session, which the caller clears in Redis."""
        with self.database.write() as connection:
            erase_contact(connection, contact_id, self.clock())
        return session_key(contact_id)

    def page(self, limit: int = 50, *, alerts: bool | None = None, after: str = "") -> list[Contact]:
        """Contacts in order of their ids, a page at a time: `after` is the last id of the page before.

        `alerts=True`: only those who want warnings and have not stopped.
        """
        query = select(contacts).where(contacts.c.id > after).order_by(contacts.c.id).limit(limit)
        if alerts is not None:
            query = query.where(contacts.c.alerts == alerts, contacts.c.consent == Consent.ACTIVE)
        with self.database.read() as connection:
            return [contact_from(row) for row in connection.execute(query).mappings()]

    def latest(self, limit: int = 50) -> list[Contact]:
        """Who wrote last, first."""
        query = select(contacts).order_by(contacts.c.last_seen_at.desc(), contacts.c.id).limit(limit)
        with self.database.read() as connection:
            return [contact_from(row) for row in connection.execute(query).mappings()]
