"""What passes between a GSM modem's database and the channel that speaks through it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """One SMS (or part of a longer message) from the modem. `received` is the network's time as text, `header` UDH."""

    number: int
    received: str
    sender: str
    text: str
    header: bytes


@dataclass(frozen=True, slots=True)
class SmsToSend:
    """One SMS of a message for the modem."""

    text: str
    ucs2: bool
    header: bytes


@dataclass(frozen=True, slots=True)
class SentSms:
    """What the modem says of one SMS: the message's id, the part's number, gammu's word and the network's code."""

    identity: str
    part: int
    status: str
    error: int
