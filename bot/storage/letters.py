"""One text to many as SQL: outbox rows for the subscribers of a cell by INSERT .. SELECT; no contact is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.contacts import Consent
from bot.domain.messages import DeliveryStatus, Outbound, Purpose
from bot.storage.alert_tables import alerts, subscribed_crops, subscriptions
from bot.storage.columns import CleanText, Json, KeyText, UtcDateTime
from bot.storage.records import PRIORITY, outbound_columns
from bot.storage.subscribed import REFERENCE
from bot.storage.subscriptions import NEVER, Area
from bot.storage.tables import contacts, outbox

FIRST_LANGUAGE, FIRST_SCRIPT = "en", "native"
TOLD = ("sending", "sent", "delivered")
URGENT = PRIORITY[Purpose.HANDOFF]
"""Warnings of the highest severity wait for no others: these may take hours."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Subscribers of an area who get the same text. `place` is the name that they gave."""

    language: str
    script: str
    channel: str
    place: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """What these readers get: the parts in order; the id in their address is left empty."""

    readers: Readers
    parts: tuple[Outbound, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be queued for an area: all letters or none. `id` begins with REFERENCE and is each row's reference."""

    id: str
    area: Area
    letters: tuple[Letter, ...]
    not_before: datetime
    crop: str | None = None
    sown_from: date | None = None
    sown_until: date | None = None
    episode: str = ""
    """Id of the alert whose words, as far as they still wait, this order takes the place of."""
    told_only: bool = False
    """Only for who has got a word of the episode."""
    digest_only: bool = False

    @property
    def size(self) -> int:
        """Rows at most."""
        return sum(letter.readers.count * len(letter.parts) for letter in self.letters)

    @property
    def shape(self) -> tuple[bool, ...]:
        """Which statement it needs, beside the range."""
        return self.crop is not None, self.sown_from is not None, self.told_only, self.digest_only


def overtake(connection: Connection, order: Order, now: datetime) -> None:
    """What still waits of an order's episode is not sent any more: newer words take its place."""
    if not order.episode:
        return
    older = select(REFERENCE + alerts.c.id).where(alerts.c.episode == order.episode)
    waiting = and_(
        outbox.c.reference.in_(older),
        outbox.c.reference != "",
        outbox.c.reference != order.id,
        outbox.c.state == DeliveryStatus.QUEUED,
    )
    values = {"state": DeliveryStatus.EXPIRED, "error": "overtaken by a newer word", "done_at": now}
    connection.execute(update(outbox).where(waiting).values(values))


def order_values(order: Order) -> dict[str, Any]:
    """Parameters that all rows of an order share."""
    return {
        "north": order.area.cell.north,
        "east": order.area.cell.east,
        "region": order.area.region,
        "order_id": order.id,
        "waits_until": order.not_before,
        "crop": order.crop,
        "sown_from": order.sown_from,
        "sown_until": order.sown_until,
        "episode": order.episode,
    }


def letter_values(letter: Letter, place: int, part: Outbound) -> dict[str, Any]:
    """Parameters of one part of a letter."""
    columns = outbound_columns(part, part.expires_at or NEVER)
    return {
        "language": letter.readers.language,
        "script": letter.readers.script,
        "channel": letter.readers.channel,
        "place": letter.readers.place,
        "suffix": f":{place}",
        "words": columns["text"],
        "data": columns["payload"],
        "priority": URGENT if part.urgent else columns["priority"],
        "purpose": columns["purpose"],
        "ends": columns["expires_at"],
    }


@cache
def letters_to_rows(sqlite_: bool, shape: tuple[bool, ...], ranged: bool, follows: bool) -> Any:
    """The INSERT .. SELECT of one letter's part for an order of that shape; `follows`: a part after the first."""
    text = KeyText()
    random = func.lower(func.hex(func.randomblob(8))) if sqlite_ else random_hex()
    key = bindparam("order_id", type_=text) + ":" + contacts.c.id + bindparam("suffix", type_=text)
    columns: dict[str, Any] = {
        # In the order of time, so that thousands of new rows are neighbours in the index.
        "id": bindparam("id_start", type_=text) + random,
        "contact_id": contacts.c.id,
        "dedupe_key": key,
        "channel": contacts.c.channel,
        "address": contacts.c.address,
        "text": bindparam("words", type_=CleanText()),
        "payload": bindparam("data", type_=Json()),
        "purpose": bindparam("purpose", type_=text),
        "reference": bindparam("order_id", type_=text),
        "priority": bindparam("priority", type_=Integer()),
        "state": literal(DeliveryStatus.QUEUED.value, text),
        "not_before": bindparam("waits_until", type_=UtcDateTime()),
        "expires_at": bindparam("ends", type_=UtcDateTime()),
        "attempts": literal(0),
        "uncertain": literal(0),
        "error": literal("", text),
        "created_at": bindparam("now", type_=UtcDateTime()),
        "erase_when_done": false(),
    }
    rows = select(*columns.values()).join_from(subscriptions, contacts).where(*wanted(shape, ranged))
    if follows:
        rows = rows.where(has_first_part())
    insert = (sqlite if sqlite_ else postgresql).insert(outbox)
    return insert.from_select(list(columns), rows).on_conflict_do_nothing(index_elements=["dedupe_key"])


def random_hex() -> ColumnElement[str]:
    """16 hexadecimal digits, made by PostgreSQL."""
    return func.substr(func.replace(cast(func.gen_random_uuid(), Text), "-", ""), 1, 16)


def wanted(shape: tuple[bool, ...], ranged: bool) -> Iterator[ColumnElement[bool]]:
    """Who is written to: subscribers of the area who read this letter; consent is asked of the contact herself."""
    by_crop, by_sowing, told_only, digest_only = shape
    yield subscriptions.c.north == bindparam("north")
    yield subscriptions.c.east == bindparam("east")
    yield subscriptions.c.region == bindparam("region")
    yield subscriptions.c.place == bindparam("place")
    yield contacts.c.channel == bindparam("channel")
    yield func.coalesce(contacts.c.language, FIRST_LANGUAGE) == bindparam("language")
    yield func.coalesce(contacts.c.script, FIRST_SCRIPT) == bindparam("script")
    yield contacts.c.consent == Consent.ACTIVE
    yield contacts.c.alerts
    if ranged:
        yield subscriptions.c.contact_id > bindparam("after")
        yield subscriptions.c.contact_id <= bindparam("until")
    if digest_only:
        yield subscriptions.c.digest
    if by_crop:
        yield grows(by_sowing)
    if told_only:
        yield was_told()


def grows(by_sowing: bool) -> ColumnElement[bool]:
    """She grows the crop, sown within the days."""
    rows = select(literal(1)).where(
        subscribed_crops.c.contact_id == subscriptions.c.contact_id, subscribed_crops.c.crop == bindparam("crop")
    )
    if by_sowing:
        rows = rows.where(subscribed_crops.c.sown.between(bindparam("sown_from"), bindparam("sown_until")))
    return rows.exists()


def has_first_part() -> ColumnElement[bool]:
    """She has just been given the first part: a text that an earlier run told her gets no more parts."""
    before = outbox.alias("before")
    first = bindparam("order_id", type_=KeyText()) + ":" + contacts.c.id + ":0"
    now = bindparam("now", type_=UtcDateTime())
    return select(literal(1)).where(before.c.dedupe_key == first, before.c.created_at == now).exists()


def was_told() -> ColumnElement[bool]:
    """She has, or is just being sent, a word of the episode other than this one."""
    return (
        select(literal(1))
        .join_from(outbox, alerts, outbox.c.reference == REFERENCE + alerts.c.id)
        .where(
            outbox.c.contact_id == subscriptions.c.contact_id,
            or_(*(outbox.c.state == state for state in TOLD)),  # no IN: this is an executemany
            outbox.c.reference != bindparam("order_id"),
            alerts.c.episode == bindparam("episode"),
        )
        .exists()
    )
