"""A GSM modem through gammu-smsd and its database: SMS without any internet.

Its webhook only wakes (`RunOnReceive` blocks the daemon); messages are read from the database by `poll`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bot.channels.base import Parsed, WebhookRequest
from bot.channels.gateway import Common, SmsGateway, seconds_left
from bot.domain.errors import RefusedInput, SendError, StorageError, Throttled
from bot.domain.messages import DeliveryReport, DeliveryStatus, Inbound, Outbound, Purpose, Sent
from bot.domain.modem import ReceivedSms, SentSms, SmsToSend

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
MOST_WAITING = 3
"""Messages left to the modem's own queue: what waits there can neither be overtaken by a reply nor stopped."""
PARTS_WAIT = timedelta(seconds=60)
"""How long missing parts are waited for, after gammu-smsd itself has given up (MultipartTimeout)."""
REPORT_WAIT = timedelta(days=3)
PRIORITY = {Purpose.FAREWELL: 3, Purpose.REPLY: 2, Purpose.HANDOFF: 2, Purpose.ALERT: 1, Purpose.BROADCAST: 0}
STATUS = {
    "SendingOK": DeliveryStatus.SENT,
    "SendingOKNoReport": DeliveryStatus.SENT,
    "SendingError": DeliveryStatus.FAILED,
    "DeliveryOK": DeliveryStatus.DELIVERED,
    "DeliveryFailed": DeliveryStatus.FAILED,
    "DeliveryPending": DeliveryStatus.SENT,
    "DeliveryUnknown": DeliveryStatus.SENT,
    "Error": DeliveryStatus.FAILED,
}
ENDS = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.FAILED})
Group = tuple[str, int, int]
"""Sender, reference and number of parts: what the parts of one message share."""


class Modem(Protocol):
    """gammu-smsd's database (bot.storage.gammu). All calls block and raise StorageError."""

    def queue(self, identity: str, to: str, parts: Sequence[SmsToSend], priority: int, validity: int) -> bool:
        """Once for an identity."""

    def waiting(self) -> int:
        """Messages that the modem has not sent yet."""

    def received(self) -> Sequence[ReceivedSms]:
        """What has come in, oldest first."""

    def remove_received(self, numbers: Sequence[int]) -> None:
        """They are recorded."""

    def sent(self) -> Sequence[SentSms]:
        """What became of what we queued."""

    def remove_sent(self, identity: str) -> None:
        """Nothing more will come of it."""

    def close(self) -> None:
        """Lets connections go."""


class Gammu(SmsGateway):
    """One gammu-smsd, whichever modems it has."""

    name = "gammu"

    def __init__(self, modem: Modem, common: Common, *, max_segments: int = 4) -> None:
        super().__init__(common, max_segments)
        self.modem = modem
        self.woken = asyncio.Event()
        self.told: dict[tuple[str, int], tuple[str, datetime]] = {}
        self.seen: dict[Group, datetime] = {}

    def parse(self, request: WebhookRequest) -> Parsed:
        """A knock at the door: nothing is in the request, the database has it."""
        self.woken.set()
        return Parsed()

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """Raises RefusedInput: reports stand in the database."""
        raise RefusedInput("gammu-smsd reports in its database", 404)

    async def send(self, outbound: Outbound) -> Sent:
        """Hands a message to the modem's queue, once however often it is called. Raises SendError and Throttled."""
        parts = self.parts(outbound)
        queued = [SmsToSend(part.text, part.ucs2, part.header) for part in parts]
        validity = relative_validity(seconds_left(outbound, self.common.clock()))
        arguments = (outbound.id, outbound.address.id, queued, PRIORITY[outbound.purpose], validity)
        try:
            if await asyncio.to_thread(self.modem.waiting) >= MOST_WAITING:
                raise Throttled("the modem is busy", LOOK_SECONDS)
            await asyncio.to_thread(self.modem.queue, *arguments)
        except StorageError as error:
            raise SendError("gammu-smsd's database is out of reach", retryable=True) from error
        return Sent(tuple(part.external_id for part in parts))

    async def poll(
        self,
        record: Callable[[Sequence[Inbound]], Awaitable[object]],
        report: Callable[[DeliveryReport], Awaitable[object]],
    ) -> None:
        """Reads messages and reports until cancelled. What was read is removed only after `record` has taken it."""
        while True:
            self.woken.clear()
            try:
                await self.look(record, report)
            except StorageError as error:
                log.warning("gammu: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.woken.wait(), LOOK_SECONDS)

    async def look(
        self,
        record: Callable[[Sequence[Inbound]], Awaitable[object]],
        report: Callable[[DeliveryReport], Awaitable[object]],
    ) -> None:
        """One look. Raises StorageError."""
        for parts in self.whole(await asyncio.to_thread(self.modem.received)):
            await record(self.read(parts))
            await asyncio.to_thread(self.modem.remove_received, [part.number for part in parts])
        fates: dict[str, list[SentSms]] = {}
        for sent in await asyncio.to_thread(self.modem.sent):
            fates.setdefault(sent.identity, []).append(sent)
        for identity, fate in fates.items():
            for sent in fate:
                await self.follow(sent, report)
            await self.tidy(identity, fate)

    def read(self, parts: Sequence[ReceivedSms]) -> tuple[Inbound, ...]:
        """The message of these parts; nothing when no phone sent it."""
        text = "".join(part.text for part in sorted(parts, key=lambda part: part_of(part)[2]))
        return self.received(parts[0].sender, text, f"{parts[0].number}-{parts[0].received}").inbounds

    def whole(self, received: Sequence[ReceivedSms]) -> Iterator[list[ReceivedSms]]:
        """Messages whose parts are all there, or have been waited for long enough; in order of their first parts."""
        groups: dict[Group, dict[int, ReceivedSms]] = {}
        for sms in received:
            reference, total, number = part_of(sms)
            key = (sms.sender, reference, total) if total > 1 else (str(sms.number), -1, 1)
            groups.setdefault(key, {}).setdefault(number, sms)
        now = self.common.clock()
        self.seen = {key: self.seen.get(key, now) for key in groups}
        for key, parts in groups.items():
            if len(parts) >= key[2] or now - self.seen[key] > PARTS_WAIT:
                yield list(parts.values())

    async def follow(self, sent: SentSms, report: Callable[[DeliveryReport], Awaitable[object]]) -> None:
        """Passes on what is news; what has come to its end is removed from the modem's database."""
        key, status = (sent.identity, sent.part), STATUS.get(sent.status)
        if status is None or self.told.get(key, ("", None))[0] == sent.status:
            return
        error = f"{sent.status} {sent.error}" if status is DeliveryStatus.FAILED else ""
        await report(self.reported(f"{sent.identity}.{sent.part}", status, error).reports[0])
        self.told[key] = (sent.status, self.common.clock())

    async def tidy(self, identity: str, parts: Sequence[SentSms]) -> None:
        """Removes what has come to its end, or will hear nothing more."""
        now = self.common.clock()
        ended = all(STATUS.get(part.status) in ENDS for part in parts)
        silent = all(now - self.told.get((identity, part.part), ("", now))[1] > REPORT_WAIT for part in parts)
        if ended or silent:
            await asyncio.to_thread(self.modem.remove_sent, identity)
            self.told = {key: value for key, value in self.told.items() if key[0] != identity}

    async def close(self) -> None:
        """Lets connections go."""
        self.modem.close()


def part_of(sms: ReceivedSms) -> tuple[int, int, int]:
    """Reference, number of parts and this one's place, from the header; (0, 1, 1) for a single SMS."""
    elements, at = sms.header[1:], 0
    while at + 1 < len(elements):
        kind, length = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + length]
        if (kind, length) in ((0x00, 3), (0x08, 4)) and len(value) == length and value[-2] and value[-1]:
            return int.from_bytes(value[:-2]), value[-2], value[-1]
        at += 2 + length
    return 0, 1, 1


def relative_validity(seconds: int | None) -> int:
    """3GPP TS 23.040 TP-VP: the longest period that does not exceed the seconds; -1 leaves it to the network."""
    if seconds is None:
        return -1
    minutes = seconds // 60
    if minutes <= 12 * 60:
        return max(0, minutes // 5 - 1)
    if minutes <= 24 * 60:
        return 143 + (minutes - 12 * 60) // 30
    days = minutes // (24 * 60)
    return 166 + days if days <= 30 else min(255, 192 + days // 7)
