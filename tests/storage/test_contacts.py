"""Contacts, consent and what is left after FORGET."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.contacts import Consent, ConsentEvent, Contact
from bot.domain.errors import LostClaim
from bot.domain.messages import Address, Inbound, InboundKind, Location, Outbound, Purpose
from bot.storage.claims import ClaimedInbound, TurnSummary
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.handoffs import Handoffs
from bot.storage.messages import Messages
from bot.storage.sessions import session_key
from bot.storage.tables import inbox, metadata
from tests.storage.conftest import CountedIds, FrozenClock

LEASE = timedelta(seconds=30)
ADDRESS = Address("sms", "+919876543210")
OFFICER = Address("telegram", "500")
SUMMARY = TurnSummary("hi", "ask_advice", "pest", "answered", "rice/stem-borer")
SECRETS = ("+919876543210", "stem borer", "26.85", "Lucknow", "carrier id 77")


@pytest.fixture
def handoffs(database: Database, clock: FrozenClock, ids: CountedIds) -> Handoffs:
    """The handoffs of the same database."""
    return Handoffs(database, clock, ids)


def newcomer(messages: Messages, clock: FrozenClock, text: str = "my rice has stem borer", id: str = "1") -> Contact:
    """Somebody whose first message was recorded."""
    recorded = messages.record(Inbound(ADDRESS, id, text, clock()))
    found = Contacts(messages.database, clock, messages.ids).get(recorded.contact_id)
    assert found is not None
    return found


def claim_of(messages: Messages) -> ClaimedInbound:
    """The next message."""
    claim = messages.claim_inbound("w", LEASE)
    assert claim is not None
    return claim


def everything(database: Database) -> str:
    """All that the database holds, as text."""
    with database.read() as connection:
        return "\n".join(
            repr(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def test_contacts_are_found(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    contact = newcomer(messages, clock)
    assert contacts.get(contact.id) == contact
    assert contacts.get_by_address(ADDRESS) == contact
    assert contacts.get("nobody") is None
    assert contacts.get(None) is None
    assert contacts.get_by_address(OFFICER) is None


def test_save_writes_all_or_the_difference(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    contact = newcomer(messages, clock)
    mine, theirs = dataclasses.replace(contact, language="hi"), dataclasses.replace(contact, alerts=True)
    assert contacts.save(mine, before=contact)
    assert contacts.save(theirs, before=contact)
    assert contacts.get(contact.id) == dataclasses.replace(contact, language="hi", alerts=True)
    assert contacts.save(contact)
    assert contacts.get(contact.id) == contact
    assert not contacts.save(dataclasses.replace(contact, id="nobody"))


def test_saving_a_stop_ends_what_waits(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    contact = newcomer(messages, clock)
    messages.queue([Outbound(ADDRESS, "rain", purpose=Purpose.ALERT)], not_before=clock() + timedelta(hours=1))
    contacts.save(dataclasses.replace(contact, consent=Consent.STOPPED), before=contact)
    assert messages.counts().outbox == {"stopped": 1}


def test_the_ledger_keeps_order_and_words(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    contact = newcomer(messages, clock)
    contacts.record_consent(ConsentEvent(contact.id, "start", "शुरू", clock()))
    clock.move(seconds=1)
    assert contacts.stop(ADDRESS, "stop", "band karo")
    assert [(e.action, e.words, e.at) for e in contacts.ledger(contact.id)] == [
        ("start", "शुरू", clock() - timedelta(seconds=1)),
        ("stop", "band karo", clock()),
    ]
    assert not contacts.stop(OFFICER, "stop")


def test_pages_and_the_latest(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    for n in range(5):
        clock.move(seconds=1)
        messages.record(Inbound(Address("sms", str(n)), str(n), "hello", clock()))
    first = contacts.page(3)
    assert len(first) == 3
    rest = contacts.page(3, after=first[-1].id)
    assert {contact.address.id for contact in first + rest} == set("01234")
    assert [contact.address.id for contact in contacts.latest(2)] == ["4", "3"]
    wanting = dataclasses.replace(first[0], alerts=True)
    contacts.save(wanting)
    assert contacts.page(alerts=True) == [wanting]
    contacts.stop(wanting.address, "stop")
    assert contacts.page(alerts=True) == []


def full_life(messages: Messages, handoffs: Handoffs, clock: FrozenClock) -> Contact:
    """A contact with all that can be stored of one; a second message is being answered."""
    place = Location(26.85, 80.95)
    asked = Inbound(ADDRESS, "carrier id 77 a", "my rice has stem borer", clock(), location=place)
    messages.record_all([asked, Inbound(ADDRESS, "carrier id 77 b", "stem borer again", clock(), InboundKind.PHOTO)])
    claim = claim_of(messages)
    handoff = handoffs.open(claim.contact.id, claim.inbox_id, "my rice has stem borer", "asked")
    notice = Outbound(OFFICER, "stem borer?", purpose=Purpose.HANDOFF, reference=f"handoff:{handoff.id}")
    event = ConsentEvent(claim.contact.id, "start", "stem borer start", clock())
    messages.complete(claim, claim.contact, [Outbound(ADDRESS, "about stem borer"), notice], [event], SUMMARY)
    for row in messages.claim_outbound("s", 10, LEASE, ["sms", "telegram"]):
        messages.mark_sent(row.id, [f"gateway {row.number}"])
    messages.queue([Outbound(ADDRESS, "stem borer alert in Lucknow", purpose=Purpose.ALERT)])
    messages.queue([Outbound(OFFICER, "stem borer waits", reference=f"handoff:{handoff.id}")])
    return claim.contact


def test_forget_leaves_nothing_but_counts(
    messages: Messages, contacts: Contacts, handoffs: Handoffs, clock: FrozenClock, database: Database
) -> None:
    contact = full_life(messages, handoffs, clock)
    late = claim_of(messages)
    before = everything(database)
    assert all(secret in before for secret in SECRETS)
    assert contacts.forget(contact.id) == session_key(contact.id)
    after = everything(database)
    assert [secret for secret in (*SECRETS, contact.id) if secret in after] == []
    assert OFFICER.id in after
    with pytest.raises(LostClaim):
        messages.complete(late, late.contact, [Outbound(ADDRESS, "late")], [], SUMMARY)
    assert messages.claim_outbound("s", 10, LEASE, ["sms", "telegram"]) == []
    assert handoffs.list_open() == []
    counts = messages.counts()
    assert (counts.forgotten, counts.inbox, counts.outbox) == (1, {"done": 2}, {"sent": 2, "stopped": 2})
    assert messages.recent()[-1].summary == SUMMARY


def test_forget_within_a_turn_says_so_and_then_erases_that_too(
    messages: Messages, contacts: Contacts, handoffs: Handoffs, clock: FrozenClock, database: Database
) -> None:
    full_life(messages, handoffs, clock)
    claim = claim_of(messages)
    goodbye = Outbound(ADDRESS, "All about stem borer is erased.", purpose=Purpose.FAREWELL)
    messages.complete(claim, claim.contact, [goodbye], [], SUMMARY, forget=True)
    assert contacts.get_by_address(ADDRESS) is None
    (row,) = messages.claim_outbound("s", 10, LEASE, ["sms", "telegram"])
    assert row.outbound.text == goodbye.text
    assert messages.mark_sent(row.id, ["carrier id 77 c"])
    assert [secret for secret in SECRETS if secret in everything(database)] == []


def test_a_farewell_that_fails_is_erased_too(messages: Messages, clock: FrozenClock, database: Database) -> None:
    newcomer(messages, clock)
    claim = claim_of(messages)
    messages.complete(
        claim, claim.contact, [Outbound(ADDRESS, "erased", purpose=Purpose.FAREWELL)], [], SUMMARY, forget=True
    )
    (row,) = messages.claim_outbound("s", 1, LEASE, ["sms"])
    assert messages.mark_retry(row.id, "busy", clock())
    (row,) = messages.claim_outbound("s", 1, LEASE, ["sms"])
    assert row.outbound.address == ADDRESS
    assert messages.mark_failed(row.id, "gone")
    assert ADDRESS.id not in everything(database)


def test_a_repeat_of_a_forgotten_message_does_not_bring_it_back(
    messages: Messages, contacts: Contacts, clock: FrozenClock
) -> None:
    contact = newcomer(messages, clock)
    contacts.forget(contact.id)
    again = messages.record(Inbound(ADDRESS, "1", "my rice has stem borer", clock()))
    assert not again.is_new
    assert again.contact_id is None
    assert messages.claim_inbound("w", LEASE) is None


def test_stop_outlives_forget_until_start(messages: Messages, contacts: Contacts, clock: FrozenClock) -> None:
    contacts.forget(newcomer(messages, clock, id="0").id)
    assert newcomer(messages, clock, id="1").consent == Consent.ACTIVE
    contacts.stop(ADDRESS, "stop")
    contacts.forget(newcomer(messages, clock, id="2").id)
    back = newcomer(messages, clock, id="3")
    assert back.consent == Consent.STOPPED
    assert messages.record(Inbound(Address("sms", "+91555"), "9", "hi", clock())).contact_id is not None
    other = contacts.get_by_address(Address("sms", "+91555"))
    assert other is not None
    assert other.consent == Consent.ACTIVE
    contacts.save(dataclasses.replace(back, consent=Consent.ACTIVE))
    contacts.forget(back.id)
    assert newcomer(messages, clock, id="4").consent == Consent.ACTIVE


def test_a_contact_without_messages_is_forgotten_too(
    messages: Messages, contacts: Contacts, clock: FrozenClock, database: Database
) -> None:
    contact = newcomer(messages, clock)
    with database.write() as connection:
        connection.execute(inbox.delete())
    contacts.forget(contact.id)
    assert ADDRESS.id not in everything(database)


def test_forgetting_nobody_is_no_error(contacts: Contacts, messages: Messages) -> None:
    contacts.forget("nobody")
    assert messages.counts().forgotten == 0


def test_the_ledger_of_nobody_is_empty(contacts: Contacts) -> None:
    assert contacts.ledger("nobody") == []
