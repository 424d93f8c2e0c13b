"""One text to many: who gets it, once, and what newer words overtake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.alerts import AlertState, EventKind, Group, Severity
from bot.domain.contacts import Consent, Contact, ScriptChoice
from bot.domain.messages import Purpose
from bot.storage import mailings as module
from bot.storage.alerts import Alerts, Evaluation, Memory
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.letters import Order, Readers
from bot.storage.mailings import Mailings
from bot.storage.messages import Messages
from bot.storage.subscriptions import Subscriptions
from bot.storage.tables import outbox
from tests.storage.conftest import CountedIds, FrozenClock
from tests.storage.warned import ELDORET, HERE, event, order, stored, subscribe

HINDI = Readers("hi", "native", "telegram", "Hathras")


@pytest.fixture
def mailings(database: Database, clock: FrozenClock, ids: CountedIds) -> Mailings:
    return Mailings(database, clock, ids)


@pytest.fixture
def alerts(database: Database, clock: FrozenClock, ids: CountedIds) -> Alerts:
    return Alerts(database, clock, ids)


def queued(database: Database) -> list[tuple[str, str, str]]:
    """Address, text and state of all warnings."""
    query = select(outbox.c.address, outbox.c.text, outbox.c.state).where(outbox.c.purpose == Purpose.ALERT)
    with database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


def test_readers_are_counted_by_what_they_read(messages: Messages, contacts: Contacts, mailings: Mailings) -> None:
    subscribe(messages, contacts, "a")
    subscribe(messages, contacts, "b")
    subscribe(messages, contacts, "c", script=ScriptChoice.LATIN, digest=True)
    subscribe(messages, contacts, "d", channel="sms")
    subscribe(messages, contacts, "e", place=ELDORET, language="sw")
    found = mailings.readers([HERE])[HERE]
    assert sorted((one.script, one.channel, one.count) for one in found) == [
        ("latin", "telegram", 1),
        ("native", "sms", 1),
        ("native", "telegram", 2),
    ]
    assert [one.script for one in mailings.readers([HERE], digest=True)[HERE]] == ["latin"]
    assert mailings.readers([]) == {}


def test_each_reader_gets_it_once(
    messages: Messages, contacts: Contacts, mailings: Mailings, database: Database, clock: FrozenClock
) -> None:
    for who in "abc":
        subscribe(messages, contacts, who)
    subscribe(messages, contacts, "d", place=ELDORET)
    now = clock()
    assert mailings.queue([order("one", HINDI, "rain", now)]) == 3
    assert mailings.queue([order("one", HINDI, "rain", now)]) == 0
    assert mailings.queue([order("two", HINDI, "wind", now)]) == 3
    assert [row[0] for row in queued(database)] == ["a", "a", "b", "b", "c", "c"]


def test_rows_are_as_the_outbox_makes_them(
    messages: Messages, contacts: Contacts, mailings: Mailings, clock: FrozenClock
) -> None:
    contact = subscribe(messages, contacts, "a")
    now = clock()
    mailings.queue([order("one", HINDI, "भारी बारिश", now)])
    (row,) = messages.claim_outbound("sender", 5, timedelta(minutes=1), ["telegram"])
    assert row.contact_id == contact.id
    assert row.outbound.text == "भारी बारिश"
    assert row.outbound.purpose is Purpose.ALERT
    assert row.outbound.language == "hi"
    assert row.outbound.reference == "alert:one"
    assert row.outbound.expires_at == now + timedelta(days=1)
    assert not row.outbound.urgent
    assert len(row.id) == 32


def test_a_crop_and_its_sowing_choose(
    messages: Messages, contacts: Contacts, mailings: Mailings, database: Database, clock: FrozenClock
) -> None:
    subscribe(messages, contacts, "early", sown={"rice": date(2025, 5, 1)})
    subscribe(messages, contacts, "late", sown={"rice": date(2025, 6, 20)})
    subscribe(messages, contacts, "unknown", sown={"rice": None})
    subscribe(messages, contacts, "other", sown={"wheat": date(2025, 6, 20)})
    now = clock()
    assert mailings.queue([order("crop", HINDI, "rice", now, crop="rice")]) == 3
    window = {"sown_from": date(2025, 6, 10), "sown_until": date(2025, 6, 20)}
    assert mailings.queue([order("stage", HINDI, "stage", now, crop="rice", **window)]) == 1
    assert ("late", "stage", "queued") in queued(database)


@pytest.mark.parametrize("change", ["stop", "unsubscribe", "move", "forget"])
def test_who_has_gone_gets_nothing(
    messages: Messages,
    contacts: Contacts,
    mailings: Mailings,
    database: Database,
    clock: FrozenClock,
    change: str,
) -> None:
    contact = subscribe(messages, contacts, "a", sown={"rice": date(2025, 6, 1)})
    leave(contacts, contact, change)
    assert mailings.queue([order("one", HINDI, "rain", clock()), order("two", HINDI, "x", clock(), crop="rice")]) == 0
    assert queued(database) == []


def leave(contacts: Contacts, contact: Contact, change: str) -> None:
    """What ends a subscription of a place."""
    if change == "stop":
        contacts.save(replace(contact, consent=Consent.STOPPED))
    elif change == "unsubscribe":
        contacts.save(replace(contact, alerts=False))
    elif change == "move":
        contacts.save(replace(contact, place=ELDORET))
    else:
        contacts.forget(contact.id)


def test_unsubscribing_stops_what_waits_and_answers_go_on(
    messages: Messages, contacts: Contacts, mailings: Mailings, database: Database, clock: FrozenClock
) -> None:
    contact = subscribe(messages, contacts, "a")
    mailings.queue([order("one", HINDI, "rain", clock())])
    contacts.save(replace(contact, alerts=False), contact)
    assert queued(database) == [("a", "rain", "stopped")]


def test_a_warning_queued_beside_the_unsubscribing_is_not_sent(
    messages: Messages, contacts: Contacts, mailings: Mailings, database: Database, clock: FrozenClock
) -> None:
    contact = subscribe(messages, contacts, "a")
    mailings.queue([order("one", HINDI, "rain", clock())])
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE contacts SET alerts = FALSE")
    assert messages.claim_outbound("sender", 5, timedelta(minutes=1), ["telegram"]) == []
    assert queued(database) == [("a", "rain", "stopped")]
    assert contact.alerts


def test_an_all_clear_goes_to_who_was_told(
    messages: Messages,
    contacts: Contacts,
    mailings: Mailings,
    alerts: Alerts,
    database: Database,
    clock: FrozenClock,
) -> None:
    now = clock()
    subscribe(messages, contacts, "told")
    Subscriptions(database, clock, alerts.ids).follow_cells()
    alerts.keep([Evaluation(HERE, {}, (stored("one", now, event(now)),))], now)
    mailings.queue([order("one", HINDI, "rain", now)])
    (row,) = messages.claim_outbound("sender", 5, timedelta(minutes=1), ["telegram"])
    messages.mark_sent(row.id)
    subscribe(messages, contacts, "waiting")
    mailings.queue([order("one", HINDI, "rain", now)])
    subscribe(messages, contacts, "new")
    later = clock.move(hours=6)
    clear = stored("two", later, event(later, EventKind.CLEAR), episode="one")
    alerts.keep([Evaluation(HERE, {}, (clear,))], later)
    assert mailings.queue([order("two", HINDI, "over", later, episode="one", told_only=True)]) == 1
    assert queued(database) == [("told", "over", "queued"), ("told", "rain", "sent"), ("waiting", "rain", "expired")]
    done = alerts.get("two")
    assert done
    assert done.queued == 1
    assert alerts.pending(later, 10) == []


def test_large_orders_go_a_page_at_a_time(
    messages: Messages,
    contacts: Contacts,
    mailings: Mailings,
    database: Database,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    for number in range(8):
        subscribe(messages, contacts, f"who{number}")
    readers = mailings.readers([HERE])[HERE]
    assert list(mailings.pages(HERE)) != []
    orders: list[Order] = [order("one", readers[0], "rain", clock()), order("two", readers[0], "wind", clock())]
    assert mailings.queue(orders) == 16
    assert mailings.queue(orders) == 0
    assert len(queued(database)) == 16


def test_what_is_too_late_does_not_keep_the_rest_waiting(
    messages: Messages,
    contacts: Contacts,
    alerts: Alerts,
    database: Database,
    clock: FrozenClock,
) -> None:
    """After a long outage alerts that are over come first: more of them than are looked at once."""
    subscribe(messages, contacts, "a")
    Subscriptions(database, clock, alerts.ids).follow_cells()
    now = clock()
    old = tuple(stored(f"old{number}", now, event(now)) for number in range(5))
    alerts.keep([Evaluation(HERE, {}, old)], now)
    later = clock.move(hours=30)
    alerts.keep([Evaluation(HERE, {}, (stored("new", later, event(later)),))], later)
    assert [one.record.id for one in alerts.pending(later, 2)] == ["new"]


def test_words_of_one_episode_handed_over_together_overtake_each_other(
    messages: Messages,
    contacts: Contacts,
    mailings: Mailings,
    alerts: Alerts,
    database: Database,
    clock: FrozenClock,
) -> None:
    """The dispatcher was down while a warning was raised, got worse, and was over."""
    subscribe(messages, contacts, "a")
    Subscriptions(database, clock, alerts.ids).follow_cells()
    now = clock()
    words = [
        stored("one", now, event(now)),
        stored("two", now, event(now, EventKind.ESCALATE), episode="one"),
        stored("three", now, event(now, EventKind.CLEAR), episode="one"),
    ]
    alerts.keep([Evaluation(HERE, {}, tuple(words))], now)
    mailings.queue(
        [
            order("one", HINDI, "rain", now),
            order("two", HINDI, "worse", now, episode="one"),
            order("three", HINDI, "over", now, episode="one", told_only=True),
        ]
    )
    assert queued(database) == [("a", "rain", "expired"), ("a", "worse", "expired")]


def under_way(rule: str, identity: str, now: datetime, crop: str = "", *, over: bool = False) -> Evaluation:
    """A warning that was raised now, and what the rule remembers of it."""
    what, group = replace(event(now), rule_id=rule), Group(crop)
    alert = stored(identity, now, what)
    alert = replace(alert, record=replace(alert.record, group=group), crop=crop or None)
    state = AlertState(Severity.WARNING, now, now, now, now + timedelta(days=1), over=over)
    return Evaluation(HERE, {(rule, group): Memory(state, identity)}, (alert,))


def test_a_new_subscriber_opens_the_warnings_under_way_that_are_for_her(
    messages: Messages,
    contacts: Contacts,
    mailings: Mailings,
    alerts: Alerts,
    database: Database,
    clock: FrozenClock,
) -> None:
    subscribe(messages, contacts, "a")
    Subscriptions(database, clock, alerts.ids).follow_cells()
    now = clock()
    told = [
        under_way("heavy-rain", "rain", now),
        under_way("late-blight", "blight", now, "potato"),
        under_way("cattle-heat", "cattle", now, "cattle"),
        under_way("high-wind", "wind", now, over=True),
    ]
    for number, one in enumerate(told):
        alerts.keep([one], now + timedelta(hours=number))
        clock.move(hours=1)
    mailings.queue([order(one.alerts[0].record.id, HINDI, "x", now) for one in told])
    assert alerts.pending(clock(), 9) == []
    new = subscribe(messages, contacts, "b", sown={"potato": None})
    assert {one.record.id for one in alerts.pending(clock(), 9)} == {"rain", "blight"}
    mailings.queue([order("rain", HINDI, "x", now), order("blight", HINDI, "x", now)])
    contacts.save(replace(new, digest=True, language="mr"), new)
    subscribe(messages, contacts, "c", place=ELDORET)
    assert alerts.pending(clock(), 9) == []


def test_a_word_that_is_handed_over_again_adds_no_parts_for_those_who_have_it(
    messages: Messages, contacts: Contacts, mailings: Mailings, database: Database, clock: FrozenClock
) -> None:
    """The day's name and "sent late" make a text longer: it may need one part more than the first time."""
    subscribe(messages, contacts, "a")
    now = clock()
    short = order("one", HINDI, "rain", now)
    mailings.queue([short])
    subscribe(messages, contacts, "b")
    clock.move(hours=7)
    (letter,) = short.letters
    long = replace(short, letters=(replace(letter, parts=letter.parts * 2),))
    assert mailings.queue([long]) == 2
    assert [row[0] for row in queued(database)] == ["a", "b", "b"]


def test_the_worst_warnings_go_before_all_others(
    messages: Messages, contacts: Contacts, mailings: Mailings, clock: FrozenClock
) -> None:
    """A million words on a dry spell may take hours; a flood cannot wait for them."""
    for who in "ab":
        subscribe(messages, contacts, who)
    now = clock()
    flood = order("two", HINDI, "flood", now)
    (letter,) = flood.letters
    urgent = replace(letter, parts=tuple(replace(part, urgent=True) for part in letter.parts))
    mailings.queue([order("one", HINDI, "dry", now), replace(flood, letters=(urgent,))])
    first = messages.claim_outbound("sender", 2, timedelta(minutes=1), ["telegram"])
    assert [row.outbound.text for row in first] == ["flood", "flood"]
