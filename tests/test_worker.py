"""The two loops over a real SQLite file, with a fake channel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.domain.contacts import Consent
from bot.domain.errors import ContactBlocked, SendError, Throttled
from bot.domain.messages import Address, Inbound, InboundKind, Outbound
from bot.metrics import Metrics
from bot.mind import Mind
from bot.pipeline import Handled, Pipeline
from bot.services import Services, build_services
from bot.settings import read_settings
from bot.storage.claims import InboxState
from bot.understanding.romanise import romanise
from bot.worker import MOST_ATTEMPTS, Worker, pause_after
from tests.fakes import FakeChannel, FakeClock

FARMER = Address("fake", "4711-0815")
OFFICER = Address("telegram", "77")


class BrokenPipeline:
    """Fails at every message."""

    def handle(self, *_: object) -> Handled:
        raise ZeroDivisionError("a defect")


class Box:
    """A whole box in a temporary folder: services, a fake channel and a worker that is stepped by hand."""

    def __init__(self, services: Services, channel: FakeChannel, clock: FakeClock) -> None:
        self.services, self.channel, self.clock = services, channel, clock
        self.worker = Worker(services, "test", asyncio.Event())
        self.count = 0

    def receive(self, text: str, address: Address = FARMER, **more: object) -> None:
        self.count += 1
        inbound = Inbound(address, f"in-{self.count}", text, self.clock())
        self.services.messages.record(replace(inbound, **more))  # type: ignore[arg-type]

    def think(self) -> None:
        while self.worker.answer_next("test/think"):
            pass

    def send(self, name: str = "fake") -> None:
        once = self.worker.sender_of(name)
        while asyncio.run(once("test/send")):
            pass

    def sent(self) -> list[str]:
        return [outbound.text for outbound in self.channel.sent]


@pytest.fixture
def box(tmp_path: Path, mind: Mind) -> Iterator[Box]:
    clock = FakeClock()
    settings = read_settings(data_dir=tmp_path, officer_chat_ids="77")
    services = build_services(settings, clock, Metrics(CollectorRegistry()), mind)
    channel, officers = FakeChannel(), FakeChannel("telegram")
    services = replace(services, channels={"fake": channel, "telegram": officers})
    services = replace(services, thinker=replace(services.thinker, fit=channel.fit))
    yield Box(services, channel, clock)
    services.close()


def states(box: Box) -> dict[str, int]:
    return {name: number for name, number in box.services.messages.counts().outbox.items() if number}


def test_answers_and_sends(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.send()
    assert box.sent()[0].startswith("Stem borer in rice")
    assert states(box) == {"sent": 1}


def test_conversation_of_one_contact_is_remembered(box: Box) -> None:
    box.receive("wheat")
    box.receive("weeds")
    box.think()
    box.send()
    assert "wheat" in box.sent()[0]
    assert "Weeds in wheat" in box.sent()[1]


def test_a_second_attempt_decides_as_the_first_did(box: Box) -> None:
    """The session was saved, the answer was not: the question back must still be the one that is answered."""
    box.receive("wheat")
    box.think()
    claimed_texts = []
    box.receive("weeds")
    claim = box.services.messages.claim_inbound("dies", timedelta(seconds=1))
    assert claim
    thinker = box.services.thinker
    for _ in range(2):
        session = thinker.sessions.load(claim.contact.id, claim.inbox_id)
        handled = thinker.pipeline.handle(claim.inbound, claim.contact, session, box.clock())
        thinker.sessions.save(claim.contact.id, handled.result.session, claim.inbox_id, session)
        claimed_texts.append(handled.outbounds[0].text)
    assert claimed_texts[0] == claimed_texts[1]


def test_a_failing_message_is_retried_then_apologised_for(box: Box) -> None:
    broken = replace(box.services.thinker, pipeline=BrokenPipeline())  # type: ignore[arg-type]
    box.worker = Worker(replace(box.services, thinker=broken), "test", asyncio.Event())
    box.receive("my rice has stem borer")
    for _ in range(10):
        box.think()
        box.clock.advance(minutes=5)
    box.send()
    assert len(box.sent()) == 1
    assert "went wrong" in box.sent()[0]
    assert box.services.messages.counts().inbox[InboxState.FAILED] == 1


def test_an_apology_is_in_her_language_and_letters(box: Box) -> None:
    box.receive("mere dhan me tana chhedak laga hai")
    box.think()
    box.send()
    broken = replace(box.services.thinker, pipeline=BrokenPipeline())  # type: ignore[arg-type]
    box.worker = Worker(replace(box.services, thinker=broken), "test", asyncio.Event())
    box.receive("gehu me kitni khad dale")
    for _ in range(10):
        box.think()
        box.clock.advance(minutes=5)
    box.send()
    apology = box.channel.sent[-1]
    sorry = box.services.mind.locales.text("error.sorry", "hi")
    assert (apology.text, apology.language) == (romanise(sorry, "hi"), "hi")


def test_retryable_errors_are_retried_with_back_off(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.channel.errors = [SendError("gateway down", retryable=True)]
    box.send()
    assert states(box) == {"queued": 1}
    box.clock.advance(seconds=pause_after(SendError("", retryable=True), 1) + 1)
    box.send()
    assert states(box) == {"sent": 1}


def test_gives_up_after_the_last_attempt(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.channel.errors = [SendError("gateway down", retryable=True) for _ in range(MOST_ATTEMPTS)]
    for _ in range(MOST_ATTEMPTS):
        box.send()
        box.clock.advance(minutes=20)
    assert states(box) == {"failed": 1}
    assert box.channel.errors == []


def test_permanent_errors_are_not_retried(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.channel.errors = [SendError("bad number", retryable=False)]
    box.send()
    assert states(box) == {"failed": 1}


def test_throttling_is_obeyed(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.channel.errors = [Throttled("slow down", 33)]
    box.send()
    box.clock.advance(seconds=32)
    box.send()
    assert box.sent() == []
    box.clock.advance(seconds=2)
    box.send()
    assert len(box.sent()) == 1


def test_blocked_by_the_contact_stops_her(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.think()
    box.channel.errors = [ContactBlocked("bot was blocked by the user")]
    box.send()
    contact = box.services.contacts.get_by_address(FARMER)
    assert contact
    assert contact.consent is Consent.STOPPED
    box.services.messages.queue([Outbound(FARMER, "an alert")])
    box.send()
    assert box.sent() == []


def test_a_block_event_stops_her_without_an_answer(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.receive("", kind=InboundKind.BLOCKED)
    box.think()
    box.send()
    assert box.sent() == []
    assert states(box) == {"stopped": 1}


def test_stop_is_confirmed_once_and_nothing_follows(box: Box) -> None:
    box.receive("STOP")
    box.think()
    box.receive("stop")
    box.receive("my rice has stem borer")
    box.services.messages.queue([Outbound(FARMER, "an alert")])
    box.think()
    box.send()
    assert len(box.sent()) == 1
    assert "START" in box.sent()[0]
    contact = box.services.contacts.get_by_address(FARMER)
    assert contact
    assert [event.action for event in box.services.contacts.ledger(contact.id)] == ["stop", "stop"]


def test_handoff_reaches_officers_and_the_answer_comes_back(box: Box) -> None:
    box.receive("how do i train my dog")
    box.receive("talk to a person")
    box.think()
    box.send()
    box.send("telegram")
    officers = box.services.channels["telegram"]
    assert isinstance(officers, FakeChannel)
    assert len(officers.sent) == 1
    assert "how do i train my dog" in officers.sent[0].text
    assert str(FARMER.id) not in officers.sent[0].text
    box.receive("Begin with sit.", OFFICER, in_reply_to="telegram-1")
    box.think()
    box.send()
    box.send("telegram")
    assert box.sent()[-1] == "Extension worker: Begin with sit."
    assert "on its way" in officers.sent[-1].text
    assert [handoff.state for handoff in box.services.handoffs.list_open()] == []


def test_officers_talking_in_their_group_are_left_alone(box: Box) -> None:
    group = Address("telegram", "-100")
    desk = box.services.thinker.desk
    desk.officers = (group,)
    box.receive("lunch?", group)
    box.think()
    box.send("telegram")
    assert states(box) == {}


def test_forget_erases_the_contact_and_says_so(box: Box) -> None:
    box.receive("my rice has stem borer")
    box.receive("forget me")
    box.receive("Yes, erase all")
    box.think()
    box.send()
    assert "Erased" in box.sent()[-1]
    assert box.services.contacts.get_by_address(FARMER) is None
    assert not any("rice" in turn.text for turn in box.services.messages.recent())


def test_pauses_double_up_to_ten_minutes() -> None:
    error = SendError("", retryable=True)
    assert [pause_after(error, attempt) for attempt in (1, 2, 3, 9)] == [5, 10, 20, 600]


def test_pipeline_never_sees_the_database() -> None:
    assert not {"messages", "sessions", "contacts"} & set(Pipeline.__dataclass_fields__)
