"""Delivery reports: forwards only, whatever comes in whatever order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.messages import RANK, Address, DeliveryReport, DeliveryStatus, Outbound
from bot.storage.database import Database
from bot.storage.delivery import ENDS, advanced, combined
from bot.storage.messages import Messages
from bot.storage.tables import metadata
from tests.storage.conftest import CountedIds, FrozenClock

S = DeliveryStatus
LEASE = timedelta(seconds=30)
PARTS = ["g1", "g2", "g3"]


def sent(messages: Messages, *external_ids: str) -> str:
    """A message that the gateway took; its id."""
    (outbox_id,) = messages.queue([Outbound(Address("sms", "a"), "text", reference="handoff:ab12")])
    messages.claim_outbound("s", 1, LEASE, ["sms"])
    assert messages.mark_sent(outbox_id, external_ids)
    return outbox_id


def report(external_id: str, status: DeliveryStatus, error: str = "") -> DeliveryReport:
    """A gateway's report."""
    return DeliveryReport("sms", external_id, status, datetime(2025, 7, 1, tzinfo=UTC), error)


def state_of(messages: Messages) -> str:
    """The state of the only row."""
    (state,) = messages.counts().outbox
    return state


def test_a_report_moves_the_row_once(messages: Messages) -> None:
    sent(messages, "g1")
    assert messages.record_delivery(report("g1", S.DELIVERED))
    assert not messages.record_delivery(report("g1", S.DELIVERED))
    assert not messages.record_delivery(report("g1", S.SENT))
    assert not messages.record_delivery(report("g1", S.FAILED))
    assert state_of(messages) == "delivered"


def test_unknown_messages_are_no_news(messages: Messages) -> None:
    sent(messages, "g1")
    assert not messages.record_delivery(report("g9", S.DELIVERED))
    assert state_of(messages) == "sent"


def test_a_message_has_arrived_with_its_last_part(messages: Messages) -> None:
    sent(messages, "g1", "g2")
    assert messages.record_delivery(report("g2", S.DELIVERED))
    assert state_of(messages) == "sent"
    assert messages.record_delivery(report("g1", S.DELIVERED))
    assert state_of(messages) == "delivered"


def test_a_message_has_failed_with_its_first_lost_part(messages: Messages) -> None:
    sent(messages, "g1", "g2")
    assert messages.record_delivery(report("g2", S.FAILED, "absent subscriber"))
    assert state_of(messages) == "failed"
    messages.record_delivery(report("g1", S.DELIVERED))
    assert state_of(messages) == "failed"


def test_a_report_may_come_before_the_sender_has_written_the_id(messages: Messages) -> None:
    assert not messages.record_delivery(report("g1", S.DELIVERED))
    assert not messages.record_delivery(report("g1", S.SENT))
    sent(messages, "g1")
    assert state_of(messages) == "delivered"


def test_an_early_report_of_less_than_sent_does_not_set_a_part_back(messages: Messages) -> None:
    messages.record_delivery(report("g1", S.QUEUED))
    sent(messages, "g1")
    assert not messages.record_delivery(report("g1", S.SENT))


def test_an_early_failure_keeps_its_reason(messages: Messages) -> None:
    messages.record_delivery(report("g1", S.FAILED, "absent subscriber"))
    sent(messages, "g1", "g2")
    assert state_of(messages) == "failed"


def test_the_reference_is_found_by_the_gateways_id(messages: Messages) -> None:
    sent(messages, "g1", "g2")
    assert messages.find_reference("sms", "g2") == "handoff:ab12"
    assert messages.find_reference("telegram", "g2") is None
    assert messages.find_reference("sms", "g3") is None


def test_a_gateway_that_counts_anew_gives_the_id_to_the_newer_row(messages: Messages) -> None:
    sent(messages, "1")
    messages.queue([Outbound(Address("sms", "b"), "newer", reference="handoff:newer")])
    (row,) = messages.claim_outbound("s", 1, LEASE, ["sms"])
    messages.mark_sent(row.id, ["1"])
    assert messages.find_reference("sms", "1") == "handoff:newer"


def test_unknown_rows_change_nothing(messages: Messages, clock: FrozenClock) -> None:
    assert not messages.mark_sent("none", ["g1"])
    assert not messages.mark_failed("none", "x")
    assert not messages.mark_stopped("none")
    assert not messages.mark_expired("none")
    assert not messages.mark_retry("none", "x", clock())


@given(st.sampled_from(S), st.sampled_from(S))
def test_advancing_never_goes_back(current: DeliveryStatus, reported: DeliveryStatus) -> None:
    after = advanced(current, reported)
    assert RANK[after] >= RANK[current]
    assert advanced(after, reported) == after
    assert current not in ENDS or after == current


@given(st.lists(st.sampled_from(S), min_size=1, max_size=6))
def test_a_message_is_no_further_than_its_parts(parts: list[DeliveryStatus]) -> None:
    state = combined(parts)
    assert state in parts
    assert (state == S.DELIVERED) == (set(parts) == {S.DELIVERED})
    assert state == combined(list(reversed(parts)))


class Deliveries(RuleBasedStateMachine):
    """One message, and everything that senders and gateways may say of it in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")
        with self.database.write() as connection:
            metadata.create_all(connection)
        self.clock = FrozenClock()
        self.messages = Messages(self.database, self.clock, CountedIds())
        (self.id,) = self.messages.queue([Outbound(Address("sms", "a"), "text")])
        self.path = [S.QUEUED]
        self.reported: dict[str, DeliveryStatus] = {}
        self.known: set[str] = set()

    def look(self) -> DeliveryStatus:
        """The row's state now."""
        return self.messages.replies_for(Address("sms", "a"))[0].state

    @rule(seconds=st.integers(0, 40))
    def claim(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)
        rows = self.messages.claim_outbound("s", 5, LEASE, ["sms"])
        assert not rows or self.path[-1] in {S.QUEUED, S.SENDING}
        assert all(row.uncertain for row in rows if self.path[-1] == S.SENDING)

    @rule(count=st.integers(0, 3))
    def sent(self, count: int) -> None:
        self.messages.mark_sent(self.id, PARTS[:count])
        for part in PARTS[:count]:
            self.known.add(part)
            self.reported[part] = advanced(S.SENT, self.reported.get(part, S.SENT))

    @rule(seconds=st.integers(0, 40))
    def retry(self, seconds: int) -> None:
        before = self.path[-1]
        done = self.messages.mark_retry(self.id, "busy", self.clock() + timedelta(seconds=seconds))
        assert done == (before == S.SENDING)

    @rule(end=st.sampled_from(["mark_failed", "mark_stopped", "mark_expired"]))
    def give_up(self, end: str) -> None:
        done = getattr(self.messages, end)(self.id, "why")
        assert done == (self.path[-1] in {S.QUEUED, S.SENDING})

    @rule(part=st.sampled_from(PARTS), status=st.sampled_from(S))
    def report(self, part: str, status: DeliveryStatus) -> None:
        news = self.messages.record_delivery(report(part, status))
        before = self.reported.get(part, S.QUEUED)
        after = advanced(before, status)
        assert news == (part in self.known and after != before)
        self.reported[part] = after

    @invariant()
    def only_forwards(self) -> None:
        now = self.look()
        for before, after in itertools.pairwise([self.path[-1], now]):
            assert RANK[after] >= RANK[before] or (before, after) == (S.SENDING, S.QUEUED)
            assert before not in ENDS or after == before
        if now != self.path[-1]:
            self.path.append(now)
            if now == S.DELIVERED:
                assert self.known
                assert all(self.reported.get(part) == S.DELIVERED for part in self.known)

    def teardown(self) -> None:
        self.database.close()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
"""Not shrunk, which takes minutes here and says little more."""


@pytest.mark.parametrize("status", [S.QUEUED, S.SENDING, S.SENT])
def test_reports_of_what_is_known_already_change_nothing(messages: Messages, status: DeliveryStatus) -> None:
    sent(messages, "g1")
    assert not messages.record_delivery(report("g1", status))
    assert state_of(messages) == "sent"
