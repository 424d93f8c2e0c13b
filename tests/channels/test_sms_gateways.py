"""Several gateways behind the channel `sms`: fail-over, rests, pace, doubtful messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.base import Paced
from bot.channels.gateway import Common, SmsGateway
from bot.channels.no_webhook import NoWebhook
from bot.channels.sms_gateways import LONGEST_REST, SmsGateways
from bot.domain.errors import ContactBlocked, SendError, Throttled
from bot.domain.messages import Address, Outbound, Sent
from bot.storage.cache import take_token
from tests.fakes import FakeClock

ASHA = Address("sms", "+919876543210")
DOWN = SendError("down", retryable=True)
LOST = SendError("no answer", retryable=True, uncertain=True)


class FakeGateway(SmsGateway, NoWebhook):
    """Takes messages, or raises what was put in."""

    def __init__(self, name: str, clock: FakeClock, *, certain: bool = True) -> None:
        super().__init__(Common(clock))
        self.name = name
        self.certain = certain
        self.sent: list[str] = []
        self.errors: list[SendError] = []
        self.closed = False

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        return (f"{self.name}:{outbound.id}",) if self.certain else ()

    async def send(self, outbound: Outbound) -> Sent:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(outbound.text)
        return Sent((f"{self.name}:{outbound.id}",))

    async def close(self) -> None:
        self.closed = True


class Street:
    """Two gateways, a clock, token buckets and the reports that have come."""

    def __init__(self, *, second_certain: bool = True, rate: float = 10.0) -> None:
        self.clock = FakeClock()
        self.buckets: dict[str, str] = {}
        self.reported: set[str] = set()
        self.first = FakeGateway("first", self.clock)
        self.second = FakeGateway("second", self.clock, certain=second_certain)
        self.channel = SmsGateways(
            [self.first, self.second],
            {"first": rate, "second": 1.0},
            clock=self.clock,
            wait=self.wait,
            taken=self.reported.__contains__,
        )

    def wait(self, key: str, rate: float, burst: float) -> float:
        self.buckets[key], seconds = take_token(self.buckets.get(key), self.clock().timestamp(), rate, burst)
        return seconds


def message(text: str = "x", **changes: bool) -> Outbound:
    return replace(Outbound(ASHA, text, id="abc"), **changes)  # type: ignore[arg-type]


async def test_the_first_one_takes_it() -> None:
    street = Street()
    assert (await street.channel.send(message())).external_ids == ("first:abc",)
    assert isinstance(street.channel, Paced)


async def test_the_next_one_takes_over_while_the_first_rests() -> None:
    street = Street()
    street.first.errors = [DOWN]
    await street.channel.send(message("a"))
    await street.channel.send(message("b"))
    assert (street.first.sent, street.second.sent) == ([], ["a", "b"])
    street.clock.advance(seconds=6)
    await street.channel.send(message("c"))
    assert street.first.sent == ["c"]


async def test_rests_grow_and_end_with_a_success() -> None:
    street = Street()
    rests = []
    for _ in range(7):
        street.first.errors = [DOWN]
        await street.channel.send(message())
        rests.append((street.channel.rests["first"][0] - street.clock()).total_seconds())
        street.clock.now = street.channel.rests["first"][0]
    assert rests == [5, 10, 20, 40, 80, LONGEST_REST, LONGEST_REST]
    await street.channel.send(message())
    assert street.channel.rests == {}


@pytest.mark.parametrize("error", [LOST, ContactBlocked("stopped"), SendError("bad number", retryable=False)])
async def test_what_concerns_the_message_is_not_tried_elsewhere(error: SendError) -> None:
    street = Street()
    street.first.errors = [error]
    with pytest.raises(type(error)) as raised:
        await street.channel.send(message())
    assert raised.value is error
    assert street.second.sent == []
    await street.channel.send(message())
    assert street.first.sent == ["x"]


async def test_while_all_rest_nothing_is_taken() -> None:
    street = Street()
    street.first.errors, street.second.errors = [DOWN], [Throttled("wait", 30, whole_channel=True)]
    with pytest.raises(Throttled) as raised:
        await street.channel.send(message())
    assert raised.value.whole_channel
    assert street.channel.turn() == 5.0
    street.clock.advance(seconds=5)
    assert street.channel.turn() == 0.0


async def test_a_doubtful_message_that_one_has_goes_to_none() -> None:
    street = Street()
    street.reported.add("second:abc")
    assert (await street.channel.send(message(doubtful=True))).external_ids == ("second:abc",)
    assert (street.first.sent, street.second.sent) == ([], [])
    await street.channel.send(message())
    assert street.first.sent == ["x"]


def test_certain_only_when_all_are() -> None:
    assert Street().channel.certain
    street = Street(second_certain=False)
    assert not street.channel.certain
    assert street.channel.tracked_ids(message()) == ("first:abc",)


def test_the_pace_is_the_working_gateways() -> None:
    street = Street(rate=5.0)
    taken = 0
    for _ in range(1000):
        while street.channel.turn() == 0.0:
            taken += 1
        street.clock.advance(milliseconds=10)
    assert 47 <= taken <= 51
    street.channel.rests["first"] = (street.clock() + timedelta(minutes=1), 60)
    assert street.channel.turn() == 0.0
    assert street.channel.turn() == pytest.approx(1.0)


async def test_fits_shows_and_closes_as_the_gateways_do() -> None:
    street = Street()
    (fitted,) = street.channel.fit(Outbound(ASHA, "water the field " * 20))
    assert len(street.channel.preview(fitted)) == 3
    await street.channel.close()
    assert street.first.closed
    assert street.second.closed
