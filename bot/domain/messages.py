"""Messages as they come in and go out, the same for every channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """Where a contact is reached: a channel's name and the contact's id there (phone number in E.164, chat id, ...)."""

    channel: str
    id: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.id}"


@dataclass(frozen=True, slots=True)
class Location:
    """Degrees north and east, WGS 84."""

    latitude: float
    longitude: float


class InboundKind(StrEnum):
    """What a contact sent. Media that the bot cannot read keep their kind so that the reply can be useful."""

    TEXT = "text"
    LOCATION = "location"
    PHOTO = "photo"
    VOICE = "voice"
    STICKER = "sticker"
    EDIT = "edit"
    OTHER = "other"
    BLOCKED = "blocked"
    """The contact blocked the bot: nothing may be sent any more."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message in (MO). `external_id` is the gateway's own id, unique within the channel."""

    address: Address
    external_id: str
    text: str
    received_at: datetime
    kind: InboundKind = InboundKind.TEXT
    location: Location | None = None
    language_hint: str | None = None
    """BCP 47 tag that the channel reports for the contact's device; evidence, not a choice."""
    in_reply_to: str | None = None
    """External id of the message this one answers (officers reply to a handoff so)."""
    sender_id: str | None = None
    """Who wrote within the chat, where that differs from `address` (a member of an officers' group)."""


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A button: what it says and what is sent back when it is pressed. Numbered in channels without buttons."""

    label: str
    text: str


class Purpose(StrEnum):
    """Why a message goes out; replies go before bulk, and only what nobody asked for waits for quiet hours."""

    REPLY = "reply"
    HANDOFF = "handoff"
    ALERT = "alert"
    BROADCAST = "broadcast"
    FAREWELL = "farewell"
    """The one confirmation that STOP or FORGET gets, and first aid: all that may go to a contact who has stopped."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message out (MT), before the channel fits it to its limits."""

    address: Address
    text: str
    language: str = "en"
    quick_replies: tuple[QuickReply, ...] = ()
    purpose: Purpose = Purpose.REPLY
    ask_location: bool = False
    expires_at: datetime | None = None
    reference: str = ""
    """What this message belongs to, such as `handoff:<id>`; an answer to the message finds it again."""
    urgent: bool = False
    """Nobody asked for it, but it must not wait for the morning (a warning of the highest severity)."""
    id: str = ""
    """The outbox row's id once it is queued, the same at each attempt: what gateways know the message by."""
    image: bytes = b""
    """A PNG that goes with the text on channels that show pictures. Kept until a gateway has it, two days at most."""
    draft: str = ""
    """What the channel calls the message that shows this answer as far as it was written; this one takes its place."""
    doubtful: bool = False
    """An earlier attempt ended without a word: the gateway may have taken the message."""


class DeliveryStatus(StrEnum):
    """States of an outgoing message. The order of `RANK` is the only way it may go; reports never downgrade."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    STOPPED = "stopped"


RANK = {
    DeliveryStatus.QUEUED: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.EXPIRED: 3,
    DeliveryStatus.STOPPED: 3,
}
"""A report moves a message only to a higher rank; the four ends exclude each other."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A gateway's receipt for one message."""

    channel: str
    external_id: str
    status: DeliveryStatus
    at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel returns for a message that the gateway took."""

    external_ids: tuple[str, ...] = field(default=())
