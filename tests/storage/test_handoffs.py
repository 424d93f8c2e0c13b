"""Handoffs: one per message, and only allowed steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from bot.domain.messages import Inbound
from bot.storage.database import Database
from bot.storage.handoffs import ALLOWED, Handoffs, HandoffState
from bot.storage.messages import Messages
from tests.storage.conftest import CountedIds, FrozenClock, Make

Step = Callable[[Handoffs, str], bool]
STEPS: dict[HandoffState, Step] = {
    HandoffState.CLAIMED: lambda handoffs, id: handoffs.claim(id, "officer"),
    HandoffState.ANSWERED: lambda handoffs, id: handoffs.answer(id, "officer"),
    HandoffState.CLOSED: lambda handoffs, id: handoffs.close(id),
}


@pytest.fixture
def handoffs(database: Database, clock: FrozenClock, ids: CountedIds) -> Handoffs:
    """The store under test."""
    return Handoffs(database, clock, ids)


def opened(handoffs: Handoffs, messages: Messages, inbound: Inbound) -> str:
    """A new handoff's id."""
    recorded = messages.record(inbound)
    assert recorded.contact_id is not None
    return handoffs.open(recorded.contact_id, recorded.inbox_id, inbound.text, "asked").id


def test_a_message_opens_one_handoff(handoffs: Handoffs, messages: Messages, inbound: Make) -> None:
    question = inbound()
    first = opened(handoffs, messages, question)
    assert opened(handoffs, messages, question) == first
    assert opened(handoffs, messages, inbound()) != first
    assert len(handoffs.list_open()) == 2


def test_an_id_that_is_taken_is_not_given_again(
    database: Database, messages: Messages, clock: FrozenClock, inbound: Make
) -> None:
    given = iter(["00000a", "11110a", "22220a", "0b"])
    handoffs = Handoffs(database, clock, lambda: "x" * 26 + next(given)[-2:].rjust(6, "0"))
    assert opened(handoffs, messages, inbound()) == "00000a"
    assert opened(handoffs, messages, inbound()) == "00000b"


def test_without_a_message_each_is_its_own(handoffs: Handoffs, messages: Messages, inbound: Make) -> None:
    contact_id = messages.record(inbound()).contact_id
    assert contact_id is not None
    ids = [handoffs.open(contact_id, None, "call me", "console").id for _ in range(2)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(("state", "step"), list(itertools.product(HandoffState, STEPS)))
def test_only_allowed_steps(
    handoffs: Handoffs, messages: Messages, inbound: Make, state: HandoffState, step: HandoffState
) -> None:
    handoff_id = opened(handoffs, messages, inbound())
    if state in STEPS:
        assert STEPS[state](handoffs, handoff_id)
    own_again = state == step == HandoffState.CLAIMED
    assert STEPS[step](handoffs, handoff_id) == (state in ALLOWED[step] or own_again)
    handoff = handoffs.get(handoff_id)
    assert handoff is not None
    assert handoff.state == (step if state in ALLOWED[step] else state)


def test_one_officer_gets_it(handoffs: Handoffs, messages: Messages, inbound: Make) -> None:
    handoff_id = opened(handoffs, messages, inbound())
    assert handoffs.claim(handoff_id, "one")
    assert not handoffs.claim(handoff_id, "two")
    assert handoffs.claim(handoff_id, "one")


def test_times_are_those_of_the_first_step(
    handoffs: Handoffs, messages: Messages, inbound: Make, clock: FrozenClock
) -> None:
    start = clock()
    handoff_id = opened(handoffs, messages, inbound("what now?"))
    handoffs.answer(handoff_id, "one")
    clock.move(minutes=1)
    handoffs.answer(handoff_id, "two")
    handoffs.close(handoff_id)
    handoff = handoffs.get(handoff_id)
    assert handoff is not None
    assert (handoff.opened_at, handoff.answered_at, handoff.closed_at) == (start, start, clock())
    assert (handoff.officer, handoff.question, handoff.reason) == ("two", "what now?", "asked")


def test_unknown_ones_do_nothing(handoffs: Handoffs) -> None:
    assert handoffs.get("none") is None
    assert not any(step(handoffs, "none") for step in STEPS.values())
