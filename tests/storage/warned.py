"""Subscribers and alerts for the storage tests of warnings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain.alerts import AlertEvent, AlertRecord, EventKind, Group, Severity
from bot.domain.contacts import Contact, Farm, Place, ScriptChoice
from bot.domain.messages import Address, Inbound, Location, Outbound, Purpose
from bot.domain.weather import Cell
from bot.storage.alerts import StoredAlert
from bot.storage.contacts import Contacts
from bot.storage.letters import Letter, Order, Readers
from bot.storage.messages import Messages
from bot.storage.subscriptions import Area

HATHRAS = Place("Hathras", "IN-UP", Location(27.6, 78.05))
HERE = Area(Cell.of(Location(27.6, 78.05)), "IN-UP")
ELDORET = Place("Eldoret", "KE-44", Location(0.52, 35.27))


def subscribe(
    messages: Messages,
    contacts: Contacts,
    who: str,
    *,
    channel: str = "telegram",
    place: Place = HATHRAS,
    language: str = "hi",
    script: ScriptChoice | None = None,
    sown: dict[str, date | None] | None = None,
    digest: bool = False,
) -> Contact:
    """A contact who has written, has been answered and wants warnings."""
    address = Address(channel, who)
    messages.record(Inbound(address, f"hello-{who}", "hello", messages.clock()))
    known = contacts.get_by_address(address)
    assert known
    crops = sown or {}
    farm = Farm(tuple(crops), tuple((crop, day) for crop, day in crops.items() if day))
    contact = replace(known, alerts=True, place=place, language=language, script=script, farm=farm, digest=digest)
    assert contacts.save(contact)
    return contact


def event(now: datetime, kind: EventKind = EventKind.RAISE, severity: Severity = Severity.WARNING) -> AlertEvent:
    """Heavy rain until tomorrow."""
    tomorrow = now + timedelta(days=1)
    return AlertEvent(
        kind, "heavy-rain", 1, severity, "alert.heavy-rain.warning", now, tomorrow, tomorrow, (("rain_mm", 80.5),)
    )


def stored(identity: str, now: datetime, what: AlertEvent, area: Area = HERE, episode: str = "") -> StoredAlert:
    """An alert for everybody in an area."""
    record = AlertRecord(identity, area.cell, area.region, "Asia/Kolkata", Group(), what, now, "Open-Meteo", now)
    return StoredAlert(record, episode or identity)


def order(identity: str, readers: Readers, text: str, now: datetime, **values: object) -> Order:
    """One text for some readers."""
    part = Outbound(
        Address(readers.channel, ""),
        text,
        readers.language,
        purpose=Purpose.ALERT,
        expires_at=now + timedelta(days=1),
        reference=f"alert:{identity}",
    )
    return replace(Order(f"alert:{identity}", HERE, (Letter(readers, (part,)),), now), **values)  # type: ignore[arg-type]
