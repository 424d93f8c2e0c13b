"""The gateway that a file describes: the shipped example, fields in and out, what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.channels.gateway import Common
from bot.channels.http_gateway import HttpGateway, Sending, filled, read_description
from bot.domain.errors import ConfigurationError, ContactBlocked, SendError, Throttled
from bot.domain.messages import Address, DeliveryStatus, Outbound
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

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "sms" / "http-gateway.yaml"
NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
ASHA = Address("sms", "+919876543210")
COMMON = Common(
    clock=lambda: NOW, token="unguessable", callback_url="https://bot.example.org/", sender="KHTDOT", timeout=5,
    labels=lambda text: {"entity": "1101", "template": "1107"},
)  # fmt: skip
DESCRIPTION = read_description(EXAMPLE)


def channel_at(url: str, **sending: Any) -> HttpGateway:
    send = DESCRIPTION.send.model_copy(update={"url": f"{url}/api/v2/send", **sending})
    return HttpGateway(DESCRIPTION.model_copy(update={"send": send}), COMMON)


def post(fields: dict[str, str], *, as_json: bool = False) -> Request:
    if as_json:
        return Request(json.dumps(fields).encode(), {"content-type": "application/json"}, query="token=unguessable")
    body = urlencode(fields, errors="surrogatepass").encode()
    return Request(body, {"content-type": "application/x-www-form-urlencoded"}, query="token=unguessable")


def said(text: str, sender: str = "919876543210") -> Request:
    return post({"msisdn": sender, "message": text, "messageId": "m1"})


BENCH = Bench(channel_at("http://127.0.0.1:9"), said, lambda request: replace(request, query="token=guessed"))
ARRIVED = (Expected("keeda", ASHA.id, external_id="http:m1"),)
CASES = [
    IncomingCase("form", said("keeda"), expected=ARRIVED, answer="OK"),
    IncomingCase("JSON", post({"msisdn": ASHA.id, "message": "keeda", "messageId": "m1"}, as_json=True),
                 expected=ARRIVED),
    IncomingCase("advertiser", said("win", "AD-SHOP")),
    IncomingCase("no text", post({"msisdn": ASHA.id, "messageId": "m1"}), 400),
    *(
        IncomingCase(word, post({"reference": "abc", "status": word}), reports=(("http:abc", status),),
                     endpoint="delivery")
        for word, status in (("SENT", DeliveryStatus.SENT), ("DELIVRD", DeliveryStatus.DELIVERED),
                             ("UNDELIV", DeliveryStatus.FAILED), ("REJECTD", DeliveryStatus.FAILED),
                             ("EXPIRED", DeliveryStatus.EXPIRED), ("OPTOUT", DeliveryStatus.STOPPED))
    ),
    IncomingCase("a word that says nothing", post({"reference": "abc", "status": "WAITING"}), endpoint="delivery"),
    IncomingCase("report without id", post({"status": "SENT"}), 400, endpoint="delivery"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with GatewayServer(Answer(200, '{"status": "accepted", "messageId": "g-7"}')).running() as running:
        yield running


def to_asha(text: str = "x") -> Outbound:
    return Outbound(ASHA, text, id="abc")


def error(name: str, status: int = 200) -> Answer:
    return Answer(status, json.dumps({"error": name}))


CALL = {
    "path": "/api/v2/send", "to": "919876543210", "sender": "KHTDOT", "reference": "abc", "entityId": "1101",
    "templateId": "1107", "header:authorization": "Bearer CHANGE-KEY",
    "callback": "https://bot.example.org/channels/http/delivery?token=unguessable&reference=abc",
}  # fmt: skip
OUTGOING = [
    OutgoingCase("text that looks like a placeholder", to_asha("धान {id}"), calls=({**CALL, "message": "धान {id}"},)),
    OutgoingCase("stopped", to_asha(), (error("opted_out", 400),), (CALL,), ContactBlocked),
    OutgoingCase("busy", to_asha(), (error("busy"),), (CALL,), Throttled, retryable=True, retry_after=10,
                 whole_channel=True),
    OutgoingCase("refused", to_asha(), (error("bad_number"),), (CALL,), SendError),
    OutgoingCase("bad request", to_asha(), (Answer(400),), (CALL,), SendError),
    OutgoingCase("wrong key", to_asha(), (Answer(401),), (CALL,), SendError, retryable=True),
    OutgoingCase("server error", to_asha(), (Answer(500),), (CALL,), SendError, retryable=True, uncertain=True),
    OutgoingCase("answer lost", to_asha(), (LOST,), (CALL,), SendError, retryable=True, uncertain=True),
]  # fmt: skip


@pytest.mark.parametrize("case", OUTGOING, ids=by_label)
async def test_outgoing(case: OutgoingCase, server: GatewayServer) -> None:
    channel = channel_at(server.url)
    await run_outgoing(case, channel, server)
    await channel.close()


async def test_ids_are_ours_unless_the_file_says_where_theirs_is(server: GatewayServer) -> None:
    ours, theirs = channel_at(server.url), channel_at(server.url, id='"messageId": "([^"]+)"')
    assert (await ours.send(to_asha())).external_ids == ("http:abc",) == ours.tracked_ids(to_asha())
    assert (await theirs.send(to_asha())).external_ids == ("http:g-7",)
    assert (ours.certain, theirs.certain, theirs.tracked_ids(to_asha())) == (True, False, ())
    await ours.close()
    await theirs.close()


async def test_by_query(server: GatewayServer) -> None:
    channel = channel_at(server.url, method="GET", query={"dest": "{to}", "msg": "{text}"}, json_body={})
    await channel.send(to_asha("धान में कीड़ा"))
    assert (server.requests()[0]["dest"], server.requests()[0]["msg"]) == (ASHA.id, "धान में कीड़ा")
    await channel.close()


def test_placeholders_deep_inside_and_unknown_ones() -> None:
    assert filled({"a": [{"b": "{to} {nothing}"}], "n": 1}, {"to": "x"}) == {"a": [{"b": "x {nothing}"}], "n": 1}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace("receive:", "recieve:"), "recieve"),
        (lambda text: text.replace("DELIVRD: delivered", "DELIVRD: arrived"), "states"),
        (lambda text: text.replace('\'"status"', '\'(["status"'), "no pattern"),
        (lambda text: text + "\n: [", "cannot read"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, spoil: Callable[[str], str], said: str) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(spoil(EXAMPLE.read_text()))
    with pytest.raises(ConfigurationError, match=said) as raised:
        read_description(path)
    assert "CHANGE-KEY" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_description(tmp_path / "nothing.yaml")
    assert Sending(url="x").method == "POST"
