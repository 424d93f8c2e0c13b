"""SMS from webhook to gateway: a whole box with Kannel settings, a stand-in for smsbox, the loops stepped by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from prometheus_client import CollectorRegistry

from bot.channels.gateway import SMS
from bot.domain.contacts import Consent, Contact
from bot.domain.errors import ConfigurationError
from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Inbound, Outbound, Purpose
from bot.metrics import Metrics
from bot.mind import Mind
from bot.run import doors_of
from bot.services import Services, build_services
from bot.settings import read_settings
from bot.web.app import create_app
from bot.worker import SETTLE, Worker
from tests.fakes import FakeClock
from tests.gateway_server import LOST, Answer, GatewayServer

ASHA = "+919876543210"
TOKEN = "kannel-secret"
RICE = "mere dhan me tana chedak lag gaya hai"


class Box:
    """`write` is a phone, `run` thinks and sends, `got` is what smsbox was given."""

    mind: Mind
    """Built once for all boxes, which takes a second."""

    def __init__(self, folder: Path, server: GatewayServer, **settings: Any) -> None:
        self.clock, self.server = FakeClock(), server
        given = {"kannel_sendsms_url": server.url, "sms_token": TOKEN, "kannel_rate": 1000, "officer_chat_ids": "77"}
        built = build_services(
            read_settings(data_dir=folder, **(given | settings)), self.clock, Metrics(CollectorRegistry()), self.mind
        )
        self.services: Services = built
        self.app = create_app(doors_of(built))
        self.count = 0

    def call(self, path: str, **fields: str) -> httpx.Response:
        """smsbox calls."""

        async def request() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test") as client:
                query = "&".join(f"{name}={quote(value)}" for name, value in {"token": TOKEN, **fields}.items())
                return await client.get(f"/channels/kannel/{path}?{query}")

        return asyncio.run(request())

    def write(self, text: str, sender: str = ASHA) -> None:
        self.count += 1
        fields = {"from": sender, "id": f"m{self.count}", "charset": "UTF-8", "coding": "0", "text": text}
        assert self.call("receive", **fields).status_code == 200

    def report(self, identity: str, status: str) -> None:
        assert self.call("delivery", id=identity.removeprefix("kannel:"), status=status).status_code == 200

    def run(self) -> None:
        asyncio.run(self.loops())

    async def loops(self) -> None:
        """A worker of its own each time, as after a restart."""
        worker = Worker(self.services, "test", asyncio.Event())
        while worker.answer_next("test/think"):
            pass
        await self.send_all(worker)
        for channel in self.services.channels.values():
            await channel.close()
        self.renew()

    async def send_all(self, worker: Worker) -> None:
        """Until nothing goes any more; a pause that the sender wants ends at once, the test's clock stands still."""
        worker.stopping.set()
        once = worker.sender_of(SMS)
        for _ in range(40):
            if not await once("test/send"):
                return

    def renew(self) -> None:
        """Connections belong to the loop that has just ended."""
        kannel: Any = self.services.gateways["kannel"]
        kannel.calls = type(kannel.calls)("Kannel", 5)

    def calls(self, phone: str) -> list[Any]:
        return [call for call in self.server.requests() if call["to"] == phone]

    def got(self, phone: str = ASHA) -> list[str]:
        """Texts in order; the requests carry them as Latin-1 when they are UCS-2."""
        return [
            call["text"].encode("latin-1").decode("utf-16-be") if call["coding"] == "2" else call["text"]
            for call in self.calls(phone)
        ]

    def contact(self, sender: str = ASHA) -> Contact | None:
        return self.services.contacts.get_by_address(Address(SMS, sender))

    def queue(self, text: str, purpose: Purpose = Purpose.REPLY, **changes: Any) -> str:
        outbound = replace(Outbound(Address(SMS, ASHA), text, purpose=purpose), **changes)
        (identity,) = self.services.messages.queue([outbound])
        return identity

    def states(self) -> dict[str, int]:
        return {state: number for state, number in self.services.messages.counts().outbox.items() if number}


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with GatewayServer(Answer(202, "0: Accepted for delivery")).running() as running:
        yield running


@pytest.fixture(autouse=True)
def one_mind(mind: Mind) -> None:
    Box.mind = mind


@pytest.fixture
def box(tmp_path: Path, server: GatewayServer) -> Iterator[Box]:
    made = Box(tmp_path, server)
    yield made
    made.services.close()


def test_a_question_is_answered_and_delivered(box: Box) -> None:
    box.write(RICE)
    box.run()
    (text,) = box.got()
    assert "tana chhedak" in text
    (identity,) = (call["dlr-url"].partition("&id=")[2].partition("&")[0] for call in box.server.requests())
    box.report(identity, "1")
    box.report(identity, "8")
    box.report(identity, "16")
    assert box.states() == {"delivered": 1}


def test_numbers_written_differently_are_one_contact(box: Box) -> None:
    for sender in (ASHA, "919876543210", "09876543210"):
        box.write("wheat", sender)
    assert len(box.services.contacts.latest()) == 1


# Consent


STOP_WORDS = ("STOP", "stop", "Stop.", "बंद", "band karo", "STOP please", "stpo", "ఆపండి")


def test_stop_is_obeyed_confirmed_once_and_noted(box: Box) -> None:
    phones = {word: f"+91987650000{number}" for number, word in enumerate(STOP_WORDS)}
    for word, phone in phones.items():
        box.queue("an alert", Purpose.ALERT, urgent=True, address=Address(SMS, phone))
        for text in (word, word, RICE):
            box.write(text, phone)
    box.run()
    for word, phone in phones.items():
        contact = box.contact(phone)
        assert contact
        assert contact.consent is Consent.STOPPED, word
        ledger = box.services.contacts.ledger(contact.id)
        assert [(event.action, event.words) for event in ledger] == [("stop", word)] * 2
        assert all(event.at == box.clock() for event in ledger)
        sent = {call["dlr-url"].partition("&id=")[2].partition(".")[0] for call in box.calls(phone)}
        assert len(sent) == 1, f"{word}: more or less than the one confirmation"


def test_stop_outlives_a_restart_a_retry_and_forget(box: Box, tmp_path: Path) -> None:
    box.server.script(Answer(503, "4: Temporal failure"))
    box.queue("sent before STOP, not taken")
    box.run()
    box.write("STOP")
    box.run()
    box.clock.advance(minutes=10)
    box.write("FORGET")
    box.run()
    box.write("1")
    box.run()
    assert box.contact() is None
    box.services.close()
    again = Box(tmp_path, box.server)
    again.clock.advance(hours=1)
    again.count = 100
    before = len(again.got())
    again.write(RICE)
    again.run()
    contact = again.contact()
    assert contact
    assert contact.consent is Consent.STOPPED
    assert len(again.got()) == before
    assert "sent before STOP, not taken" not in again.got()[1:]
    again.write("START")
    again.run()
    again.write(RICE)
    again.run()
    assert "tana chhedak" in again.got()[-1]


def test_a_stop_at_the_gateway_is_one(tmp_path: Path, server: GatewayServer) -> None:
    more = {
        "twilio_account_sid": "AC1",
        "twilio_auth_token": "t",
        "twilio_api_url": server.url,
        "sms_gateways": "twilio",
    }
    box = Box(tmp_path, server, public_url="https://bot.example.org", **more)
    identity = box.queue("an answer")
    waiting = box.queue("an alert", Purpose.ALERT, urgent=True)
    messages = box.services.messages
    messages.record(Inbound(Address(SMS, ASHA), "twilio:SM1", "wheat", box.clock()))
    messages.mark_sent(identity, [f"twilio:{identity}"])
    messages.record_delivery(
        DeliveryReport(SMS, f"twilio:{identity}", DeliveryStatus.STOPPED, box.clock(), "Twilio 21610")
    )
    contact = box.contact()
    assert contact
    assert (contact.consent, contact.alerts) == (Consent.STOPPED, False)
    assert [event.action for event in box.services.contacts.ledger(contact.id)] == ["stop"]
    assert waiting
    assert box.states() == {"stopped": 2}
    box.services.close()


def test_forget_erases_texts_and_says_so(box: Box) -> None:
    box.write(RICE)
    box.run()
    box.write("FORGET")
    box.run()
    box.write("1")
    box.run()
    assert box.contact() is None
    assert not any(turn.text for turn in box.services.messages.recent())
    # Asked in Latin letters, told in Latin letters.
    assert box.got()[-1].isascii()


# Budgets and hours


def test_the_days_budget_ends_with_one_note(tmp_path: Path, server: GatewayServer) -> None:
    box = Box(tmp_path, server, sms_segments_per_day=3)
    for _ in range(6):
        box.write(RICE)
        box.run()
    note = box.got()[-1]
    assert len(box.got()) == 4
    assert "tana chhedak" not in note
    box.write("bachao saap ne kaat liya")
    box.run()
    assert len(box.got()) > 4, "first aid passes"
    told = len(box.got())
    box.write("STOP")
    box.run()
    assert len(box.got()) > told, "so does the farewell"
    box.write("START")
    box.clock.advance(days=1)
    box.run()
    box.write(RICE)
    box.run()
    assert "tana chhedak" in box.got()[-1]
    box.services.close()


def test_alerts_wait_for_the_morning_answers_do_not(box: Box) -> None:
    box.clock.advance(hours=10)  # 21:30 in India
    box.queue("rain tomorrow", Purpose.ALERT)
    box.queue("news", Purpose.BROADCAST, address=Address(SMS, "+254711082300"))
    box.queue("cyclone", Purpose.ALERT, urgent=True, address=Address(SMS, "+919876500001"))
    box.queue("an answer")
    box.run()
    assert box.got() == ["an answer"]
    assert box.got("+919876500001") == ["cyclone"]
    assert box.got("+254711082300") == ["news"], "19:00 in Kenya"
    box.clock.advance(hours=9, minutes=29)
    box.run()
    assert box.got() == ["an answer"]
    box.clock.advance(minutes=2)
    box.run()
    assert box.got() == ["an answer", "rain tomorrow"]


def test_what_comes_too_late_is_not_sent(box: Box) -> None:
    box.server.script(*[Answer(503, "4: Temporal failure")] * 50)
    box.queue("rain tomorrow", Purpose.ALERT)
    for _ in range(30):
        box.run()
        box.clock.advance(hours=1)
    assert box.states() == {"expired": 1}
    box.server.answers.clear()
    box.queue("too old", expires_at=box.clock() - timedelta(seconds=1))
    box.run()
    assert box.got().count("too old") == 0


def test_a_gateway_that_is_down_for_hours_loses_nothing(box: Box) -> None:
    box.server.script(*[Answer(503, "4: Temporal failure")] * 12)
    box.queue("an answer")
    for _ in range(13):
        box.run()
        box.clock.advance(minutes=5)
    assert box.states() == {"sent": 1}


def test_replies_go_before_bulk(tmp_path: Path, server: GatewayServer) -> None:
    box = Box(tmp_path, server, kannel_rate=1000)
    for number in range(30):
        box.queue(f"news {number}", Purpose.BROADCAST, address=Address(SMS, f"+9198765000{number:02}"))
    box.queue("an answer")
    box.run()
    assert server.requests()[0]["text"] == "an answer" or "an answer" in [c["text"] for c in server.requests()[:20]]
    assert len(server.requests()) == 31
    box.services.close()


# Crashes and doubts


def crash_in_hand(box: Box) -> None:
    """A sender claims all that is due and dies."""
    assert box.services.messages.claim_outbound("dead", 20, timedelta(seconds=60), [SMS])
    box.services.messages.release_claims("")


def test_after_a_crash_reports_decide(box: Box) -> None:
    taken, lost = box.queue("taken before the crash"), box.queue("never sent", address=Address(SMS, "+919876500001"))
    crash_in_hand(box)
    box.report(f"{taken}.1", "8")
    box.run()
    assert box.server.requests() == []
    box.clock.now += SETTLE
    box.run()
    assert (box.got(), box.got("+919876500001")) == ([], ["never sent"])
    assert box.states() == {"sent": 2}
    box.report(f"{taken}.1", "1")
    box.report(f"{lost}.1", "2")
    assert box.states() == {"delivered": 1, "failed": 1}
    assert box.services.messages.counts().uncertain == 2


def test_a_lost_answer_is_looked_up_before_the_second_attempt(box: Box) -> None:
    identity = box.queue("an answer")
    box.server.script(LOST)
    box.run()
    assert box.states() == {"queued": 1}
    box.report(f"{identity}.1", "8")
    box.clock.advance(minutes=1)
    box.run()
    assert len(box.got()) == 1
    assert box.states() == {"sent": 1}


def test_without_reports_a_doubtful_sms_goes_out_twice_at_most(tmp_path: Path, server: GatewayServer) -> None:
    answer = {"africastalking_username": "sandbox", "africastalking_api_key": "k"}
    box = Box(tmp_path, server, kannel_sendsms_url="", africastalking_api_url=server.url, **answer)
    server.script(*[LOST] * 5)
    box.queue("an answer")

    async def send() -> None:
        await box.send_all(Worker(box.services, "test", asyncio.Event()))
        await box.services.channels[SMS].close()

    for _ in range(5):
        asyncio.run(send())
        gateway: Any = box.services.gateways["africastalking"]
        gateway.calls = type(gateway.calls)("AT", 5)
        box.clock.advance(hours=1)
    assert len(server.requests()) == 2
    assert box.states() == {"failed": 1}
    assert box.services.messages.counts().uncertain == 1
    box.services.close()


# India


DLT = """
entity: "1101234567890123456"
header: KHTDOT
templates:
  - {{id: "1107160000000000001", text: "You get no more messages{{#var#}}{{#var#}}{{#var#}}"}}
  - {{id: "1107160000000000002", text: "Your answer is ready: call 1800-180-1551."}}
{pointers}
"""


def strict_box(folder: Path, server: GatewayServer, pointers: str) -> Box:
    folder.mkdir(exist_ok=True)
    file = folder / "dlt.yaml"
    file.write_text(DLT.format(pointers=pointers))
    return Box(folder, server, dlt_file=file, dlt_strict=True)


def test_strict_without_a_registered_answer_says_where_it_is(tmp_path: Path, server: GatewayServer) -> None:
    box = strict_box(tmp_path, server, 'pointers: {en: "1107160000000000002"}')
    box.write(RICE)
    box.run()
    assert box.got() == ["Your answer is ready: call 1800-180-1551."]
    (call,) = server.requests()
    assert (call["from"], call["meta-data"]) == (
        "KHTDOT",
        "?smpp?dlt_entity=1101234567890123456&dlt_template=1107160000000000002",
    )
    box.services.close()


def test_strict_without_a_pointer_hands_the_question_to_officers(tmp_path: Path, server: GatewayServer) -> None:
    box = strict_box(tmp_path, server, "")
    box.write(RICE)
    box.run()
    assert server.requests() == []
    (handoff,) = box.services.handoffs.list_open()
    assert (handoff.question, handoff.reason) == (RICE, "not_registered")
    (told,) = box.services.messages.replies_for(Address("telegram", "77"))
    assert RICE in told.outbound.text
    box.queue("queued by somebody who did not ask")
    box.run()
    assert server.requests() == []
    assert box.states()[DeliveryStatus.FAILED] == 1
    box.services.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dlt_strict": True}, "DLT_FILE"),
        ({"sms_gateways": "pigeon"}, "unknown pigeon"),
        ({"africastalking_username": "x", "sms_token": ""}, "SMS_TOKEN"),
    ],
)
def test_settings_that_cannot_work_are_named(tmp_path: Path, server: GatewayServer, settings: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Box(tmp_path, server, **settings)


def test_all_gateways_by_their_settings(tmp_path: Path, server: GatewayServer) -> None:
    example = Path(__file__).resolve().parent.parent / "deploy" / "sms" / "http-gateway.yaml"
    box = Box(
        tmp_path, server, twilio_account_sid="AC1", twilio_auth_token="t", africastalking_username="x",
        http_gateway_file=example, gammu_database_url=f"sqlite:///{tmp_path / 'smsd.db'}",
        sms_gateways="gammu,http,twilio,kannel,africastalking",
    )  # fmt: skip
    assert list(box.services.gateways) == ["gammu", "http", "twilio", "kannel", "africastalking"]
    assert SMS in box.services.channels
    box.services.close()
