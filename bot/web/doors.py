"""What the web server needs of the rest: handed in by services, faked in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.channels.base import Channel
from bot.domain.messages import Address, DeliveryReport, Inbound, Outbound


class Answer(Protocol):
    """A message out as its own address may read it."""

    @property
    def number(self) -> int:
        """Grows; the page asks for what came after the last one it has."""

    @property
    def outbound(self) -> Outbound:
        """What was written."""

    @property
    def in_reply_to(self) -> str | None:
        """External id of the message that it answers."""

    @property
    def picture(self) -> bool:
        """Whether a picture came with it."""


class Inbox(Protocol):
    """The durable side of the doors. All calls block, and raise StorageError while the database is away."""

    def record_all(self, inbounds: Sequence[Inbound]) -> object:
        """Records what is new, once per channel and external id."""

    def record_delivery(self, report: DeliveryReport) -> object:
        """Records a gateway's receipt."""

    def replies_for(self, address: Address, after: int) -> Sequence[Answer]:
        """What was written to an address after a number, oldest first."""

    def picture_for(self, address: Address, number: int) -> bytes | None:
        """The PNG of an address's own answer, as long as it is kept."""


class Draft(Protocol):
    """An answer while it is being written."""

    @property
    def text(self) -> str:
        """What there is of it; empty once the answer itself is about to come."""

    @property
    def version(self) -> str:
        """Changes with the text."""


def no_draft(_address: Address) -> None:
    """Answers come whole."""


class Text(Protocol):
    """Page strings from messages.po; an unknown language falls back to English."""

    def __call__(self, key: str, language: str, /, **values: object) -> str:
        """The string with its placeholders filled."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that the web server touches, and its settings as plain values."""

    channels: Mapping[str, Channel]
    inbox: Inbox
    notify: Callable[[], object]
    """Wakes the worker."""
    ready: Callable[[], Mapping[str, str | bool]]
    """Each part's name and whether it works, or a word on it (`embedded`). Blocks."""
    languages: Sequence[tuple[str, str, str]]
    """What the page offers: BCP 47 tag, the language's name in itself, `ltr` or `rtl`."""
    text: Text
    draft: Callable[[Address], Draft | None] = no_draft
    """What is being written to an address now. Blocks, never raises."""
    max_body: int = 64 * 1024
    public_url: str = ""
    trusted_proxies: Sequence[str] = ()
    metrics_public: bool = False
    poll_seconds: float = 25
    """How long the page's question for answers waits."""
