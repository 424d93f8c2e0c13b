"""Between rows and domain values."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping

from bot.domain.contacts import Consent, Contact, Farm, Place, ScriptChoice
from bot.domain.messages import Address, Inbound, InboundKind, Location, Outbound, Purpose, QuickReply

PLACE = TypeAdapter(Place)
FARM = TypeAdapter(Farm)

PRIORITY = {Purpose.FAREWELL: 0, Purpose.REPLY: 0, Purpose.HANDOFF: 1, Purpose.ALERT: 2, Purpose.BROADCAST: 3}
"""What goes first: a person who waits for an answer, then officers, then warnings, then bulk."""

LIFETIME = {
    Purpose.FAREWELL: timedelta(days=3),
    Purpose.REPLY: timedelta(days=1),
    Purpose.HANDOFF: timedelta(days=3),
    Purpose.ALERT: timedelta(hours=12),
    Purpose.BROADCAST: timedelta(days=1),
}
"""How long a message is of use to its reader unless it says so itself."""


def contact_from(row: RowMapping) -> Contact:
    """The contact of a row that carries the columns of `contacts`."""
    return Contact(
        id=row["id"],
        address=Address(row["channel"], row["address"]),
        created_at=row["created_at"],
        language=row["language"],
        language_chosen=row["language_chosen"],
        script=ScriptChoice(row["script"]) if row["script"] else None,
        place=PLACE.validate_python(row["place"]) if row["place"] else None,
        farm=FARM.validate_python(row["farm"]),
        consent=Consent(row["consent"]),
        alerts=row["alerts"],
        digest=row["digest"],
    )


def contact_columns(contact: Contact) -> dict[str, Any]:
    """What may change of a contact, by column."""
    return {
        "language": contact.language,
        "language_chosen": contact.language_chosen,
        "script": contact.script,
        "place": PLACE.dump_python(contact.place, mode="json") if contact.place else None,
        "farm": FARM.dump_python(contact.farm, mode="json"),
        "consent": contact.consent,
        "alerts": contact.alerts,
        "digest": contact.digest,
    }


def contact_changes(before: Contact, after: Contact) -> dict[str, Any]:
    """The columns that differ: all that a turn may write, so that it undoes nothing that happened beside it."""
    old, new = contact_columns(before), contact_columns(after)
    return {name: value for name, value in new.items() if value != old[name]}


def new_contact(identity: str, address: Address, now: datetime, consent: Consent) -> dict[str, Any]:
    """All columns of a contact who writes for the first time."""
    contact = Contact(identity, address, now, consent=consent)
    return contact_columns(contact) | {
        "id": identity,
        "channel": address.channel,
        "address": address.id,
        "created_at": now,
        "last_seen_at": now,
    }


def inbound_columns(inbound: Inbound) -> dict[str, Any]:
    """An incoming message by column; who sent it stands in the contact."""
    return {
        "channel": inbound.address.channel,
        "external_id": inbound.external_id,
        "kind": inbound.kind,
        "text": inbound.text,
        "received_at": inbound.received_at,
        "payload": {
            "location": asdict(inbound.location) if inbound.location else None,
            "language_hint": inbound.language_hint,
            "in_reply_to": inbound.in_reply_to,
            "sender_id": inbound.sender_id,
        },
    }


def inbound_from(row: RowMapping, address: Address) -> Inbound:
    """The incoming message of a row of `inbox`."""
    payload = row["payload"]
    location = payload.get("location")
    return Inbound(
        address=address,
        external_id=row["external_id"],
        text=row["text"],
        received_at=row["received_at"],
        kind=InboundKind(row["kind"]),
        location=Location(**location) if location else None,
        language_hint=payload.get("language_hint"),
        in_reply_to=payload.get("in_reply_to"),
        sender_id=payload.get("sender_id"),
    )


def outbound_columns(outbound: Outbound, due: datetime) -> dict[str, Any]:
    """An outgoing message by column, without its state; `due` is when it may go out first."""
    return {
        "channel": outbound.address.channel,
        "address": outbound.address.id,
        "text": outbound.text,
        "purpose": outbound.purpose,
        "reference": outbound.reference,
        "priority": PRIORITY[outbound.purpose],
        "expires_at": outbound.expires_at or due + LIFETIME[outbound.purpose],
        "payload": {
            "language": outbound.language,
            "quick_replies": [[reply.label, reply.text] for reply in outbound.quick_replies],
            "ask_location": outbound.ask_location,
            **({"urgent": True} if outbound.urgent else {}),
            **({"picture": True} if outbound.image else {}),
            **({"draft": outbound.draft} if outbound.draft else {}),
        },
    }


def outbound_from(row: RowMapping) -> Outbound:
    """The outgoing message of a row of `outbox`; an erased one is empty."""
    payload = row["payload"]
    return Outbound(
        address=Address(row["channel"], row["address"]),
        text=row["text"],
        language=payload.get("language", "en"),
        quick_replies=tuple(QuickReply(*pair) for pair in payload.get("quick_replies", ())),
        purpose=Purpose(row["purpose"]),
        ask_location=payload.get("ask_location", False),
        expires_at=row["expires_at"],
        reference=row["reference"],
        urgent=payload.get("urgent", False),
        draft=payload.get("draft", ""),
        id=row["id"],
    )
