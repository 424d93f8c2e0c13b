"""Kannel: what smsbox calls, what `sendsms` is called with, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest

from bot.channels.gateway import Common
from bot.channels.kannel import Kannel
from bot.channels.segments import split
from bot.domain.errors import SendError, Throttled
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
ASHA = Address("sms", "+919876543210")
COMMON = Common(
    clock=lambda: NOW, token="kannel-secret", callback_url="http://bot:8080", sender="56070", timeout=5
)  # fmt: skip
HINDI = "धान तना छेदक: सूखी गोभ, सफेद बाली खींचकर नष्ट करें, अंडों के गुच्छे चुनें, ठूंठ जोतें। दवा से पहले पूछें।"


def channel_at(url: str, **changes: Any) -> Kannel:
    return Kannel(f"{url}/cgi-bin/sendsms", "user", "password", replace(COMMON, **changes))


def get(**fields: str | bytes) -> Request:
    """What smsbox calls; bytes are escaped as it does it, byte by byte."""
    pairs = {"token": COMMON.token} | fields
    query = "&".join(f"{name}={quote_from_bytes(value) if isinstance(value, bytes) else quote(value)}"
                     for name, value in pairs.items())  # fmt: skip
    return Request(method="GET", query=query)


def said(text: str, sender: str = ASHA.id, latin: bool = False, **changes: str | bytes) -> Request:
    """A message in; as UCS-2 or, as Kannel gives septets, as UTF-8."""
    body = text.encode() if latin else text.encode("utf-16-be", "surrogatepass")
    charset, coding = ("UTF-8", "0") if latin else ("UTF-16BE", "2")
    fields: dict[str, str | bytes] = {
        "from": sender, "to": "56070", "id": "m-1", "charset": charset, "coding": coding, "text": body,
    }  # fmt: skip
    return get(**fields | changes)


def report(status: str, answer: str = "", identity: str = "abc.1") -> Request:
    return get(id=identity, status=status, answer=answer)


def wrong_token(request: Request) -> Request:
    return replace(request, query=request.query.replace("kannel-secret", "guessed"))


BENCH = Bench(channel_at("http://127.0.0.1:9"), good=said, wrong_secret=wrong_token, methods=("GET",))
RECEIPT = "id:0123 sub:001 dlvrd:000 submit date:2607010600 done date:2607010601 stat:{} err:{} text:mere dhan me"
CASES = [
    IncomingCase(
        "Hindi in UCS-2",
        said("मेरे धान में कीड़ा"),
        expected=(Expected("मेरे धान में कीड़ा", ASHA.id, external_id="kannel:m-1"),),
    ),
    IncomingCase(
        "Latin letters in UTF-8",
        said("mere dhan me keeda @ {x}", latin=True),
        expected=(Expected("mere dhan me keeda @ {x}", ASHA.id),),
    ),
    IncomingCase("no charset named", said("keeda", latin=True, charset=""),
                 expected=(Expected("keeda", ASHA.id),)),
    IncomingCase("plus for a space", replace(said("x"), query=said("").query + "%00a+%00b".replace("+", "%00+")),
                 expected=(Expected("a b", ASHA.id),)),
    IncomingCase("number without plus", said("x", "919876543210"), expected=(Expected("x", ASHA.id),)),
    IncomingCase("number of the country", said("x", "09876543210"), expected=(Expected("x", ASHA.id),)),
    IncomingCase("number of another country", said("x", "254711082300"), expected=(Expected("x", "+254711082300"),)),
    IncomingCase("advertiser", said("Recharge now", "VK-AIRTEL")),
    IncomingCase("operator's short code", said("Your pack ends", "52811")),
    IncomingCase("empty message", said(""), expected=(Expected("", ASHA.id),)),
    IncomingCase("binary message", said("x", coding="1"), 400),
    IncomingCase("unknown charset", said("x", latin=True, charset="EBCDIC"), 400),
    IncomingCase("no sender", get(id="m", text="x"), 400),
    IncomingCase("no id", get(text="x", **{"from": ASHA.id}), 400),
    IncomingCase("delivered", report("1"), reports=(("kannel:abc.1", DeliveryStatus.DELIVERED),), endpoint="delivery"),
    IncomingCase("taken by the network", report("8", "ACK/"), reports=(("kannel:abc.1", DeliveryStatus.SENT),),
                 endpoint="delivery"),
    IncomingCase("buffered", report("4"), reports=(("kannel:abc.1", DeliveryStatus.SENT),), endpoint="delivery"),
    IncomingCase("refused", report("16", "NACK/0x0000000b/Invalid Destination Address"),
                 reports=(("kannel:abc.1", DeliveryStatus.FAILED),), endpoint="delivery"),
    IncomingCase("undelivered", report("2", RECEIPT.format("UNDELIV", "001")),
                 reports=(("kannel:abc.1", DeliveryStatus.FAILED),), endpoint="delivery"),
    IncomingCase("expired", report("2", RECEIPT.format("EXPIRED", "000")),
                 reports=(("kannel:abc.1", DeliveryStatus.EXPIRED),), endpoint="delivery"),
    IncomingCase("unknown state", report("77"), 400, endpoint="delivery"),
    IncomingCase("report without id", get(status="1"), 400, endpoint="delivery"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (RECEIPT.format("UNDELIV", "001"), "UNDELIV 1"),
        (RECEIPT.format("REJECTD", "630"), "REJECTD 630: DLT: the template is not registered"),
        ("NACK/0x0000000b/Invalid Destination Address", "11"),
        ("NACK/620/whatever", "620: DLT: the header is not registered"),
        ("nonsense", "not delivered"),
    ],
)
def test_errors_of_reports_quote_no_text(answer: str, error: str) -> None:
    request = report("2", answer)
    parsed = BENCH.channel.parse_delivery(webhook(request))
    assert parsed.reports[0].error == error


def webhook(request: Request) -> Any:
    from bot.channels.base import WebhookRequest

    return WebhookRequest("GET", f"http://x/?{request.query}", {}, (), b"", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with GatewayServer(Answer(202, "0: Accepted for delivery")).running() as running:
        yield running


@pytest.fixture
async def channel(server: GatewayServer) -> AsyncIterator[Kannel]:
    made = channel_at(server.url)
    yield made
    await made.close()


def to_asha(text: str, **changes: Any) -> Outbound:
    return replace(Outbound(ASHA, text, id="abc"), **changes)


def dlr(part: int) -> str:
    fields = {"token": "kannel-secret", "id": f"abc.{part}"}
    return f"http://bot:8080/channels/kannel/delivery?{urlencode(fields)}&status=%d&answer=%A"


PARTS = split(HINDI)
OUTGOING = [
    OutgoingCase(
        "one part of septets",
        to_asha("Pull out dead shoots @ {x}"),
        calls=(
            {
                "username": "user", "password": "password", "from": "56070", "to": ASHA.id, "coding": "0",
                "charset": "UTF-8", "text": "Pull out dead shoots @ {x}", "udh": None, "dlr-mask": "31",
                "dlr-url": dlr(1), "priority": "2", "validity": None, "meta-data": None, "smsc": None,
            },
        ),
    ),
    OutgoingCase(
        "two parts of UCS-2",
        to_asha(HINDI, purpose=Purpose.BROADCAST, expires_at=NOW + timedelta(hours=2)),
        calls=tuple(
            {
                "coding": "2", "charset": None, "text": text.encode("utf-16-be").decode("latin-1"),
                "udh": f"\x05\x00\x03\xc2\x02{chr(number)}", "dlr-url": dlr(number), "priority": "0", "validity": "120",
            }
            for number, text in enumerate(PARTS, start=1)
        ),
    ),
    OutgoingCase("queued", to_asha("x"), (Answer(202, "3: Queued for later delivery"),), ({},)),
    OutgoingCase("busy", to_asha("x"), (Answer(503, "4: Temporal failure, try again later"),), ({},), SendError,
                 retryable=True),
    OutgoingCase("wrong password", to_asha("x"), (Answer(403, "Authorization failed for sendsms"),), ({},), SendError,
                 retryable=True),
    OutgoingCase("refused", to_asha("x"), (Answer(400, "Empty receiver number not allowed, rejected"),), ({},),
                 SendError),
    OutgoingCase("server error", to_asha("x"), (Answer(500),), ({},), SendError, retryable=True, uncertain=True),
    OutgoingCase("answer lost", to_asha("x"), (LOST,), ({},), SendError, retryable=True, uncertain=True),
    OutgoingCase("second part fails", to_asha(HINDI), (Answer(202, "0: x"), Answer(503, "4: x")), ({}, {}), SendError,
                 retryable=True, uncertain=True),
]  # fmt: skip


@pytest.mark.parametrize("case", OUTGOING, ids=by_label)
async def test_outgoing(case: OutgoingCase, channel: Kannel, server: GatewayServer) -> None:
    await run_outgoing(case, channel, server)


async def test_nothing_listens() -> None:
    channel = channel_at("http://127.0.0.1:9")
    with pytest.raises(SendError) as raised:
        await channel.send(to_asha("x"))
    assert (raised.value.retryable, raised.value.uncertain) == (True, False)
    await channel.close()


async def test_parts_that_kannel_has_are_not_sent_again(server: GatewayServer) -> None:
    channel = channel_at(server.url, taken=lambda external_id: external_id == "kannel:abc.1")
    sent = await channel.send(to_asha(HINDI, doubtful=True))
    assert sent.external_ids == ("kannel:abc.1", "kannel:abc.2") == channel.tracked_ids(to_asha(HINDI))
    assert [call["dlr-url"] for call in server.requests()] == [dlr(2)]
    await channel.send(to_asha(HINDI))
    assert len(server.requests()) == 3
    await channel.close()


async def test_registered_texts_carry_entity_and_template(server: GatewayServer) -> None:
    channel = channel_at(server.url, labels=lambda text: {"entity": "1101", "template": "1107"})
    await channel.send(to_asha("x"))
    assert server.requests()[0]["meta-data"] == "?smpp?dlt_entity=1101&dlt_template=1107"
    await channel.close()


async def test_without_a_token_only_this_machine_may_call() -> None:
    channel = channel_at("http://x", token="")
    channel.verify(webhook(said("x")))
    with pytest.raises(Exception, match="only this machine"):
        channel.verify(replace(webhook(said("x")), client="10.0.0.9"))
    await channel.close()


def test_throttling_is_a_matter_of_the_whole_gateway() -> None:
    import httpx

    from bot.channels.gateway_calls import refuse_status

    with pytest.raises(Throttled) as raised:
        refuse_status("x", httpx.Response(429, headers={"retry-after": "7"}))
    assert (raised.value.retry_after, raised.value.whole_channel) == (7, True)
