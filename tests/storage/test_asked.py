"""Which cards answered most."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.domain.messages import Address, Inbound
from bot.storage.asked import Asked
from bot.storage.claims import TurnSummary
from bot.storage.database import Database
from bot.storage.messages import Messages
from tests.storage.conftest import CountedIds, FrozenClock

LEASE = timedelta(minutes=5)


@pytest.fixture
def messages(database: Database, clock: FrozenClock, ids: CountedIds) -> Messages:
    """Where turns are kept."""
    return Messages(database, clock, ids)


def turn(messages: Messages, number: int, card: str | None, now: datetime) -> None:
    messages.record(Inbound(Address("web", f"farmer-{number}"), f"m{number}", "text", now))
    claim = messages.claim_inbound("test", LEASE)
    assert claim
    messages.complete(claim, claim.contact, (), (), TurnSummary(card_id=card))


def test_most_asked_first(database: Database, clock: FrozenClock, ids: CountedIds, messages: Messages) -> None:
    asked = Asked(database, clock, ids)
    start = clock()
    assert asked.cards(start, 5) == []
    turn(messages, 0, "old/card", clock())
    clock.move(days=20)
    for number, card in enumerate(("b", "c", None, "a", "c", "b", "c"), start=1):
        turn(messages, number, card, clock())
    assert asked.cards(clock() - timedelta(days=14), 5) == ["c", "b", "a"]
    assert asked.cards(clock() - timedelta(days=14), 1) == ["c"]
    assert asked.cards(start, 5) == ["c", "b", "a", "old/card"]
