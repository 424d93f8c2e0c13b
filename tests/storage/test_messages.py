"""The two doors: what is recorded once, answered once and sent in order."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from bot.domain.contacts import Consent, ConsentEvent, Contact, Farm, Place, ScriptChoice
from bot.domain.errors import LostClaim
from bot.domain.messages import Address, Inbound, InboundKind, Location, Outbound, Purpose, QuickReply
from bot.storage.claims import ClaimedInbound, TurnSummary
from bot.storage.contacts import Contacts
from bot.storage.messages import Messages
from tests.storage.conftest import FrozenClock, Make

LEASE = timedelta(seconds=30)
SUMMARY = TurnSummary("en", "ask_advice", "pest", "answered", "rice/stem-borer")


def claimed(messages: Messages, worker: str = "w1") -> ClaimedInbound:
    """A claim that must be there."""
    claim = messages.claim_inbound(worker, LEASE)
    assert claim is not None
    return claim


def answer(messages: Messages, claim: ClaimedInbound, *texts: str) -> None:
    """Completes a claim with replies."""
    replies = [Outbound(claim.contact.address, text) for text in texts]
    messages.complete(claim, claim.contact, replies, [], SUMMARY)


def test_record_creates_the_contact_once(messages: Messages, inbound: Make) -> None:
    first = messages.record(inbound(id="1"))
    second = messages.record(inbound(id="2"))
    assert first.is_new
    assert second.is_new
    assert first.contact_id == second.contact_id


def test_a_repeat_is_known(messages: Messages, inbound: Make) -> None:
    first = messages.record(inbound(id="1"))
    again = messages.record(inbound("changed", id="1"))
    assert not again.is_new
    assert again.inbox_id == first.inbox_id


def test_everything_of_an_inbound_comes_back(messages: Messages, clock: FrozenClock) -> None:
    sent = Inbound(
        Address("telegram", "77"),
        "u1",
        "नमस्ते 🌾",
        clock(),
        InboundKind.LOCATION,
        Location(26.85, 80.95),
        "hi-IN",
        "x9",
        "member",
    )
    messages.record(sent)
    assert claimed(messages).inbound == sent


def test_everything_of_a_contact_comes_back(messages: Messages, inbound: Make) -> None:
    messages.record_all([inbound(), inbound()])
    claim = claimed(messages)
    after = dataclasses.replace(
        claim.contact,
        language="hi",
        language_chosen=True,
        script=ScriptChoice.LATIN,
        place=Place("Lucknow", "IN-UP", Location(26.85, 80.95)),
        farm=Farm(("rice", "wheat"), (("rice", date(2025, 6, 20)),)),
        alerts=True,
    )
    messages.complete(claim, after, [], [], SUMMARY)
    assert claimed(messages).contact == after


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "ok \udc00 \ud83c\udf3e", "\u202eabc", "x" * 100_000, ""])
def test_any_text_can_be_stored(messages: Messages, inbound: Make, text: str) -> None:
    messages.record(inbound(text, who=text[:400] or "1", id=text))
    claim = claimed(messages)
    claim.inbound.text.encode()
    answer(messages, claim, text)
    assert len(messages.claim_outbound("s", 10, LEASE, ["sms"])) == 1


def test_one_at_a_time_per_contact_in_order(messages: Messages, inbound: Make) -> None:
    messages.record_all([inbound("a1", who="a"), inbound("a2", who="a"), inbound("b1", who="b")])
    first, second = claimed(messages), claimed(messages, "w2")
    assert (first.inbound.text, second.inbound.text) == ("a1", "b1")
    assert messages.claim_inbound("w3", LEASE) is None
    answer(messages, first, "ok")
    assert claimed(messages, "w3").inbound.text == "a2"


def test_an_expired_lease_is_claimed_again_and_the_late_worker_writes_nothing(
    messages: Messages, inbound: Make, clock: FrozenClock
) -> None:
    messages.record(inbound())
    late = claimed(messages)
    clock.move(seconds=31)
    now = claimed(messages, "w2")
    assert now.attempt == 2
    with pytest.raises(LostClaim):
        answer(messages, late, "late")
    answer(messages, now, "in time")
    with pytest.raises(LostClaim):
        answer(messages, now, "twice")
    assert [row.outbound.text for row in messages.replies_for(now.contact.address)] == ["in time"]


def test_a_workers_own_older_claim_is_lost_too(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    messages.record(inbound())
    late = claimed(messages, "w1")
    clock.move(seconds=31)
    now = claimed(messages, "w1")
    with pytest.raises(LostClaim):
        answer(messages, late, "late")
    answer(messages, now, "in time")


def test_complete_writes_all_or_nothing(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    messages.record(inbound())
    claim = claimed(messages)
    stopped = dataclasses.replace(claim.contact, consent=Consent.STOPPED)
    naive = Outbound(claim.contact.address, "x", expires_at=clock().replace(tzinfo=None))
    with pytest.raises(Exception, match="zone"):
        messages.complete(claim, stopped, [naive], [], SUMMARY)
    clock.move(seconds=31)
    assert claimed(messages).contact.consent == Consent.ACTIVE


def test_a_turn_does_not_undo_a_stop_beside_it(messages: Messages, contacts: Contacts, inbound: Make) -> None:
    messages.record_all([inbound(), inbound()])
    claim = claimed(messages)
    assert contacts.stop(claim.contact.address, "blocked")
    messages.complete(claim, dataclasses.replace(claim.contact, language="te"), [], [], SUMMARY)
    contact: Contact = claimed(messages).contact
    assert contact.language == "te"
    assert contact.consent == Consent.STOPPED


def test_failures_come_again_later_and_end_as_dead_letters(
    messages: Messages, inbound: Make, clock: FrozenClock
) -> None:
    messages.record_all([inbound("a1"), inbound("a2")])
    pauses = []
    for _ in range(4):
        assert not messages.fail(claimed(messages), "no model", retry=True)
        start = clock()
        while messages.anything_claimable(clock()) is False:
            clock.move(seconds=1)
        pauses.append((clock() - start).total_seconds())
    assert pauses == [2, 4, 8, 16]
    last = claimed(messages)
    assert last.last_attempt
    assert messages.fail(last, "no model", retry=True)
    assert messages.counts().inbox == {"failed": 1, "received": 1}
    assert claimed(messages).inbound.text == "a2"


def test_a_message_that_kills_its_workers_is_given_up(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    messages.record_all([inbound("poison", who="a"), inbound("good", who="b")])
    for _ in range(5):
        assert claimed(messages).inbound.text == "poison"
        clock.move(minutes=1)
    assert claimed(messages).inbound.text == "good"
    assert messages.counts().inbox == {"failed": 1, "processing": 1}


def test_fail_without_retry_is_final(messages: Messages, inbound: Make) -> None:
    messages.record(inbound())
    claim = claimed(messages)
    assert messages.fail(claim, "broken", retry=False)
    with pytest.raises(LostClaim):
        messages.fail(claim, "broken", retry=True)


def test_release_claims_frees_only_that_worker(messages: Messages, inbound: Make) -> None:
    messages.record_all([inbound("a", who="a"), inbound("b", who="b")])
    claimed(messages, "host_1:w")
    claimed(messages, "hostX1:w")
    messages.release_claims("host_1:")
    assert claimed(messages, "host_1:w").inbound.text == "a"
    assert messages.claim_inbound("host_1:w", LEASE) is None


def test_consent_is_written_with_the_turn(messages: Messages, inbound: Make, clock: FrozenClock) -> None:
    messages.record(inbound("STOP"))
    claim = claimed(messages)
    address = claim.contact.address
    messages.queue([Outbound(address, "weather", purpose=Purpose.ALERT)])
    stopped = dataclasses.replace(claim.contact, consent=Consent.STOPPED)
    event = ConsentEvent(claim.contact.id, "stop", "STOP", clock())
    goodbye = Outbound(address, "You will get nothing more.", purpose=Purpose.FAREWELL)
    messages.complete(claim, stopped, [goodbye], [event], SUMMARY)
    messages.queue([Outbound(address, "more weather", purpose=Purpose.ALERT)])
    rows = messages.claim_outbound("s", 10, LEASE, ["sms"])
    assert [row.outbound.text for row in rows] == ["You will get nothing more."]
    messages.mark_sent(rows[0].id, ["g1"])
    assert messages.claim_outbound("s", 10, LEASE, ["sms"]) == []
    assert messages.counts().outbox == {"sent": 1, "stopped": 2}


def test_everything_of_an_outbound_comes_back(messages: Messages, clock: FrozenClock) -> None:
    sent = Outbound(
        Address("telegram", "77"),
        "ఏ పంట?",
        "te",
        (QuickReply("వరి", "వరి"), QuickReply("మొక్కజొన్న", "మొక్కజొన్న")),
        Purpose.HANDOFF,
        True,
        clock() + timedelta(hours=1),
        "handoff:ab12",
    )
    (outbox_id,) = messages.queue([sent])
    (row,) = messages.claim_outbound("s", 1, LEASE, ["telegram"])
    assert row.outbound == dataclasses.replace(sent, id=outbox_id)
