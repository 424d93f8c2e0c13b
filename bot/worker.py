"""The two loops: inbox -> pipeline -> outbox, and outbox -> channels. They alone may catch every error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.channels.base import Channel, Paced
from bot.domain.errors import ContactBlocked, KhetdootError, LostClaim, SendError, Throttled
from bot.domain.messages import Sent
from bot.services import Services
from bot.storage.claims import ClaimedInbound, QueuedOutbound
from bot.storage.wakeup import NEW_INBOUND, NEW_OUTBOUND

log = structlog.get_logger()
LEASE = timedelta(seconds=60)
IDLE_SECONDS = 1.0
BATCH = 20
FIRST_PAUSE, LAST_PAUSE = 5.0, 600.0
MOST_ATTEMPTS = 8
"""With doubling pauses from 5 s this spans about 20 minutes; a message that expires earlier ends earlier."""
SETTLE = timedelta(seconds=15)
"""After a crash: how long reports of what was sent just before it are waited for."""
MOST_DOUBTS = 2
"""Attempts without a word at a gateway that reports nothing: a farmer gets (and pays) at most one SMS twice."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Both loops of one process. `name` stands in the claims; `stopping` ends the loops after the message in hand."""

    services: Services
    name: str
    stopping: asyncio.Event

    async def run(self) -> None:
        """Runs until `stopping` is set."""
        thinkers = [self.loop(f"think-{number}", self.think_once) for number in range(self.services.settings.workers)]
        senders = [self.loop(f"send-{name}", self.sender_of(name)) for name in self.services.channels]
        await asyncio.gather(*thinkers, *senders)

    async def loop(self, role: str, once: Callable[[str], Awaitable[bool]]) -> None:
        """Calls `once` until there is nothing to do, then waits for a wake-up or a second."""
        wakeup = NEW_INBOUND if role.startswith("think") else NEW_OUTBOUND
        while not self.stopping.is_set():
            try:
                busy = await once(f"{self.name}/{role}")
            except Exception as error:  # noqa: BLE001 - a process loop: whatever happens, the next message is tried
                log.error("loop failed", role=role, error=type(error).__name__, retryable=is_retryable(error))
                busy = False
                await self.pause(IDLE_SECONDS)
            if not busy:
                await self.services.wakeup.wait_async(wakeup, IDLE_SECONDS)

    async def pause(self, seconds: float) -> None:
        """Waits, but not beyond the stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def think_once(self, worker: str) -> bool:
        """Answers one message in a thread; whether there was one."""
        return await asyncio.to_thread(self.answer_next, worker, asyncio.get_running_loop())

    def answer_next(self, worker: str, loop: asyncio.AbstractEventLoop | None = None) -> bool:
        """Claims and answers the next message; a failing one is given back, later dropped with an apology.

        Channels that show an answer while it is written do so on `loop`.
        """
        messages, metrics = self.services.messages, self.services.metrics
        claim = messages.claim_inbound(worker, LEASE)
        if claim is None:
            return False
        with metrics.answering():
            try:
                self.services.thinker.answer(claim, self.services.drafter.showing(claim, loop))
            except LostClaim:
                metrics.lost_claims.inc()
            except Exception as error:  # noqa: BLE001 - one message must not stop the loop
                self.give_back(claim, error)
        self.services.wakeup.notify(NEW_OUTBOUND)
        return True

    def give_back(self, claim: ClaimedInbound, error: Exception) -> None:
        """Another attempt after a pause; after the last one the contact is told that it went wrong."""
        log.error("answer failed", inbox=claim.inbox_id, attempt=claim.attempt, error=type(error).__name__)
        self.services.metrics.failures.inc()
        with suppress(LostClaim):
            dead = self.services.messages.fail(claim, type(error).__name__, retry=True)
            if dead:
                self.services.thinker.apologise(claim)

    def sender_of(self, channel: str) -> Callable[[str], Coroutine[None, None, bool]]:
        """The sending step of one channel."""

        async def send_once(worker: str) -> bool:
            limit, wait = await asyncio.to_thread(self.turns, channel)
            if wait:
                await self.pause(min(wait, IDLE_SECONDS))
                return True
            claim = self.services.messages.claim_outbound
            rows = await asyncio.to_thread(claim, worker, limit, LEASE, [channel])
            await asyncio.gather(*(self.send(self.services.channels[channel], row) for row in rows))
            return bool(rows)

        return send_once

    def turns(self, name: str) -> tuple[int, float]:
        """How many messages the channel takes now, and if none how long to wait. Turns are taken before the claim, so
        that what is claimed is always the most urgent, and nothing claimed lies about while its contact says STOP."""
        channel = self.services.channels[name]
        if not isinstance(channel, Paced) or not self.services.messages.waiting(self.services.clock(), [name]):
            return BATCH, 0.0
        for taken in range(BATCH):
            if wait := channel.turn():
                return taken, 0.0 if taken else wait
        return BATCH, 0.0

    async def send(self, channel: Channel, row: QueuedOutbound) -> None:
        """Sends one row and notes what came of it."""
        if await asyncio.to_thread(self.is_held, channel, row):
            return
        try:
            sent = await channel.send(row.outbound)
        except SendError as error:
            await asyncio.to_thread(self.note_failure, channel, row, error)
            return
        await asyncio.to_thread(self.note_sent, row, sent)

    def is_held(self, channel: Channel, row: QueuedOutbound) -> bool:
        """Puts a row off that must not go out now: what a dead sender had in hand until reports have come, what
        nobody asked for until the morning. One that may have gone out twice already is given up."""
        messages, now = self.services.messages, self.services.clock()
        if isinstance(channel, Paced) and not channel.certain and row.doubts >= MOST_DOUBTS:
            return messages.mark_failed(row.id, "sent twice without a word of the gateway")
        if row.abandoned and isinstance(channel, Paced) and channel.tracked_ids(row.outbound):
            return messages.mark_retry(row.id, "", now + SETTLE, attempt=row.attempt)
        morning = self.services.quiet_until(row.outbound, row.contact_id, now)
        return morning is not None and messages.mark_retry(row.id, "quiet hours", morning, attempt=row.attempt)

    def note_sent(self, row: QueuedOutbound, sent: Sent) -> None:
        """The gateway has it."""
        self.services.messages.mark_sent(row.id, sent.external_ids)
        self.services.metrics.sent.labels(row.outbound.address.channel, row.outbound.purpose).inc()

    def note_failure(self, channel: Channel, row: QueuedOutbound, error: SendError) -> None:
        """Stopped, retried with back-off, or given up."""
        messages = self.services.messages
        self.services.metrics.send_errors.labels(channel.name, type(error).__name__).inc()
        if isinstance(error, ContactBlocked):
            messages.mark_stopped(row.id, str(error))
            self.services.contacts.stop(row.outbound.address, "blocked")
        elif error.retryable and (row.attempt < MOST_ATTEMPTS or isinstance(error, Throttled)):
            at = self.services.clock() + timedelta(seconds=pause_after(error, row.attempt))
            messages.mark_retry(row.id, str(error), at, attempt=row.attempt, uncertain=error.uncertain)
        else:
            messages.mark_failed(row.id, str(error))


def pause_after(error: SendError, attempt: int) -> float:
    """Seconds until the next attempt: what the gateway asks for, else doubling."""
    if isinstance(error, Throttled):
        return error.retry_after
    return min(FIRST_PAUSE * 2.0 ** (attempt - 1), LAST_PAUSE)


def is_retryable(error: Exception) -> bool:
    """Whether the program itself says that a retry helps."""
    return isinstance(error, KhetdootError) and error.retryable
