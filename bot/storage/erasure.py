"""FORGET: erases a contact; what is left is a count, and a digest where she had stopped."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, or_, select, update

from bot.domain.contacts import Consent, Contact
from bot.domain.messages import Address
from bot.storage.pictures import drop_pictures
from bot.storage.records import contact_from
from bot.storage.subscribed import drop_subscription
from bot.storage.tables import consent_events, contacts, erasures, handoffs, inbox, outbox, outbox_external

GONE: dict[str, Any] = {"text": "", "payload": {}, "error": ""}


def digest_of(address: Address, salt: str) -> str:
    """A slow digest (10 ms, 4 MB): a stolen table does not give the phone numbers back by trying them all."""
    text = f"{address.channel}\0{address.id}".encode(errors="surrogatepass")
    return hashlib.scrypt(text, salt=bytes.fromhex(salt), n=2**12, r=8, p=1, dklen=32).hex()


def digests(connection: Connection, address: Address) -> list[str]:
    """All that this address may stand as; nothing as long as nobody who had stopped was forgotten."""
    query = select(erasures.c.stop_salt).where(erasures.c.stop_salt.is_not(None)).distinct()
    return [digest_of(address, salt) for salt in connection.execute(query).scalars()]


def had_stopped(connection: Connection, address: Address) -> bool:
    """Whether she who writes from this address was forgotten after a STOP."""
    found = digests(connection, address)
    query = select(erasures.c.id).where(erasures.c.stop_digest.in_(found)).limit(1)
    return bool(found) and connection.execute(query).first() is not None


def erased_id(external_id: str) -> str:
    """What a forgotten message is still known by, so that a late repeat does not bring it back."""
    return "erased~" + hashlib.sha256(external_id.encode(errors="surrogatepass")).hexdigest()


def erase_contact(connection: Connection, contact_id: str, now: datetime) -> bool:
    """Erases all that is stored of a contact; what she still waits for is not sent. False when she is unknown."""
    query = select(contacts).where(contacts.c.id == contact_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        return False
    contact = contact_from(row)
    remember_stop(connection, contact, now)
    erase_outbox(connection, contact, now)
    erase_inbox(connection, contact_id, now)
    connection.execute(
        update(handoffs)
        .where(handoffs.c.contact_id == contact_id)
        .values(contact_id=None, question="", state="closed", closed_at=now)
    )
    connection.execute(delete(consent_events).where(consent_events.c.contact_id == contact_id))
    drop_subscription(connection, contact_id)
    connection.execute(delete(contacts).where(contacts.c.id == contact_id))
    return True


def remember_stop(connection: Connection, contact: Contact, now: datetime) -> None:
    """Counts the erasure; keeps a digest of the address if she has stopped, and drops older ones if she has not."""
    salt = digest = None
    if contact.consent == Consent.STOPPED:
        used = select(erasures.c.stop_salt).where(erasures.c.stop_salt.is_not(None)).limit(1)
        salt = connection.execute(used).scalar_one_or_none() or secrets.token_hex(16)
        digest = digest_of(contact.address, salt)
    elif found := digests(connection, contact.address):
        cleared = update(erasures).where(erasures.c.stop_digest.in_(found))
        connection.execute(cleared.values(stop_digest=None))
    connection.execute(erasures.insert().values(erased_at=now, stop_salt=salt, stop_digest=digest))


def erase_outbox(connection: Connection, contact: Contact, now: datetime) -> None:
    """Erases what was sent to her, and what officers were sent of her questions; nothing of it goes out any more."""
    own = (outbox.c.contact_id == contact.id) | (
        (outbox.c.channel == contact.address.channel) & (outbox.c.address == contact.address.id)
    )
    connection.execute(delete(outbox_external).where(outbox_external.c.outbox_id.in_(select(outbox.c.id).where(own))))
    asked = select("handoff:" + handoffs.c.id).where(handoffs.c.contact_id == contact.id)
    answered = select(inbox.c.id).where(inbox.c.contact_id == contact.id)
    about = or_(outbox.c.reference.in_(asked), outbox.c.inbox_id.in_(answered))
    erase_rows(connection, about, now)
    erase_rows(connection, own, now, contact_id=None, address="")


def erase_rows(connection: Connection, which: ColumnElement[bool], now: datetime, **values: Any) -> None:
    """Empties rows of the outbox, pictures included; those unsent are stopped."""
    unsent = outbox.c.state.in_(["queued", "sending"])
    drop_pictures(connection, which)
    changed = {
        "state": case((unsent, "stopped"), else_=outbox.c.state),
        "done_at": case((unsent, now), else_=outbox.c.done_at),
        "erased_at": now,
        "claimed_by": None,
        "claimed_until": None,
    }
    connection.execute(update(outbox).where(which).values(GONE | changed | values))


def erase_inbox(connection: Connection, contact_id: str, now: datetime) -> None:
    """Empties what she wrote; what was not answered yet never will be. Counts of topics and languages stay."""
    query = select(inbox.c.id, inbox.c.external_id).where(inbox.c.contact_id == contact_id)
    rows = [{"row": row.id, "known_as": erased_id(row.external_id)} for row in connection.execute(query)]
    if not rows:
        return
    connection.execute(
        update(inbox).where(inbox.c.id == bindparam("row")).values(external_id=bindparam("known_as")), rows
    )
    pending = inbox.c.state.in_(["received", "processing"])
    changed = {
        "contact_id": None,
        "state": case((pending, "done"), else_=inbox.c.state),
        "done_at": case((pending, now), else_=inbox.c.done_at),
        "erased_at": now,
        "claimed_by": None,
        "claimed_until": None,
    }
    connection.execute(update(inbox).where(inbox.c.contact_id == contact_id).values(GONE | changed))
