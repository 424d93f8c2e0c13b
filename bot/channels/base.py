"""What a channel is: the contract between the doors (web, worker) and each transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.domain.messages import Address, DeliveryReport, Inbound, Outbound, Sent


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An HTTP request as a channel sees it. Header names are lower-case; `url` is the public one, query included."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    body: bytes
    client: str = ""
    """The caller's address, after the proxies that the settings trust."""


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What the gateway gets back once everything parsed is recorded."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one request carried."""

    inbounds: tuple[Inbound, ...] = ()
    reports: tuple[DeliveryReport, ...] = ()
    response: WebhookResponse = WebhookResponse()


class Channel(Protocol):
    """A transport. `parse*` are pure; `send` is the only one that does I/O.

    Adding a channel: one file here, one line in services.py, one case table in tests/channels.
    """

    name: str
    supports_buttons: bool
    short: bool
    """Counted in SMS segments: answers are fitted to a budget and continued by MORE."""

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput(status=401 or 403) unless the request is the gateway's. Runs before any parsing."""

    def parse(self, request: WebhookRequest) -> Parsed:
        """Reads messages in. Raises RefusedInput(status=4xx) on what is no message of this gateway."""

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """Reads delivery reports. Raises RefusedInput like `parse`; channels without reports raise status 404."""

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """Cuts a message into those that the gateway takes one by one, in order; each becomes one outbox row."""

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The exact texts that the phone will get for an already fitted message (segments for SMS)."""

    async def send(self, outbound: Outbound) -> Sent:
        """Hands one fitted message to the gateway. Raises SendError and its kinds (bot.domain.errors)."""

    async def close(self) -> None:
        """Lets connections go."""


@runtime_checkable
class Drafting(Protocol):
    """A channel on which an answer can be watched while it is written. In the end it goes by `send` all the same."""

    async def draft(self, address: Address, text: str, shown: str) -> str:
        """Shows the text so far, in the place of the draft that was `shown` before unless that is empty.

        Returns what this one is called, for `Outbound.draft`; empty where nothing has to be replaced. Raises SendError.
        """


@runtime_checkable
class Paced(Protocol):
    """A channel that bills each message and takes only so many a second."""

    certain: bool
    """Whether it shows in time if a message was taken, even when the gateway's answer is lost."""

    def turn(self) -> float:
        """Seconds until the next message may be handed over; 0 takes the turn. Blocks."""

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """The ids that reports on this message will have, as far as they are known before it is sent."""
