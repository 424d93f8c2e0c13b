"""What all SMS gateways share: addresses, ids, who may call, and messages in parts."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.channels.base import Parsed, WebhookRequest, WebhookResponse
from bot.channels.phones import phone_number
from bot.channels.reading import clean_text
from bot.channels.segments import encode, split, split_anywhere
from bot.channels.sms import Sms
from bot.domain.errors import RefusedInput
from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Inbound, InboundKind, Outbound, Sent

SMS = "sms"
"""The channel in every phone's address: she stays one person whichever gateway carries her messages."""
LONGEST_URL = 32 * 1024
LOCAL = frozenset({"127.0.0.1", "::1"})


def never_taken(external_id: str) -> bool:
    """For gateways of which nothing is known."""
    return False


def no_labels(text: str) -> Mapping[str, str]:
    """For countries without a registry of texts."""
    return {}


@dataclass(frozen=True, slots=True)
class Common:
    """What every gateway is given. `token` must stand in the addresses that the gateway calls; without one only this
    machine may call. `taken` tells whether reports of an external id have come; `labels` how a text is registered."""

    clock: Callable[[], datetime]
    region: str = "IN"
    token: str = ""
    callers: Collection[str] = ()
    callback_url: str = ""
    sender: str = ""
    taken: Callable[[str], bool] = never_taken
    labels: Callable[[str], Mapping[str, str]] = no_labels
    timeout: float = 20


class Gateway(Protocol):
    """An SMS gateway: a channel for webhooks, and the sending end that `SmsGateways` chooses among."""

    name: str
    supports_buttons: bool
    short: bool
    certain: bool
    """See Paced."""

    def verify(self, request: WebhookRequest) -> None:
        """See Channel."""

    def parse(self, request: WebhookRequest) -> Parsed:
        """See Channel."""

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """See Channel."""

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """See Channel."""

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """See Channel."""

    async def send(self, outbound: Outbound) -> Sent:
        """See Channel."""

    async def close(self) -> None:
        """See Channel."""

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """The ids that reports on this message will have; none where only the gateway's answer tells them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS of a message: its id in reports, its text, whether it needs UCS-2, its concatenation header."""

    external_id: str
    text: str
    ucs2: bool
    header: bytes = b""


class SmsGateway(Sms):
    """Half of a gateway: reading helpers and parts. Subclasses have `parse`, `parse_delivery` and `send`."""

    name: str
    method = "POST"
    certain = True
    takes_parts = True
    """False for gateways that take a whole text and cut it themselves."""

    def __init__(self, common: Common, max_segments: int = 4, tables: Collection[int] = ()) -> None:
        super().__init__(max_segments, tables)
        self.common = common

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput unless the request has the right method, size, token and caller."""
        if request.method != self.method:
            raise RefusedInput(f"use {self.method}", 405)
        token = dict(request.query).get("token", "")
        if self.common.token and not hmac.compare_digest(token.encode(), self.common.token.encode()):
            raise RefusedInput("wrong token", 403)
        if not self.common.token and not self.common.callers and request.client not in LOCAL:
            raise RefusedInput("only this machine may call without a token", 403)
        if self.common.callers and request.client not in self.common.callers:
            raise RefusedInput("unknown caller", 403)
        if len(request.url) > LONGEST_URL:
            raise RefusedInput("the address is too long", 413)

    def external_id(self, identity: str) -> str:
        """Ids are unique among all gateways."""
        return f"{self.name}:{identity}"

    def received(
        self,
        sender: str,
        text: str,
        identity: str,
        kind: InboundKind = InboundKind.TEXT,
        response: WebhookResponse = WebhookResponse(),  # noqa: B008 - a frozen value
    ) -> Parsed:
        """A message in. From what is no phone (advertisers, operators) it is thanked for and dropped."""
        number = phone_number(sender, self.common.region)
        if number is None:
            return Parsed(response=response)
        inbound = Inbound(Address(SMS, number), self.external_id(identity), clean_text(text), self.common.clock(), kind)
        return Parsed((inbound,), response=response)

    def reported(
        self,
        identity: str,
        status: DeliveryStatus,
        error: str = "",
        response: WebhookResponse = WebhookResponse(),  # noqa: B008 - a frozen value
    ) -> Parsed:
        """A delivery report in."""
        report = DeliveryReport(SMS, self.external_id(identity), status, self.common.clock(), error[:200])
        return Parsed(reports=(report,), response=response)

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The segments as they are billed: ours where the gateway takes parts, else cut as gateways do."""
        tables = self.tables_for(outbound.language)
        return (split if self.takes_parts else split_anywhere)(outbound.text, tables)

    def parts(self, outbound: Outbound) -> tuple[Part, ...]:
        """The message as the single SMS that `preview` shows, for gateways that take UDH. Ids and header are the same
        at each attempt, so that a part that goes out twice is still one part to the phone."""
        tables = self.tables_for(outbound.language)
        texts = split(outbound.text, tables)
        ucs2 = encode(outbound.text, tables)[0].name == "ucs2"
        reference = zlib.crc32(outbound.id.encode()) & 0xFF
        return tuple(
            Part(
                self.external_id(f"{outbound.id}.{number}"),
                text,
                ucs2,
                bytes((5, 0, 3, reference, len(texts), number)) if len(texts) > 1 else b"",
            )
            for number, text in enumerate(texts, start=1)
        )

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """See Gateway; those of the parts, which carry our own ids."""
        return tuple(part.external_id for part in self.parts(outbound))

    async def close(self) -> None:
        """Lets connections go."""


def seconds_left(outbound: Outbound, now: datetime) -> int | None:
    """How long the network may try to deliver; None without a limit."""
    return max(60, int((outbound.expires_at - now).total_seconds())) if outbound.expires_at else None
