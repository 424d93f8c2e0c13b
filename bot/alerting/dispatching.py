"""Hands alerts over to the outbox: each to all its readers at once, each reader once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.alerting.wording import AlertTexts
from bot.domain.alerts import EventKind
from bot.domain.messages import Address, Outbound, Purpose
from bot.storage.alerts import Alerts, StoredAlert
from bot.storage.letters import Order, Readers
from bot.storage.mailings import Mailings
from bot.storage.subscribed import REFERENCE

CHUNK = 100
"""Alerts prepared at a time: memory stays the same whatever their number."""
QuietUntil = Callable[[Outbound, str, datetime], datetime | None]
"""(message, region, now) -> when it may go out first; None: at once."""


@dataclass(frozen=True, slots=True)
class Dispatching:
    """The dispatch job."""

    alerts: Alerts
    mailings: Mailings
    texts: AlertTexts
    quiet_until: QuietUntil
    clock: Callable[[], datetime]

    def run(self) -> int:
        """Queues all that is to be told; returns how many messages."""
        queued = 0
        while pending := self.alerts.pending(self.clock(), CHUNK):
            queued += self.hand_over(pending)
        return queued

    def hand_over(self, pending: Sequence[StoredAlert]) -> int:
        """These alerts."""
        areas = sorted({alert.area for alert in pending})
        readers = self.mailings.readers(areas)
        return self.mailings.queue([self.order(alert, readers[alert.area]) for alert in pending])

    def order(self, alert: StoredAlert, readers: Sequence[Readers]) -> Order:
        """Letters for an area's readers, not before the morning unless it is urgent."""
        event, now = alert.record.event, self.clock()
        sample = Outbound(Address("", ""), "", purpose=Purpose.ALERT, urgent=event.urgent)
        region = alert.area.region
        moment = (self.quiet_until(sample, region, now) if region else None) or now
        over = event.kind is EventKind.CLEAR
        return Order(
            REFERENCE + alert.record.id,
            alert.area,
            tuple(self.texts.letter(alert, one, moment) for one in readers),
            moment,
            alert.crop,
            None if over else alert.sown_from,  # her crop has grown since she was warned
            None if over else alert.sown_until,
            episode="" if alert.episode == alert.record.id else alert.episode,
            told_only=over,
        )
