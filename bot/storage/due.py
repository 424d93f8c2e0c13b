"""Which rows of the outbox are due: the queries that senders ask all the time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, ScalarSelect, Select, and_, literal, or_, select, union_all

from bot.storage.records import PRIORITY
from bot.storage.tables import contacts, outbox

PRIORITIES = sorted(set(PRIORITY.values()))
EXPIRED_AT_ONCE = 100


def lines_with_work(connection: Connection, now: datetime, channels: Sequence[str]) -> list[tuple[int, str]]:
    """Priorities and channels that have something due, in the order of both; one query for all."""
    lines = list(itertools.product(PRIORITIES, channels))
    looks = [
        select(literal(place, Integer)).where(first_due(now, channel, priority).is_not(None))
        for place, (priority, channel) in enumerate(lines)
    ]
    found = connection.execute(union_all(*looks)).scalars().all() if looks else []
    return [lines[place] for place in sorted(found)]


def first_due(now: datetime, channel: str, priority: int) -> ScalarSelect[int]:
    """The first row of a line, or NULL. Ordered as the index is, else PostgreSQL may read the whole table for it."""
    return (
        select(outbox.c.number)
        .where(
            outbox.c.done_at.is_(None),
            outbox.c.channel == channel,
            outbox.c.priority == priority,
            outbox.c.not_before <= now,
        )
        .order_by(outbox.c.not_before, outbox.c.number)
        .limit(1)
        .scalar_subquery()
    )


def late(now: datetime) -> Select[Any]:
    """Ids of waiting rows whose time is over."""
    waiting = (outbox.c.done_at.is_(None), outbox.c.expires_at <= now, outbox.c.state == "queued")
    return select(outbox.c.id).where(*waiting).order_by(outbox.c.expires_at).limit(EXPIRED_AT_ONCE)


def due(now: datetime, channel: str, priority: int, limit: int) -> Select[Any]:
    """Rows of one channel and priority that may be sent now, first in line first, with their contacts' consent.

    A row waits for any of its address that is being sent, and while queued for those of higher or the same
    priority queued before it; so that a reply never waits for a broadcast that waits for the morning.
    """
    other = outbox.alias("other")
    before = or_(other.c.priority < priority, and_(other.c.priority == priority, other.c.number < outbox.c.number))
    # A scalar, not EXISTS: PostgreSQL without statistics turns that into a join that reads all waiting rows.
    blocked = (
        select(other.c.number)
        .where(
            other.c.channel == outbox.c.channel,
            other.c.address == outbox.c.address,
            other.c.number != outbox.c.number,
            other.c.done_at.is_(None),
            or_(other.c.state == "sending", and_(outbox.c.state == "queued", before)),
        )
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(outbox, contacts.c.consent, contacts.c.alerts)
        .join_from(
            outbox,
            contacts,
            and_(contacts.c.channel == outbox.c.channel, contacts.c.address == outbox.c.address),
            isouter=True,
        )
        .where(
            outbox.c.done_at.is_(None),
            outbox.c.channel == channel,
            outbox.c.priority == priority,
            outbox.c.not_before <= now,
            or_(outbox.c.state == "queued", outbox.c.claimed_until <= now),
            or_(outbox.c.state == "sending", outbox.c.expires_at.is_(None), outbox.c.expires_at > now),
            blocked.is_(None),
        )
        .order_by(outbox.c.not_before, outbox.c.number)
        .limit(limit)
    )
