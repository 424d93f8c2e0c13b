"""Retention, counts and the console's list."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Inbound, Outbound, QuickReply
from bot.storage.claims import InboxState, TurnSummary
from bot.storage.messages import Messages
from bot.storage.tables import early_reports
from tests.storage.conftest import FrozenClock, Make

LEASE = timedelta(seconds=30)
SUMMARY = TurnSummary("en", "ask_advice", "pest", "answered", "rice/stem-borer")


def answered(messages: Messages, inbound: Inbound, *replies: str) -> int:
    """A whole turn, sent; its inbox id."""
    messages.record(inbound)
    claim = messages.claim_inbound("w", LEASE)
    assert claim is not None
    outbounds = [Outbound(inbound.address, text, quick_replies=(QuickReply("l", "t"),)) for text in replies]
    messages.complete(claim, claim.contact, outbounds, [], SUMMARY)
    while rows := messages.claim_outbound("s", 10, LEASE, ["sms"]):
        for row in rows:
            messages.mark_sent(row.id, [f"g{row.number}"])
    return claim.inbox_id


def test_old_texts_are_erased_and_counts_stay(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    old = answered(messages, inbound("old question"), "old answer")
    clock.move(days=91)
    new = answered(messages, inbound("new question"), "new answer")
    messages.record(inbound("waits"))
    assert messages.erase_texts(clock() - timedelta(days=90)) == 2
    assert messages.erase_texts(clock() - timedelta(days=90)) == 0
    waiting, latest, first = messages.recent()
    assert (first.inbox_id, first.text, first.replies, first.summary) == (old, "", ("",), SUMMARY)
    assert (latest.inbox_id, latest.text, latest.replies) == (new, "new question", ("new answer",))
    assert (waiting.text, waiting.state) == ("waits", InboxState.RECEIVED)
    erased, kept = messages.replies_for(Address("sms", "+910000000001"))
    assert erased.outbound.quick_replies == ()
    assert kept.outbound.quick_replies != ()


def test_reports_nobody_asked_for_do_not_pile_up(messages: Messages, clock: FrozenClock) -> None:
    for n in range(3):
        messages.record_delivery(DeliveryReport("sms", f"g{n}", DeliveryStatus.DELIVERED, clock()))
        clock.move(hours=20)
    messages.erase_texts(clock() - timedelta(days=90))
    with messages.database.read() as connection:
        assert len(connection.execute(select(early_reports)).all()) == 1


def test_counts(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    empty = messages.counts()
    assert (empty.inbox, empty.outbox, empty.handoffs, empty.oldest_waiting) == ({}, {}, {}, None)
    answered(messages, inbound(), "a", "b")
    waiting_since = clock.move(seconds=5)
    messages.record(inbound(who="b"))
    clock.move(seconds=5)
    messages.record(inbound(who="c"))
    counts = messages.counts()
    assert (counts.inbox, counts.outbox) == ({"done": 1, "received": 2}, {"sent": 2})
    assert counts.oldest_waiting == waiting_since


def test_recent_pages_and_filters(messages: Messages, inbound: Make) -> None:
    for n in range(4):
        messages.record(inbound(f"q{n}", who=str(n % 2)))
    first = messages.recent(2)
    assert [turn.text for turn in first] == ["q3", "q2"]
    assert [turn.text for turn in messages.recent(2, before=first[-1].inbox_id)] == ["q1", "q0"]
    assert [turn.text for turn in messages.recent(contact_id=first[0].contact_id)] == ["q3", "q1"]
