"""What the message store hands out, and what it is told of a turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.contacts import Contact
from bot.domain.messages import DeliveryStatus, Inbound, Outbound


class InboxState(StrEnum):
    """States of an incoming message; `failed` is the dead letter."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an incoming message stands; `is_new` is False for a repeat, whose first record this is then."""

    inbox_id: int
    contact_id: str | None
    """None when the first record's contact has been forgotten since."""
    is_new: bool


@dataclass(frozen=True, slots=True)
class ClaimedInbound:
    """A message that one worker may answer until `claimed_until`. `attempt` counts from 1 and fences the claim."""

    inbox_id: int
    contact: Contact
    inbound: Inbound
    attempt: int
    worker: str
    claimed_until: datetime
    last_attempt: bool
    """No further one will come: whatever happens to this claim, the message is then a dead letter."""


@dataclass(frozen=True, slots=True)
class QueuedOutbound:
    """A message to send now. `number` is the row's order, `attempt` counts from 1 and fences `mark_retry`."""

    id: str
    number: int
    outbound: Outbound
    contact_id: str | None
    attempt: int
    uncertain: bool
    """The last attempt ended without a word (a crash, a lost lease): the gateway may have taken the message."""
    created_at: datetime
    abandoned: bool = False
    """The last attempt's sender died or lost its lease: reports of what it sent may still be on their way."""
    doubts: int = 0
    """How many attempts ended so, or in a time-out."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A row of the outbox as its own address may read it."""

    id: str
    number: int
    outbound: Outbound
    state: DeliveryStatus
    created_at: datetime
    in_reply_to: str | None
    """External id of the message that it answers."""
    picture: bool = False
    """Whether a picture came with it; it may be erased already."""


@dataclass(frozen=True, slots=True)
class TurnSummary:
    """What statistics keep of a turn when its texts are erased."""

    language: str | None = None
    intent: str | None = None
    topic: str | None = None
    outcome: str | None = None
    card_id: str | None = None
