"""The tables of warnings: who wants them where, what was told, what a rule remembers. Migration 0002 makes them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table

from bot.storage.columns import Json, KeyText, UtcDateTime
from bot.storage.tables import PENDING, metadata, partial

CELL = ("north", "east", "region")
"""Where a warning is for: the middle of a cell in tenths of a degree, and the ISO 3166 region ("" where unknown)."""

# Follows `contacts` in the same transaction: a row for each contact who wants warnings, may get them and has a place.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("contact_id", KeyText, ForeignKey("contacts.id"), primary_key=True),
    Column("north", Integer, nullable=False),
    Column("east", Integer, nullable=False),
    Column("region", KeyText, nullable=False),
    Column("place", KeyText, nullable=False),
    Column("digest", Boolean, nullable=False),
    Index("ix_subscriptions_cell", *CELL, "contact_id"),
)

# Her crops, with the cell again: groups of a cell are found in the index alone.
subscribed_crops = Table(
    "subscribed_crops",
    metadata,
    Column("contact_id", KeyText, ForeignKey("contacts.id"), primary_key=True),
    Column("crop", KeyText, primary_key=True),
    Column("sown", Date),
    Column("north", Integer, nullable=False),
    Column("east", Integer, nullable=False),
    Column("region", KeyText, nullable=False),
    Index("ix_subscribed_crops_cell", *CELL, "crop", "sown", "contact_id"),
)

# `episode` is the id of the warning that began it; `sown_from` and `sown_until` say whose crop is meant.
alerts = Table(
    "alerts",
    metadata,
    Column("id", KeyText, primary_key=True),
    Column("episode", KeyText, nullable=False, index=True),
    Column("kind", KeyText, nullable=False),
    Column("rule_id", KeyText, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("north", Integer, nullable=False),
    Column("east", Integer, nullable=False),
    Column("region", KeyText, nullable=False),
    Column("zone", KeyText, nullable=False),
    Column("audience", KeyText, nullable=False),
    Column("crop", KeyText),
    Column("sown_from", Date),
    Column("sown_until", Date),
    Column("text", KeyText, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("source", KeyText, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False, index=True),
    Column("done_at", UtcDateTime),
    Column("queued", Integer, nullable=False),
    partial("ix_alerts_pending", "raised_at", "id", where=PENDING),
)

# What step() of bot.alerts remembers of a rule in a cell for a group, and the alert it told last.
alert_states = Table(
    "alert_states",
    metadata,
    Column("north", Integer, primary_key=True),
    Column("east", Integer, primary_key=True),
    Column("region", KeyText, primary_key=True),
    Column("rule_id", KeyText, primary_key=True),
    Column("audience", KeyText, primary_key=True),
    Column("state", Json, nullable=False),
    Column("episode", KeyText, nullable=False),
)

# The cells that have subscribers: when the newest forecast came, the hour they were evaluated
# for last, and their daily mean temperatures where a rule counts from sowing.
alert_cells = Table(
    "alert_cells",
    metadata,
    Column("north", Integer, primary_key=True),
    Column("east", Integer, primary_key=True),
    Column("region", KeyText, primary_key=True),
    Column("fetched_at", UtcDateTime, index=True),
    Column("evaluated_at", UtcDateTime, index=True),
    Column("means", Json),
)
