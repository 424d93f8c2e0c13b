"""One call at a time: order, limits, deadlines; and the breaker's clock."""

from __future__ import annotations

import threading
import time

import pytest

from bot.answering.breaker import Breaker, Patience
from bot.answering.turnstile import Turnstile
from bot.domain.errors import EngineBusy, EngineTimeout, EngineUnavailable


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wait_until_queued(turnstile: Turnstile, count: int) -> None:
    while len(turnstile.queue) < count:
        time.sleep(0.005)


def line_up(turnstile: Turnstile, order: list[str], name: str, priority: int) -> threading.Thread:
    def enter() -> None:
        with turnstile.turn(priority, time.monotonic() + 60):
            order.append(name)

    thread = threading.Thread(target=enter)
    waiting = len(turnstile.queue)
    thread.start()
    wait_until_queued(turnstile, waiting + 1)
    return thread


def test_urgent_calls_go_first_and_then_in_order() -> None:
    turnstile, order = Turnstile(8, time.monotonic), list[str]()
    with turnstile.turn(0, time.monotonic() + 60):
        threads = [line_up(turnstile, order, name, int(name[1])) for name in ("a5", "b0", "c5", "d0", "e1")]
        assert turnstile.wanted()
    for thread in threads:
        thread.join()
    assert order == ["b0", "d0", "e1", "a5", "c5"]
    assert not turnstile.wanted()


def test_more_than_may_wait_are_sent_away_at_once() -> None:
    turnstile, order = Turnstile(1, time.monotonic), list[str]()
    with turnstile.turn(0, time.monotonic() + 60):
        thread = line_up(turnstile, order, "waits", 0)
        with pytest.raises(EngineBusy), turnstile.turn(0, time.monotonic() + 60):
            pass
    thread.join()
    assert order == ["waits"]


def test_nobody_may_wait_and_one_goes_in() -> None:
    turnstile = Turnstile(0, time.monotonic)
    with turnstile.turn(0, time.monotonic() + 60), pytest.raises(EngineBusy), turnstile.turn(0, time.monotonic() + 60):
        pass
    with turnstile.turn(0, time.monotonic() + 60):
        pass


def test_no_turn_within_the_deadline() -> None:
    turnstile = Turnstile(1, time.monotonic)
    with turnstile.turn(0, time.monotonic() + 60):
        with pytest.raises(EngineTimeout), turnstile.turn(0, time.monotonic() + 0.01):
            pass
        assert not turnstile.wanted()


def test_idle_work_only_when_nobody_is_inside() -> None:
    turnstile = Turnstile(1, time.monotonic)
    with turnstile.turn(0, time.monotonic() + 60), turnstile.idle_turn() as given:
        assert not given
    with turnstile.idle_turn() as given:
        assert given
        with turnstile.idle_turn() as second:
            assert not second
    with turnstile.turn(0, time.monotonic() + 60):
        pass


def test_an_error_inside_gives_the_turn_on() -> None:
    turnstile = Turnstile(0, time.monotonic)
    with pytest.raises(EngineTimeout, match="inside"), turnstile.turn(0, time.monotonic() + 60):
        raise EngineTimeout("inside")
    with turnstile.turn(0, time.monotonic() + 60):
        pass


def test_closing_sends_those_who_wait_away() -> None:
    turnstile, errors = Turnstile(1, time.monotonic), list[EngineUnavailable]()

    def enter() -> None:
        try:
            with turnstile.turn(0, time.monotonic() + 60):
                raise AssertionError("closed")
        except EngineUnavailable as error:
            errors.append(error)

    with turnstile.turn(0, time.monotonic() + 60):
        thread = threading.Thread(target=enter)
        thread.start()
        wait_until_queued(turnstile, 1)
        turnstile.close()
        thread.join()
    assert len(errors) == 1


def test_the_breaker_waits_longer_each_time_and_then_rests() -> None:
    clock = Clock()
    breaker = Breaker(clock, Patience(first=1, most=3, failures=4, rest=60))
    waits = []
    for _ in range(3):
        breaker.failed()
        waits.append(breaker.wait())
        assert not breaker.is_open()
    assert waits == [1, 2, 3]
    breaker.failed()
    assert breaker.is_open()
    assert breaker.wait() == 60


def test_the_breaker_lets_one_try_through_and_opens_again_if_it_fails() -> None:
    clock = Clock()
    breaker = Breaker(clock, Patience(first=1, most=3, failures=2, rest=60))
    breaker.failed()
    breaker.failed()
    clock.now += 60
    assert not breaker.is_open()
    assert breaker.wait() == 0
    breaker.failed()
    assert breaker.is_open()
    clock.now += 60
    breaker.worked()
    breaker.failed()
    assert not breaker.is_open()
    assert breaker.wait() == 1
