"""The tables. Each change here needs a migration beside it; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from bot.storage.columns import CleanText, Json, KeyText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")

# Claims look only at what is not done yet, of which there is little: partial indexes, which the database uses for
# queries that ask for `done_at IS NULL`. The states of what is done are indexed for counting.
PENDING = "done_at IS NULL"
DONE = "done_at IS NOT NULL"


def partial(name: str, *columns: str, where: str) -> Index:
    """An index over the rows for which `where` holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


contacts = Table(
    "contacts",
    metadata,
    Column("id", KeyText, primary_key=True),
    Column("channel", KeyText, nullable=False),
    Column("address", KeyText, nullable=False),
    Column("language", KeyText),
    Column("language_chosen", Boolean, nullable=False),
    Column("script", KeyText),
    Column("place", Json),
    Column("farm", Json, nullable=False),
    Column("consent", KeyText, nullable=False),
    Column("alerts", Boolean, nullable=False),
    Column("digest", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    UniqueConstraint("channel", "address"),
    Index(None, "last_seen_at"),
)

consent_events = Table(
    "consent_events",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("contact_id", KeyText, ForeignKey("contacts.id"), nullable=False, index=True),
    Column("action", KeyText, nullable=False),
    Column("words", CleanText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# One row per contact that was forgotten: the anonymous count, and for who had stopped a salted digest of
# her address, so that STOP outlives FORGET.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("stop_salt", KeyText),
    Column("stop_digest", KeyText, index=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("channel", KeyText, nullable=False),
    Column("external_id", KeyText, nullable=False),
    Column("contact_id", KeyText, ForeignKey("contacts.id")),
    Column("kind", KeyText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", KeyText, nullable=False),
    Column("not_before", UtcDateTime),
    Column("claimed_by", KeyText),
    Column("claimed_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("error", CleanText, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("erased_at", UtcDateTime),
    Column("language", KeyText),
    Column("intent", KeyText),
    Column("topic", KeyText),
    Column("outcome", KeyText),
    Column("card_id", KeyText),
    UniqueConstraint("channel", "external_id"),
    Index(None, "contact_id", "id"),
    partial("ix_inbox_pending", "id", where=PENDING),
    partial("ix_inbox_pending_contact", "contact_id", "id", where=PENDING),
    partial("ix_inbox_done_state", "state", where=DONE),
    partial("ix_inbox_retention", "done_at", where="erased_at IS NULL"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", KeyText, nullable=False, unique=True),
    Column("contact_id", KeyText, ForeignKey("contacts.id"), index=True),
    Column("inbox_id", Number, ForeignKey("inbox.id")),
    Column("position", Integer),
    Column("dedupe_key", KeyText, unique=True),
    Column("channel", KeyText, nullable=False),
    Column("address", KeyText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("payload", Json, nullable=False),
    Column("purpose", KeyText, nullable=False),
    Column("reference", KeyText, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", KeyText, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("claimed_by", KeyText),
    Column("claimed_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("uncertain", Integer, nullable=False),
    Column("error", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("erase_when_done", Boolean, nullable=False),
    Column("erased_at", UtcDateTime),
    UniqueConstraint("inbox_id", "position"),
    Index(None, "channel", "address", "number"),
    partial("ix_outbox_due", "channel", "priority", "not_before", "number", where=PENDING),
    partial("ix_outbox_pending_address", "channel", "address", "priority", "number", where=PENDING),
    partial("ix_outbox_expiry", "expires_at", where=f"{PENDING} AND expires_at IS NOT NULL"),
    partial("ix_outbox_uncertain", "number", where="uncertain > 0"),
    partial("ix_outbox_reference", "reference", where="reference <> ''"),
    partial("ix_outbox_done_state", "state", where=DONE),
    partial("ix_outbox_retention", "done_at", where="erased_at IS NULL"),
    sqlite_autoincrement=True,
)

# Beside the outbox, so that claims and counts do not read them. Rows go when a gateway has taken the picture, with
# the texts of their message, and after a day or two.
pictures = Table(
    "pictures",
    metadata,
    Column("outbox_id", KeyText, ForeignKey("outbox.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

outbox_external = Table(
    "outbox_external",
    metadata,
    Column("channel", KeyText, primary_key=True),
    Column("external_id", KeyText, primary_key=True),
    Column("outbox_id", KeyText, ForeignKey("outbox.id"), nullable=False, index=True),
    Column("state", KeyText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Reports that came before the sender knew the gateway's id for the message; applied when it does.
early_reports = Table(
    "early_reports",
    metadata,
    Column("channel", KeyText, primary_key=True),
    Column("external_id", KeyText, primary_key=True),
    Column("state", KeyText, nullable=False),
    Column("error", CleanText, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", KeyText, primary_key=True),
    Column("contact_id", KeyText, ForeignKey("contacts.id"), index=True),
    Column("inbox_id", Number, ForeignKey("inbox.id"), unique=True),
    Column("question", CleanText, nullable=False),
    Column("reason", KeyText, nullable=False),
    Column("state", KeyText, nullable=False, index=True),
    Column("officer", KeyText),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
)

runs = Table(
    "runs",
    metadata,
    Column("key", KeyText, primary_key=True),
    Column("state", KeyText, nullable=False),
    Column("claimed_by", KeyText),
    Column("claimed_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)
