"""Subscriptions follow their contacts; cells, crops and what is due are read from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.alerts import AlertState, Group, Severity
from bot.domain.contacts import Consent, Contact, Farm, Place
from bot.domain.weather import Cell
from bot.storage.alerts import Alerts, Evaluation, Memory
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.messages import Messages
from bot.storage.subscriptions import Area, Subscriptions
from tests.storage.conftest import CountedIds, FrozenClock
from tests.storage.warned import ELDORET, HATHRAS, HERE, event, stored, subscribe

KENYA = Area(Cell(5, 353), "KE-44")


@pytest.fixture
def subscriptions(database: Database, clock: FrozenClock, ids: CountedIds) -> Subscriptions:
    return Subscriptions(database, clock, ids)


@pytest.fixture
def alerts(database: Database, clock: FrozenClock, ids: CountedIds) -> Alerts:
    return Alerts(database, clock, ids)


def areas(subscriptions: Subscriptions, clock: FrozenClock) -> list[Area]:
    """The cells that have subscribers now."""
    subscriptions.follow_cells()
    return subscriptions.areas_to_evaluate(clock(), clock() + timedelta(days=1), 10)


def test_cells_are_those_of_subscribers(
    messages: Messages, contacts: Contacts, subscriptions: Subscriptions, clock: FrozenClock
) -> None:
    her = subscribe(messages, contacts, "1")
    subscribe(messages, contacts, "2", place=ELDORET)
    assert areas(subscriptions, clock) == [KENYA, HERE]
    contacts.save(replace(her, place=ELDORET), her)
    assert areas(subscriptions, clock) == [KENYA]


CHANGES = {
    "stops": {"consent": Consent.STOPPED},
    "unsubscribes": {"alerts": False},
    "has no place": {"place": None},
    "has a place that nobody can find": {"place": Place("Nowhere", "IN")},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_who_gets_no_warnings_is_in_no_cell(
    messages: Messages,
    contacts: Contacts,
    subscriptions: Subscriptions,
    clock: FrozenClock,
    change: dict[str, object],
) -> None:
    her = subscribe(messages, contacts, "1", sown={"rice": None})
    changed: Contact = replace(her, **change)  # type: ignore[arg-type]
    contacts.save(changed, her)
    assert areas(subscriptions, clock) == []
    assert subscriptions.sowings([HERE]) == {}
    contacts.save(her, changed)
    assert areas(subscriptions, clock) == [HERE]


def test_a_stop_at_the_gateway_and_forgetting_end_it_too(
    messages: Messages, contacts: Contacts, subscriptions: Subscriptions, clock: FrozenClock
) -> None:
    blocked, forgotten = subscribe(messages, contacts, "1"), subscribe(messages, contacts, "2")
    assert contacts.stop(blocked.address, "blocked")
    contacts.forget(forgotten.id)
    assert areas(subscriptions, clock) == []
    after = contacts.get(blocked.id)
    assert after
    assert not after.alerts


def test_crops_are_read_once_a_cell(
    messages: Messages, contacts: Contacts, subscriptions: Subscriptions, clock: FrozenClock
) -> None:
    june = date(2025, 6, 1)
    for who in "abc":
        subscribe(messages, contacts, who, sown={"rice": june, "onion": None})
    her = subscribe(messages, contacts, "d", place=ELDORET, sown={"maize": june})
    assert subscriptions.sowings([KENYA, HERE]) == {
        HERE: frozenset({("rice", june), ("onion", None)}),
        KENYA: frozenset({("maize", june)}),
    }
    assert subscriptions.sowings([]) == {}
    contacts.save(replace(her, farm=Farm(("beans",))), her)
    assert subscriptions.sowings([KENYA]) == {KENYA: frozenset({("beans", None)})}


def test_what_is_fetched_and_evaluated_is_not_due(
    messages: Messages, contacts: Contacts, subscriptions: Subscriptions, alerts: Alerts, clock: FrozenClock
) -> None:
    subscribe(messages, contacts, "1")
    subscribe(messages, contacts, "2", place=ELDORET)
    subscriptions.follow_cells()
    now, before = clock(), clock() - timedelta(hours=1)
    assert set(subscriptions.cells_to_fetch(before, now, 10)) == {HERE.cell, KENYA.cell}
    subscriptions.note_fetched({HERE.cell: now})
    assert subscriptions.cells_to_fetch(before, now, 10) == [KENYA.cell]
    subscriptions.note_fetched({})
    slot = now.replace(minute=0)
    assert alerts.keep([Evaluation(HERE, {}, means={date(2025, 6, 1): 30.5})], slot) == 0
    assert subscriptions.areas_to_evaluate(slot, now, 10) == [KENYA]
    assert subscriptions.areas_to_evaluate(slot, now, 10, after=KENYA) == []
    assert subscriptions.means([KENYA, HERE]) == {HERE: {date(2025, 6, 1): 30.5}}
    assert subscriptions.means([]) == {}


def test_the_second_evaluation_of_an_hour_is_not_kept(
    messages: Messages, contacts: Contacts, subscriptions: Subscriptions, alerts: Alerts, clock: FrozenClock
) -> None:
    subscribe(messages, contacts, "1")
    subscriptions.follow_cells()
    now = clock()
    slot = now.replace(minute=0)
    key = ("heavy-rain", Group())
    state = AlertState(Severity.WARNING, now, now, now, now + timedelta(days=1))
    first = Evaluation(HERE, {key: Memory(state, "a")}, (stored("a", now, event(now)),))
    assert alerts.keep([first], slot) == 1
    assert alerts.keep([replace(first, alerts=(stored("b", now, event(now)),))], slot) == 0
    assert alerts.memories([HERE]) == {HERE: {key: Memory(state, "a")}}
    assert alerts.memories([]) == {}
    assert alerts.keep([Evaluation(HERE, {key: None})], slot + timedelta(hours=1)) == 0
    assert alerts.memories([HERE]) == {}


def test_readers_of_the_weekly_message(messages: Messages, contacts: Contacts, subscriptions: Subscriptions) -> None:
    subscribe(messages, contacts, "1", digest=True)
    subscribe(messages, contacts, "2", digest=True)
    subscribe(messages, contacts, "3", place=ELDORET)
    subscribe(messages, contacts, "4", place=replace(HATHRAS, region="IN-HR"), digest=True)
    first, second = HERE, Area(HERE.cell, "IN-HR")
    assert subscriptions.digest_areas(10) == [second, first]
    assert subscriptions.digest_areas(10, after=second) == [first]
