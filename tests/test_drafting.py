"""Answers that can be watched while they are written: a real Bot API over HTTP, a real database, a scripted model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.answering.model import Model
from bot.domain.errors import EngineCrashed
from bot.domain.messages import Address, Inbound
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.metrics import Metrics
from bot.mind import Mind, build_mind
from bot.services import Services, build_services
from bot.settings import read_settings
from bot.worker import Worker
from tests.answering.fake_engine import WritingEngine, always
from tests.conftest import ROOT
from tests.fakes import FakeChannel, FakeClock
from tests.telegram_server import CANNOT_EDIT, RESET_AFTER_TAKING, TOKEN, TelegramServer, too_many

FARMER = Address("telegram", "77")
WEB = Address("web", "s3ssion_token-0123456789")
CARD = "rice/stem-borer"
QUESTION = "my rice has stem borer"
LIE = " Spray 500 ml of monocrotophos. "
CLOSED = " …"
Pieces = Sequence[str | Exception | Callable[[], object]]


class Box:
    """A box whose model writes what a test wants, on Telegram and elsewhere."""

    def __init__(self, services: Services, engine: WritingEngine, server: TelegramServer, clock: FakeClock) -> None:
        self.services, self.engine, self.server, self.clock = services, engine, server, clock
        self.worker = Worker(services, "test", asyncio.Event())
        self.numbers = itertools.count(1)

    def receive(self, text: str = QUESTION, address: Address = FARMER) -> None:
        inbound = Inbound(address, f"in-{next(self.numbers)}", text, self.clock())
        self.services.messages.record(inbound)

    async def answer(self, pieces: Pieces, address: Address = FARMER) -> None:
        """Answers all there is while the model writes these pieces, and sends the answers."""
        self.engine.pieces = pieces
        while await self.worker.think_once("test/think"):
            pass
        await self.send(address)

    async def send(self, address: Address = FARMER) -> None:
        once = self.worker.sender_of(address.channel)
        while await once("test/send"):
            pass

    def queued(self, address: Address = FARMER) -> str:
        """The text of the only row of the outbox."""
        (row,) = self.services.messages.replies_for(address)
        return row.outbound.text

    def seen(self) -> list[list[str]]:
        """What each message on her phone said, one after the other."""
        return [said for (chat, _), said in self.server.history.items() if chat == FARMER.id]


@pytest.fixture(scope="module")
def writing(locales: Locales, knowledge: Knowledge) -> tuple[Mind, WritingEngine]:
    engine = WritingEngine(always(""))
    return build_mind(
        locales, knowledge, ROOT / "knowledge", model=Model(engine, writes=frozenset({"en", "hi"}))
    ), engine


@pytest.fixture
async def box(tmp_path: Path, writing: tuple[Mind, WritingEngine]) -> AsyncIterator[Box]:
    mind, engine = writing
    clock, seconds = FakeClock(), itertools.count(step=2)
    with TelegramServer().running() as server:
        settings = read_settings(data_dir=tmp_path, telegram_token=TOKEN, telegram_api_url=server.url)
        services = build_services(settings, clock, Metrics(CollectorRegistry()), mind)
        services = replace(services, drafter=replace(services.drafter, clock=lambda: float(next(seconds))))
        engine.told = 0
        yield Box(services, engine, server, clock)
        await services.channels["telegram"].close()
        services.close()


@pytest.fixture
def sentences(writing: tuple[Mind, WritingEngine]) -> list[str]:
    """What an honest model writes, sentence by sentence."""
    return sentences_in(writing[0], "en")


def sentences_in(mind: Mind, language: str) -> list[str]:
    card = mind.knowledge.cards[CARD]
    return [f"{card.texts[language].steps[step.id]} " for step in card.steps]


def words(sentences: Sequence[str]) -> list[str]:
    """In small pieces, as models write."""
    text = "".join(sentences)
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def is_draft_of(text: str, sentence: str) -> bool:
    return f"{sentence.strip()}{CLOSED}" in text


async def test_the_answer_grows_in_one_message(box: Box, sentences: list[str]) -> None:
    box.receive()
    await box.answer(words(sentences))
    ((*drafts, final),) = box.seen()
    assert len(drafts) >= len(sentences) - 1
    assert all(CLOSED in draft for draft in drafts)
    assert [len(draft) for draft in drafts] == sorted({len(draft) for draft in drafts})
    assert is_draft_of(drafts[0], sentences[0])
    assert final == box.queued()
    assert " ".join(sentence.strip() for sentence in sentences) in final
    assert len(box.server.sent()) == 1
    *plain, last = box.server.calls_of("editMessageText")
    assert "inline_keyboard" in last["reply_markup"]
    assert not any("reply_markup" in call for call in plain)


@pytest.mark.parametrize("end", [LIE, EngineCrashed("x")])
async def test_the_steps_take_the_place_of_what_broke_off(box: Box, sentences: list[str], end: str | Exception) -> None:
    box.receive()
    await box.answer([sentences[0], sentences[1], end, *sentences[2:]])
    ((*drafts, final),) = box.seen()
    assert is_draft_of(drafts[-1], sentences[1]) or is_draft_of(drafts[-1], sentences[0])
    assert final == box.queued()
    assert f"1. {sentences[0].strip()}" in final
    assert "monocrotophos" not in str(box.server.calls)
    assert CLOSED not in final


async def test_a_lie_ends_the_writing(box: Box, sentences: list[str]) -> None:
    box.receive()
    await box.answer([LIE, *sentences])
    assert box.engine.told == 1
    assert box.seen() == [[box.queued()]]


async def test_a_draft_that_cannot_be_edited_is_followed(box: Box, sentences: list[str]) -> None:
    box.receive()
    box.server.fail("editMessageText", CANNOT_EDIT, CANNOT_EDIT)
    await box.answer(sentences)
    (draft,), final = box.seen()
    assert CLOSED in draft
    assert final == [box.queued()]


async def test_throttled_drafts_end_and_the_answer_waits(box: Box, sentences: list[str]) -> None:
    box.receive()
    box.server.fail("editMessageText", too_many(5), too_many(7))
    await box.answer(sentences)
    assert [len(said) for said in box.seen()] == [1]
    assert len(box.server.calls_of("editMessageText")) == 2, "one draft, one answer"
    box.clock.advance(seconds=8)
    await box.send()
    ((draft, final),) = box.seen()
    assert CLOSED in draft
    assert final == box.queued()


async def test_a_draft_of_unknown_end_is_not_edited_again(box: Box, sentences: list[str]) -> None:
    """It could come after the answer, and take its place."""
    box.receive()
    box.server.fail("editMessageText", RESET_AFTER_TAKING)
    await box.answer(sentences)
    assert [said[-1] for said in box.seen()][1:] == [box.queued()]
    assert len(box.server.calls_of("editMessageText")) == 1


async def test_an_answer_whose_taking_was_not_told_comes_once(box: Box, sentences: list[str]) -> None:
    box.receive()
    box.server.fail("editMessageText", RESET_AFTER_TAKING)
    await box.answer([sentences[0], " ", LIE])
    assert "sent" not in box.services.messages.counts().outbox
    box.clock.advance(minutes=5)
    await box.send()
    assert box.services.messages.counts().outbox["sent"] == 1
    ((draft, final),) = box.seen()
    assert CLOSED in draft
    assert final == box.queued()
    assert len(box.server.calls_of("editMessageText")) == 2


async def test_at_most_one_draft_a_second(box: Box, sentences: list[str]) -> None:
    box.services = replace(box.services, drafter=replace(box.services.drafter, clock=lambda: 5.0))
    box.worker = Worker(box.services, "test", asyncio.Event())
    box.receive()
    await box.answer(words(sentences))
    ((draft, final),) = box.seen()
    assert CLOSED in draft
    assert final == box.queued()


async def test_no_draft_once_she_has_written_again(box: Box, sentences: list[str]) -> None:
    box.receive()
    await box.answer([sentences[0], sentences[1], lambda: box.receive("STOP"), *sentences[2:]])
    said = str(box.server.history)
    assert is_draft_of(said.replace("\\n", "\n"), sentences[0])
    assert sentences[2].strip() not in said, "neither the rest nor the answer comes after STOP"
    farewell = box.services.messages.replies_for(FARMER)[-1].outbound.text
    assert box.seen()[-1] == [farewell]


async def test_no_draft_for_who_is_stopped_meanwhile(box: Box, sentences: list[str]) -> None:
    box.receive()
    await box.answer([lambda: box.services.contacts.stop(FARMER, "blocked"), *sentences])
    assert box.server.history == {}


async def test_forgotten_meanwhile(box: Box, sentences: list[str]) -> None:
    box.receive()
    claim = box.services.messages.claim_inbound("other", timedelta(minutes=1))
    assert claim
    showing = box.services.drafter.showing(claim, asyncio.get_running_loop())
    assert showing
    box.receive("forget me")
    await asyncio.to_thread(showing.show, "too late")
    assert (box.server.calls, showing.end()) == ([], "")


async def test_the_next_attempt_edits_what_a_dead_worker_showed(box: Box, sentences: list[str]) -> None:
    box.receive()
    claim = box.services.messages.claim_inbound("dead", timedelta(minutes=1))
    assert claim
    showing = box.services.drafter.showing(claim, asyncio.get_running_loop())
    assert showing
    await asyncio.to_thread(showing.show, "Half a sentence")
    box.services.messages.release_claims("dead")
    await asyncio.to_thread(showing.show, "A dead worker's second sentence")
    await box.answer([LIE])
    assert box.seen() == [["Half a sentence", box.queued()]]


async def test_the_web_page_reads_the_draft(box: Box, sentences: list[str]) -> None:
    drafts = box.services.drafter.drafts
    found: list[str] = []

    def look() -> None:
        draft = drafts.of(WEB)
        found.append(draft.text if draft else "")

    box.receive(address=WEB)
    await box.answer([look, sentences[0], sentences[1], look, LIE], WEB)
    look()
    assert found[0] == found[2] == ""
    assert CLOSED in found[1]
    assert f"1. {sentences[0].strip()}" in box.queued(WEB)


async def test_drafts_are_in_her_letters(box: Box, writing: tuple[Mind, WritingEngine]) -> None:
    box.receive("mere dhan me tana chhedak laga hai")
    await box.answer(sentences_in(writing[0], "hi"))
    ((*drafts, final),) = box.seen()
    assert drafts
    assert not any("\u0900" <= char <= "\u0963" for text in (*drafts, final) for char in text)


async def test_other_channels_get_the_answer_alone(box: Box, sentences: list[str]) -> None:
    channel, address = FakeChannel(), Address("fake", "1")
    channels = {"fake": channel}
    services = replace(box.services, channels=channels, drafter=replace(box.services.drafter, channels=channels))
    services = replace(services, thinker=replace(services.thinker, fit=channel.fit))
    box.worker = Worker(services, "test", asyncio.Event())
    box.receive(address=address)
    await box.answer(sentences, address)
    assert len(channel.sent) == 1
    assert box.engine.told == 0
