"""Keeps the tables of who wants warnings where in step with `contacts`, within the same transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from bot.domain.contacts import Consent, Contact
from bot.domain.weather import Cell
from bot.storage.alert_tables import subscribed_crops, subscriptions
from bot.storage.records import contact_from
from bot.storage.tables import contacts
from bot.storage.under_way import hand_over_again

REFERENCE = "alert:"
"""What the reference of each message begins with that goes to subscribers only."""
FOLLOWED = frozenset({"alerts", "digest", "consent", "place", "farm"})
"""Columns of a contact that decide which warnings she gets."""
JOINING = FOLLOWED - {"digest"}
"""Those that may make her a reader of warnings that are under way."""


def follow_contact(connection: Connection, contact_id: str, changes: dict[str, Any]) -> None:
    """After `changes` to a contact: her subscription as it shall be now."""
    if not FOLLOWED & changes.keys():
        return
    drop_subscription(connection, contact_id)
    row = connection.execute(select(contacts).where(contacts.c.id == contact_id)).mappings().first()
    if row is None:
        return
    contact = contact_from(row)
    if rows := subscription_rows(contact):
        subscription, crops = rows
        connection.execute(subscriptions.insert(), subscription)
        if crops:
            connection.execute(subscribed_crops.insert(), crops)
        if JOINING & changes.keys():
            cell = Cell(subscription["north"], subscription["east"])
            hand_over_again(connection, cell, subscription["region"], contact.farm.crops)


def subscription_rows(contact: Contact) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """The rows of `subscriptions` and `subscribed_crops`; None for who gets no warnings."""
    place = contact.place
    if not contact.alerts or contact.consent is not Consent.ACTIVE or place is None or place.location is None:
        return None
    cell = Cell.of(place.location)
    where = {"contact_id": contact.id, "north": cell.north, "east": cell.east, "region": place.region or ""}
    sown = dict(contact.farm.sown)
    crops = [where | {"crop": crop, "sown": sown.get(crop)} for crop in dict.fromkeys(contact.farm.crops)]
    return where | {"place": place.name, "digest": contact.digest}, crops


def drop_subscription(connection: Connection, contact_id: str) -> None:
    """No more warnings for her."""
    for table in (subscribed_crops, subscriptions):
        connection.execute(delete(table).where(table.c.contact_id == contact_id))
