"""What goes out: order, priority, time limits, leases, idempotence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.contacts import Consent
from bot.domain.messages import Address, DeliveryStatus, Inbound, Outbound, Purpose
from bot.storage.claims import QueuedOutbound, TurnSummary
from bot.storage.contacts import Contacts
from bot.storage.messages import Messages
from tests.storage.conftest import FrozenClock

LEASE = timedelta(seconds=30)
CHANNELS = ["sms", "telegram"]
SUMMARY = TurnSummary("en", "ask_advice", "pest", "answered", "rice/stem-borer")


def to(who: str, text: str, purpose: Purpose = Purpose.REPLY, channel: str = "sms") -> Outbound:
    """A message out."""
    return Outbound(Address(channel, who), text, purpose=purpose)


def texts(rows: list[QueuedOutbound]) -> list[str]:
    """What the rows say."""
    return [row.outbound.text for row in rows]


def test_replies_go_before_warnings_before_bulk(messages: Messages) -> None:
    messages.queue([to("a", "bulk", Purpose.BROADCAST), to("b", "warning", Purpose.ALERT)])
    messages.queue([to("c", "officer", Purpose.HANDOFF), to("d", "reply"), to("e", "bye", Purpose.FAREWELL)])
    rows = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert texts(rows) == ["reply", "bye", "officer", "warning", "bulk"]


def test_an_address_gets_its_messages_in_order_one_at_a_time(messages: Messages, clock: FrozenClock) -> None:
    messages.queue([to("a", "a1"), to("a", "a2"), to("b", "b1")])
    first, other = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert texts([first, other]) == ["a1", "b1"]
    assert messages.claim_outbound("s2", 10, LEASE, CHANNELS) == []
    messages.mark_sent(other.id)
    messages.mark_retry(first.id, "busy", clock() + timedelta(seconds=60))
    assert messages.claim_outbound("s2", 10, LEASE, CHANNELS) == []
    clock.move(seconds=60)
    again = messages.claim_outbound("s2", 10, LEASE, CHANNELS)
    assert texts(again) == ["a1"]
    messages.mark_sent(again[0].id)
    assert texts(messages.claim_outbound("s2", 10, LEASE, CHANNELS)) == ["a2"]


def test_a_reply_does_not_wait_for_bulk_that_waits_for_the_morning(messages: Messages, clock: FrozenClock) -> None:
    messages.queue([to("a", "bulk", Purpose.BROADCAST)], not_before=clock() + timedelta(hours=8))
    messages.queue([to("a", "reply")])
    (row,) = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert row.outbound.text == "reply"
    clock.move(hours=9)
    # The reply's lease has run out: it comes first again, as uncertain, and the bulk still waits for it.
    (again,) = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert (again.outbound.text, again.uncertain, again.attempt) == ("reply", True, 2)
    messages.mark_sent(again.id)
    assert texts(messages.claim_outbound("s", 10, LEASE, CHANNELS)) == ["bulk"]


def test_a_reply_that_comes_while_bulk_is_uncertain_blocks_nothing_for_ever(
    messages: Messages, clock: FrozenClock
) -> None:
    messages.queue([to("a", "bulk", Purpose.BROADCAST)])
    messages.claim_outbound("s", 10, LEASE, CHANNELS)
    messages.queue([to("a", "reply")])
    assert messages.claim_outbound("s", 10, LEASE, CHANNELS) == []
    clock.move(minutes=1)
    (bulk,) = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    messages.mark_sent(bulk.id)
    assert texts(messages.claim_outbound("s", 10, LEASE, CHANNELS)) == ["reply"]


def test_only_the_named_channels_up_to_the_limit(messages: Messages) -> None:
    messages.queue(
        [to(str(n), f"s{n}") for n in range(5)] + [to(str(n), f"t{n}", channel="telegram") for n in range(5)]
    )
    assert texts(messages.claim_outbound("s", 3, LEASE, ["telegram"])) == ["t0", "t1", "t2"]
    assert messages.claim_outbound("s", 3, LEASE, []) == []
    assert messages.claim_outbound("s", 0, LEASE, CHANNELS) == []


def test_no_channel_starves_another(messages: Messages) -> None:
    messages.queue([to(str(n), f"s{n}") for n in range(20)] + [to("x", "t", channel="telegram")])
    claimed = texts(messages.claim_outbound("s", 3, LEASE, CHANNELS) + messages.claim_outbound("s", 3, LEASE, CHANNELS))
    assert "t" in claimed


def test_what_is_late_expires_and_lets_the_next_one_through(messages: Messages, clock: FrozenClock) -> None:
    messages.queue(
        [Outbound(Address("sms", "a"), "rain now", expires_at=clock() + timedelta(minutes=5)), to("a", "a2")]
    )
    clock.move(minutes=5)
    assert texts(messages.claim_outbound("s", 10, LEASE, CHANNELS)) == ["a2"]
    assert messages.counts().outbox == {"expired": 1, "sending": 1}


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.HANDOFF, Purpose.ALERT, Purpose.BROADCAST])
def test_who_has_stopped_gets_nothing(
    messages: Messages, contacts: Contacts, clock: FrozenClock, purpose: Purpose
) -> None:
    address = Address("sms", "a")
    messages.record(Inbound(address, "1", "STOP", clock()))
    assert contacts.stop(address, "stop", "STOP")
    messages.queue([to("a", "no", purpose), to("a", "bye", Purpose.FAREWELL), to("b", "other")])
    rows = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert sorted(texts(rows)) == ["bye", "other"]
    for row in rows:
        messages.mark_sent(row.id)
    assert messages.claim_outbound("s", 10, LEASE, CHANNELS) == []
    assert messages.counts().outbox == {"stopped": 1, "sent": 2}


def test_a_retry_does_not_override_a_stop(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    address = Address("sms", "a")
    messages.record(Inbound(address, "1", "hello", clock()))
    messages.queue([to("a", "on its way")])
    (row,) = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert contacts.stop(address, "stop")
    assert messages.mark_retry(row.id, "busy", clock())
    assert messages.claim_outbound("s", 10, LEASE, CHANNELS) == []
    assert messages.counts().outbox == {"stopped": 1}


def test_many_stopped_ones_do_not_hide_the_rest(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    for n in range(12):
        messages.record(Inbound(Address("sms", str(n)), str(n), "STOP", clock()))
        contacts.stop(Address("sms", str(n)), "stop")
    messages.queue([to(str(n), "no", Purpose.ALERT) for n in range(12)] + [to("z", "yes", Purpose.ALERT)])
    assert texts(messages.claim_outbound("s", 2, LEASE, CHANNELS)) == ["yes"]


def test_a_key_queues_once(messages: Messages) -> None:
    first = messages.queue([to("a", "1"), to("b", "2")], key="alert:7")
    again = messages.queue([to("a", "1"), to("b", "2"), to("c", "3")], key="alert:7")
    assert again[:2] == first
    assert len(set(again)) == 3
    assert messages.counts().outbox == {"queued": 3}


def test_bulk_is_queued_whole(messages: Messages) -> None:
    ids = messages.queue([to(str(n), "bulk", Purpose.BROADCAST) for n in range(1201)], key="broadcast:1")
    assert len(set(ids)) == 1201
    assert messages.queue([to("0", "bulk", Purpose.BROADCAST)], key="broadcast:1") == ids[:1]


def test_a_row_knows_its_contact(messages: Messages, clock: FrozenClock) -> None:
    known = messages.record(Inbound(Address("sms", "a"), "1", "hello", clock())).contact_id
    messages.queue([to("a", "1"), to("nobody", "2")])
    messages.queue([to("another number of hers", "3")], contact_id=known)
    rows = messages.claim_outbound("s", 10, LEASE, CHANNELS)
    assert [row.contact_id for row in rows] == [known, None, known]


def test_a_late_retry_leaves_the_new_senders_row_alone(messages: Messages, clock: FrozenClock) -> None:
    messages.queue([to("a", "1")])
    (late,) = messages.claim_outbound("s1", 1, LEASE, CHANNELS)
    clock.move(minutes=1)
    (current,) = messages.claim_outbound("s2", 1, LEASE, CHANNELS)
    assert not messages.mark_retry(late.id, "time-out", clock(), attempt=late.attempt)
    assert messages.mark_retry(current.id, "time-out", clock(), attempt=current.attempt, uncertain=True)
    assert messages.counts().uncertain == 1


def test_crashed_senders_rows_come_back_as_uncertain(messages: Messages) -> None:
    messages.queue([to("a", "1"), to("b", "2")])
    messages.claim_outbound("box:s", 1, LEASE, CHANNELS)
    messages.claim_outbound("other:s", 1, LEASE, CHANNELS)
    messages.release_claims("box:")
    (row,) = messages.claim_outbound("box:s", 10, LEASE, CHANNELS)
    assert (row.outbound.text, row.uncertain) == ("1", True)
    assert messages.counts().uncertain == 1


def test_web_chat_reads_its_own_rows(messages: Messages, clock: FrozenClock) -> None:
    address = Address("web", "a")
    messages.record(Inbound(address, "q1", "hello", clock()))
    claim = messages.claim_inbound("w", LEASE)
    assert claim is not None
    replies = [Outbound(address, "one"), Outbound(address, "two")]
    messages.complete(claim, claim.contact, replies, [], SUMMARY)
    messages.queue([Outbound(Address("web", "b"), "not hers"), Outbound(address, "three", purpose=Purpose.ALERT)])
    rows = messages.replies_for(address)
    assert [(row.outbound.text, row.in_reply_to) for row in rows] == [("one", "q1"), ("two", "q1"), ("three", None)]
    assert rows[0].state == DeliveryStatus.QUEUED
    assert [row.outbound.text for row in messages.replies_for(address, after=rows[1].number)] == ["three"]
    assert claim.contact.consent == Consent.ACTIVE
