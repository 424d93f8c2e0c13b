"""Africa's Talking: forms in behind an unguessable address, the messaging API and its status codes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.channels.africastalking import AfricasTalking
from bot.channels.gateway import Common
from bot.domain.errors import ConfigurationError, ContactBlocked, SendError, Throttled
from bot.domain.messages import Address, DeliveryStatus, Outbound, Purpose
from tests.channels.cases import (
    Bench,
    Check,
    Expected,
    IncomingCase,
    OutgoingCase,
    Request,
    by_label,
    free_cases,
    run_incoming,
    run_outgoing,
)
from tests.gateway_server import LOST, Answer, GatewayServer

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
AMINA = Address("sms", "+254711082300")
COMMON = Common(clock=lambda: NOW, region="KE", token="unguessable", sender="56070", timeout=5)


def channel_at(url: str, **changes: Any) -> AfricasTalking:
    return AfricasTalking("sandbox", "key", replace(COMMON, **changes), api_url=url)


def post(fields: dict[str, str]) -> Request:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Request(urlencode(fields, errors="surrogatepass").encode(), headers, query="token=unguessable")


def said(text: str, sender: str = AMINA.id) -> Request:
    fields = {"id": "ec26fc94", "from": sender, "to": "56070", "text": text, "date": "2026-07-01T06:00:00Z"}
    return post(fields | {"linkId": "28a92cdf", "networkCode": "63902"})


def report(status: str, reason: str = "") -> Request:
    fields = {"id": "ATXid_1", "status": status, "phoneNumber": AMINA.id, "networkCode": "63902", "retryCount": "0"}
    return post(fields | ({"failureReason": reason} if reason else {}))


def guessed(request: Request) -> Request:
    return replace(request, query="token=guessed")


BENCH = Bench(channel_at("http://127.0.0.1:9"), good=said, wrong_secret=guessed)
CASES = [
    IncomingCase("text", said("mpunga wangu una funza"),
                 expected=(Expected("mpunga wangu una funza", AMINA.id, external_id="africastalking:ec26fc94"),)),
    IncomingCase("number of the country", said("x", "0711082300"), expected=(Expected("x", AMINA.id),)),
    IncomingCase("advertiser", said("win", "SAFARICOM")),
    IncomingCase("no token", replace(said("x"), query=""), 403),
    IncomingCase("nothing in it", post({"text": "x"}), 400),
    *(
        IncomingCase(f"{status} {reason}", report(status, reason), reports=(("africastalking:ATXid_1", wanted),),
                     endpoint="delivery")
        for status, reason, wanted in (
            ("Sent", "", DeliveryStatus.SENT),
            ("Submitted", "", DeliveryStatus.SENT),
            ("Buffered", "", DeliveryStatus.SENT),
            ("Success", "", DeliveryStatus.DELIVERED),
            ("Rejected", "InvalidPhoneNumber", DeliveryStatus.FAILED),
            ("Rejected", "UserInBlacklist", DeliveryStatus.STOPPED),
            ("Failed", "DeliveryFailure", DeliveryStatus.FAILED),
            ("AbsentSubscriber", "", DeliveryStatus.FAILED),
            ("Expired", "", DeliveryStatus.EXPIRED),
        )
    ),
    IncomingCase("unknown state", report("Dreaming"), 400, endpoint="delivery"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


async def test_only_listed_callers() -> None:
    channel = AfricasTalking("sandbox", "key", COMMON, callers=("196.201.214.200",))
    await run_incoming(IncomingCase("another caller", said("x"), 403), channel)
    with pytest.raises(ConfigurationError, match="SMS_TOKEN"):
        AfricasTalking("sandbox", "key", replace(COMMON, token=""))


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with GatewayServer(answered(101, "Success")).running() as running:
        yield running


@pytest.fixture
async def channel(server: GatewayServer) -> AsyncIterator[AfricasTalking]:
    made = channel_at(server.url)
    yield made
    await made.close()


def answered(code: int, status: str) -> Answer:
    recipient = {"statusCode": code, "number": AMINA.id, "status": status, "cost": "KES 0.80", "messageId": "ATXid_1"}
    return Answer(201, json.dumps({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}}))


EMPTY = Answer(201, '{"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}')
CALL = {"username": "sandbox", "to": AMINA.id, "message": "x", "from": "56070", "path": "/version1/messaging",
        "header:apikey": "key"}  # fmt: skip


def to_amina(**changes: Any) -> Outbound:
    return replace(Outbound(AMINA, "x", id="abc"), **changes)


OUTGOING = [
    OutgoingCase("answer", to_amina(), calls=({**CALL, "enqueue": None},)),
    OutgoingCase("broadcast", to_amina(purpose=Purpose.BROADCAST), calls=({**CALL, "enqueue": "1"},)),
    OutgoingCase("queued", to_amina(), (answered(102, "Queued"),), (CALL,)),
    OutgoingCase("processed", to_amina(), (answered(100, "Processed"),), (CALL,)),
    OutgoingCase("stopped", to_amina(), (answered(406, "UserInBlacklist"),), (CALL,), ContactBlocked),
    *(OutgoingCase(f"permanent {code}", to_amina(), (answered(code, "x"),), (CALL,), SendError)
      for code in (403, 404, 407, 409, 502)),
    *(OutgoingCase(f"ours to mend {code}", to_amina(), (answered(code, "x"),), (CALL,), SendError, retryable=True)
      for code in (401, 402, 405)),
    *(OutgoingCase(f"again {code}", to_amina(), (answered(code, "x"),), (CALL,), Throttled, retryable=True,
                   retry_after=10, whole_channel=True) for code in (500, 501)),
    OutgoingCase("no recipient", to_amina(), (EMPTY,), (CALL,), SendError, retryable=True),
    OutgoingCase("nonsense", to_amina(), (Answer(201, "<html>"),), (CALL,), SendError, retryable=True, uncertain=True),
    OutgoingCase("wrong key", to_amina(), (Answer(401, "The supplied authentication is invalid"),), (CALL,), SendError,
                 retryable=True),
    OutgoingCase("bad request", to_amina(), (Answer(400),), (CALL,), SendError),
    OutgoingCase("server error", to_amina(), (Answer(502),), (CALL,), SendError, retryable=True, uncertain=True),
    OutgoingCase("answer lost", to_amina(), (LOST,), (CALL,), SendError, retryable=True, uncertain=True),
]  # fmt: skip


@pytest.mark.parametrize("case", OUTGOING, ids=by_label)
async def test_outgoing(case: OutgoingCase, channel: AfricasTalking, server: GatewayServer) -> None:
    await run_outgoing(case, channel, server)


async def test_reports_have_their_id(channel: AfricasTalking) -> None:
    assert (await channel.send(to_amina())).external_ids == ("africastalking:ATXid_1",)
    assert not channel.certain
    assert channel.tracked_ids(to_amina()) == ()
