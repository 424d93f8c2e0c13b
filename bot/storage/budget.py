"""What one contact may be billed in a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.contacts import Contact
from bot.domain.messages import Outbound, Purpose
from bot.domain.zones import start_of_day
from bot.storage.reports import Reports

NOTE = "day-spent"
"""Reference of the note that tells a contact that her day's budget is spent."""


@dataclass(frozen=True, slots=True)
class DayBudget:
    """At most `segments` a contact and day (hers, by `region_of`) as answers on `channel`; `count` prices a message."""

    messages: Reports
    channel: str
    segments: int
    count: Callable[[Outbound], int]
    region_of: Callable[[Contact], str | None]

    def limit(self, contact: Contact, fitted: tuple[Outbound, ...], note: str, now: datetime) -> tuple[Outbound, ...]:
        """The messages, or beyond the budget the note in their place, once a day; then silence. What is no answer to
        this contact passes."""
        counted = [outbound for outbound in fitted if self.counts(outbound, contact)]
        if not counted:
            return fitted
        before = self.messages.answers_since(contact.address, start_of_day(self.region_of(contact), now))
        told = any(outbound.reference == NOTE for outbound in before)
        spent = sum(self.count(outbound) for outbound in before)
        if not told and spent + sum(self.count(outbound) for outbound in counted) <= self.segments:
            return fitted
        others = tuple(outbound for outbound in fitted if not self.counts(outbound, contact))
        return others if told else (replace(counted[0], text=note, reference=NOTE), *others)

    def counts(self, outbound: Outbound, contact: Contact) -> bool:
        """Whether a message is an answer that this contact gets billed."""
        same = outbound.address == contact.address and outbound.address.channel == self.channel
        return same and outbound.purpose is Purpose.REPLY
