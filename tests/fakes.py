"""Fakes that work: a channel that remembers, a clock that is told the time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.channels.no_webhook import NoWebhook
from bot.domain.errors import SendError
from bot.domain.messages import Outbound, Sent


class FakeClock:
    """Aware UTC time that moves only when told."""

    def __init__(self, now: datetime = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class FakeChannel(NoWebhook):
    """Takes messages, or raises what was enqueued; long texts are cut at `width` characters."""

    supports_buttons = True
    short = False

    def __init__(self, name: str = "fake", width: int = 10_000) -> None:
        self.name = name
        self.width = width
        self.sent: list[Outbound] = []
        self.errors: list[SendError] = []

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        cuts = range(0, len(outbound.text), self.width)
        return tuple(replace(outbound, text=outbound.text[at : at + self.width]) for at in cuts)

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        return (outbound.text,)

    async def send(self, outbound: Outbound) -> Sent:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(outbound)
        return Sent((f"{self.name}-{len(self.sent)}",))
