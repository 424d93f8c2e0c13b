"""Shows answers while they are written. A courtesy: whatever goes wrong, the answer comes through the outbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass

from bot.channels.base import Channel, Drafting
from bot.domain.errors import KhetdootError, SendError
from bot.storage.claims import ClaimedInbound
from bot.storage.drafts import Draft, Drafts
from bot.storage.messages import Messages

PAUSE = 1.0
"""Seconds between two drafts in a chat: Telegram takes one message a second, edits included."""
PATIENCE = 3.0
"""Seconds that a turn waits for a channel to take a draft."""


@dataclass(frozen=True, slots=True)
class Drafter:
    """Makes the `Showing` of each turn; `clock` counts seconds."""

    channels: Mapping[str, Channel]
    messages: Messages
    drafts: Drafts
    clock: Callable[[], float] = time.monotonic

    def showing(self, claim: ClaimedInbound, loop: asyncio.AbstractEventLoop | None) -> Showing | None:
        """For one turn; None where the channel has no drafts or no `loop` runs it."""
        channel = self.channels.get(claim.inbound.address.channel)
        return Showing(self, channel, claim, loop) if loop and isinstance(channel, Drafting) else None


class Showing:
    """The draft of one turn, told from the turn's own thread. After the first failure nothing more is shown."""

    def __init__(
        self, drafter: Drafter, channel: Drafting, claim: ClaimedInbound, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.drafter = drafter
        self.channel = channel
        self.claim = claim
        self.loop = loop
        self.due = 0.0
        # A worker that died over this message may have left a draft of it.
        known = drafter.drafts.of(claim.inbound.address) if claim.attempt > 1 else None
        self.last = known if known and known.inbox_id == claim.inbox_id else None

    def show(self, text: str) -> None:
        """Shows the text so far, unless it is too early or she shall see no more of it. Never raises."""
        if self.drafter.clock() < self.due:
            return
        try:
            if self.drafter.messages.still_waits(self.claim):
                self._post(text)
            else:
                self.due = float("inf")
        except KhetdootError as error:
            self._fail(certain=not (isinstance(error, SendError) and error.uncertain))
        except (TimeoutError, CancelledError, RuntimeError):  # too slow, or the loop has ended before the thread
            self._fail(certain=False)

    def end(self) -> str:
        """What the answer shall replace, as the channel calls it; empty for nothing. Nothing is shown after this."""
        self.due = float("inf")
        return self._keep("", self.last.shown) if self.last else ""

    def _post(self, text: str) -> None:
        address, shown = self.claim.inbound.address, self.last.shown if self.last else ""
        work = asyncio.wait_for(self.channel.draft(address, text, shown), PATIENCE)
        shown = asyncio.run_coroutine_threadsafe(work, self.loop).result(2 * PATIENCE)
        self._keep(text, shown)
        self.due = self.drafter.clock() + PAUSE

    def _fail(self, *, certain: bool) -> None:
        self.due = float("inf")
        if self.last and not certain:
            # It may still be on its way, and come after an edit: the answer becomes a message of its own.
            self._keep(self.last.text, "")

    def _keep(self, text: str, shown: str) -> str:
        self.last = Draft(self.claim.inbox_id, text, shown)
        self.drafter.drafts.keep(self.claim.inbound.address, self.last)
        return shown
