"""gammu-smsd's own database (schema 17): SMS for its outbox, SMS from its inbox, what became of those sent.

Times in it are the box's local ones, so none is compared with ours. What has been read is deleted: texts and numbers
shall not lie in a second place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    delete,
    func,
    literal,
    select,
)

from bot.domain.modem import ReceivedSms, SentSms, SmsToSend
from bot.storage.database import Database

CREATOR = "khetdoot "
"""How our rows begin in CreatorID; the message's id follows."""
LONG_AGO = datetime(2000, 1, 1)
UCS2, PLAIN = "Unicode_No_Compression", "Default_No_Compression"


class Flag(TypeDecorator[bool]):
    """A boolean, which SQLite's schema of gammu writes as a word."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Boolean() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: bool | None, dialect: Any) -> Any:
        return value if dialect.name == "postgresql" else str(bool(value)).lower()

    def process_result_value(self, value: Any, dialect: Any) -> bool:
        return value in (True, "true")


metadata = MetaData()
inbox = Table(
    "inbox",
    metadata,
    Column("ID", Integer, primary_key=True),
    Column("ReceivingDateTime", DateTime),
    Column("Text", Text),
    Column("SenderNumber", String),
    Column("Coding", String),
    Column("UDH", Text),
    Column("Processed", Flag),
)
outbox = Table(
    "outbox",
    metadata,
    Column("ID", Integer, primary_key=True),
    Column("SendingDateTime", DateTime),
    Column("SendingTimeOut", DateTime),
    Column("DestinationNumber", String),
    Column("Coding", String),
    Column("UDH", Text),
    Column("TextDecoded", Text),
    Column("MultiPart", Flag),
    Column("RelativeValidity", Integer),
    Column("DeliveryReport", String),
    Column("CreatorID", Text),
    Column("Priority", Integer),
)
outbox_multipart = Table(
    "outbox_multipart",
    metadata,
    Column("ID", Integer, primary_key=True),
    Column("SequencePosition", Integer, primary_key=True),
    Column("Coding", String),
    Column("UDH", Text),
    Column("TextDecoded", Text),
)
sentitems = Table(
    "sentitems",
    metadata,
    Column("ID", Integer, primary_key=True),
    Column("SequencePosition", Integer, primary_key=True),
    Column("Status", String),
    Column("StatusError", Integer),
    Column("CreatorID", Text),
)


class GammuDatabase:
    """Opened beside gammu-smsd. All calls block and raise StorageError."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, pool_size=2)

    def queue(self, identity: str, to: str, parts: Sequence[SmsToSend], priority: int, validity: int) -> bool:
        """Puts a message in gammu's outbox unless it was there before; whether it was new."""
        creator = CREATOR + identity
        first, *others = parts
        with self.database.write() as connection:
            for table in (outbox, sentitems):
                if connection.execute(select(table.c.ID).where(table.c.CreatorID == creator).limit(1)).first():
                    return False
            row = {
                **columns_of(first),
                "SendingDateTime": LONG_AGO,
                "SendingTimeOut": LONG_AGO,
                "DestinationNumber": to,
                # Until all parts are in, another process must not see a single SMS here: one transaction.
                "MultiPart": bool(others),
                "RelativeValidity": validity,
                "DeliveryReport": "yes",
                "CreatorID": creator,
                "Priority": priority,
            }
            number = connection.execute(outbox.insert().values(row).returning(outbox.c.ID)).scalar_one()
            if others:
                rows = [{"ID": number, "SequencePosition": n, **columns_of(part)} for n, part in enumerate(others, 2)]
                connection.execute(outbox_multipart.insert(), rows)
        return True

    def waiting(self) -> int:
        """How many messages the modem has not sent yet."""
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(outbox)).scalar_one()

    def received(self) -> list[ReceivedSms]:
        """What has come in, oldest first; binary SMS are left out."""
        query = select(inbox).where(inbox.c.Processed == literal(False, Flag)).order_by(inbox.c.ID).limit(500)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return [
            ReceivedSms(row.ID, str(row.ReceivingDateTime), row.SenderNumber, text_of(row.Text), hex_of(row.UDH))
            for row in rows
            if row.Coding != "8bit"
        ]

    def remove_received(self, numbers: Sequence[int]) -> None:
        """They are recorded elsewhere."""
        with self.database.write() as connection:
            connection.execute(delete(inbox).where(inbox.c.ID.in_(numbers)))

    def sent(self) -> list[SentSms]:
        """What is known of our messages that the modem has tried to send."""
        query = select(sentitems).where(sentitems.c.CreatorID.startswith(CREATOR)).order_by(sentitems.c.ID)
        with self.database.read() as connection:
            rows = connection.execute(query.limit(2000)).all()
        return [
            SentSms(row.CreatorID.removeprefix(CREATOR), row.SequencePosition, row.Status, row.StatusError)
            for row in rows
        ]

    def remove_sent(self, identity: str) -> None:
        """A message has come to its end."""
        with self.database.write() as connection:
            connection.execute(delete(sentitems).where(sentitems.c.CreatorID == CREATOR + identity))

    def close(self) -> None:
        """Lets connections go."""
        self.database.close()


def columns_of(part: SmsToSend) -> dict[str, Any]:
    """What both outbox tables have of an SMS."""
    return {
        "Coding": UCS2 if part.ucs2 else PLAIN,
        "UDH": part.header.hex().upper() or None,
        "TextDecoded": part.text,
    }


def text_of(encoded: str) -> str:
    """`Text` is UTF-16BE in hexadecimal digits, for each part its own; TextDecoded may be the whole message."""
    return hex_of(encoded).decode("utf-16-be", "replace")


def hex_of(digits: str) -> bytes:
    """Bytes of hexadecimal digits; nothing for what is none."""
    try:
        return bytes.fromhex(digits or "")
    except ValueError:
        return b""
