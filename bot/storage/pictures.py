"""Pictures that go with outgoing messages: kept beside the outbox until they are sent, two days at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, select

from bot.domain.messages import Outbound
from bot.storage.claims import QueuedOutbound
from bot.storage.tables import outbox, pictures

KEPT = timedelta(days=1)
"""The web page fetches its pictures when it shows them; after this time the text stands alone."""


def keep_pictures(connection: Connection, ids: Sequence[str], outbounds: Sequence[Outbound], now: datetime) -> None:
    """Stores the pictures of rows that were just inserted; rows that stood there before keep theirs."""
    images = {row: outbound.image for row, outbound in zip(ids, outbounds, strict=True) if outbound.image}
    if not images:
        return
    inserted = select(outbox.c.id).where(outbox.c.id.in_(list(images)))
    rows = [
        {"outbox_id": row, "data": images[row], "created_at": now}
        for row in connection.execute(inserted).scalars().all()
    ]
    if rows:
        connection.execute(pictures.insert(), rows)


def with_pictures(connection: Connection, claimed: Sequence[QueuedOutbound], marked: set[str]) -> list[QueuedOutbound]:
    """The claimed messages, those `marked` with their pictures where these still exist."""
    if not marked:
        return list(claimed)
    query = select(pictures.c.outbox_id, pictures.c.data).where(pictures.c.outbox_id.in_(marked))
    found = {row.outbox_id: row.data for row in connection.execute(query)}
    return [replace(row, outbound=replace(row.outbound, image=found.get(row.id, b""))) for row in claimed]


def drop_picture(connection: Connection, outbox_id: str) -> None:
    """Erases the picture of one message."""
    connection.execute(delete(pictures).where(pictures.c.outbox_id == outbox_id))


def drop_pictures(connection: Connection, which: ColumnElement[bool]) -> None:
    """Erases the pictures of the rows of the outbox for which `which` holds."""
    own: Select[tuple[str]] = select(outbox.c.id).where(which)
    connection.execute(delete(pictures).where(pictures.c.outbox_id.in_(own)))


def drop_old_pictures(connection: Connection, now: datetime) -> None:
    """Erases what nobody fetched in time."""
    connection.execute(delete(pictures).where(pictures.c.created_at < now - KEPT))
