"""Twilio: signed webhooks, the REST API and its error codes, status callbacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.channels.base import WebhookRequest
from bot.channels.forms import form_pairs
from bot.channels.gateway import Common
from bot.channels.twilio import Twilio, addresses_of
from bot.domain.errors import ContactBlocked, SendError, Throttled
from bot.domain.messages import Address, DeliveryStatus, InboundKind, Outbound
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
COMMON = Common(clock=lambda: NOW, callback_url="https://bot.example.org", timeout=5)
ACCOUNT = "AC00000000000000000000000000000001"


def channel_at(url: str, common: Common = COMMON, sender: str = "+15005550006") -> Twilio:
    return Twilio(ACCOUNT, "token", common, sender=sender, api_url=url)


BENCH_CHANNEL = channel_at("http://127.0.0.1:9")


def post(fields: dict[str, str], endpoint: str = "receive", query: str = "") -> Request:
    """A signed request; the harness serves at http://test."""
    body = urlencode(fields, errors="surrogatepass").encode()
    url = f"http://test/channels/twilio/{endpoint}{'?' + query if query else ''}"
    signature = BENCH_CHANNEL.signature(url, form_pairs(body))
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return Request(body, headers, query=query)


def said(text: str, sender: str = ASHA.id, **more: str) -> Request:
    return post({"MessageSid": "SM1", "From": sender, "To": "+15005550006", "Body": text, "NumMedia": "0"} | more)


def callback(status: str, code: str = "") -> Request:
    fields = {"MessageSid": "SM9", "MessageStatus": status} | ({"ErrorCode": code} if code else {})
    return post(fields, "delivery", "id=abc")


def unsigned(request: Request) -> Request:
    return replace(request, headers={**request.headers, "x-twilio-signature": "bm9uc2Vuc2U="})


BENCH = Bench(BENCH_CHANNEL, good=said, wrong_secret=unsigned)
CASES = [
    IncomingCase("text", said("मेरे धान में कीड़ा"), answer="<Response/>",
                 expected=(Expected("मेरे धान में कीड़ा", ASHA.id, external_id="twilio:SM1"),)),
    IncomingCase("WhatsApp", said("x", f"whatsapp:{ASHA.id}"), expected=(Expected("x", ASHA.id),)),
    IncomingCase("photo", said("what is it", NumMedia="1", MediaContentType0="image/jpeg"),
                 expected=(Expected("what is it", ASHA.id, InboundKind.PHOTO),)),
    IncomingCase("voice", said("", NumMedia="1", MediaContentType0="audio/ogg"),
                 expected=(Expected("", ASHA.id, InboundKind.VOICE),)),
    IncomingCase("other media", said("", NumMedia="1", MediaContentType0="text/vcard"),
                 expected=(Expected("", ASHA.id, InboundKind.OTHER),)),
    IncomingCase("advertiser", said("win", "AD-SHOP"), answer="<Response/>"),
    IncomingCase("no signature", replace(said("x"), headers={}), 403),
    IncomingCase("nothing in it", post({"Body": "x"}), 400),
    *(
        IncomingCase(label, callback(status, code), reports=(("twilio:abc", wanted),), endpoint="delivery")
        for label, status, code, wanted in (
            ("queued", "queued", "", DeliveryStatus.SENT),
            ("sent", "sent", "", DeliveryStatus.SENT),
            ("delivered", "delivered", "", DeliveryStatus.DELIVERED),
            ("read", "read", "", DeliveryStatus.DELIVERED),
            ("unreachable", "undelivered", "30003", DeliveryStatus.FAILED),
            ("landline", "undelivered", "30006", DeliveryStatus.FAILED),
            ("carrier refuses", "undelivered", "30007", DeliveryStatus.FAILED),
            ("too late", "undelivered", "30036", DeliveryStatus.EXPIRED),
            ("stopped", "failed", "21610", DeliveryStatus.STOPPED),
            ("failed", "failed", "", DeliveryStatus.FAILED),
            ("canceled", "canceled", "", DeliveryStatus.EXPIRED),
        )
    ),
    IncomingCase("unknown state", callback("dreaming"), 400, endpoint="delivery"),
    IncomingCase("unsigned report", unsigned(callback("delivered")), 403, endpoint="delivery"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of Twilio's security page: token 12345, five fields."""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310",
              "To": "+18005551212"}  # fmt: skip
    channel = Twilio(ACCOUNT, "12345", COMMON)
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert channel.signature(url, list(fields.items())) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_the_signature_may_be_over_the_address_with_or_without_port() -> None:
    assert addresses_of("https://x.org/a?b=1") == ("https://x.org/a?b=1", "https://x.org:443/a?b=1")
    assert addresses_of("http://x.org:80/a")[1] == "http://x.org/a"
    body = b"MessageSid=SM1&From=%2B919876543210"
    for signed, called in (("https://x.org/a", "https://x.org:443/a"), ("https://x.org:443/a", "https://x.org/a")):
        headers = {"x-twilio-signature": BENCH_CHANNEL.signature(signed, form_pairs(body))}
        BENCH_CHANNEL.verify(WebhookRequest("POST", called, headers, (), body))


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    with GatewayServer(Answer(201, '{"sid": "SM7", "status": "queued"}')).running() as running:
        yield running


@pytest.fixture
async def channel(server: GatewayServer) -> AsyncIterator[Twilio]:
    made = channel_at(server.url)
    yield made
    await made.close()


def refused(status: int, code: int) -> Answer:
    return Answer(status, f'{{"code": {code}, "message": "quotes +919876543210", "status": {status}}}')


def to_asha(text: str = "x", **changes: Any) -> Outbound:
    return replace(Outbound(ASHA, text, id="abc"), **changes)


CALL = {"To": ASHA.id, "From": "+15005550006", "path": f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"}
OUTGOING = [
    OutgoingCase(
        "text", to_asha("धान", expires_at=NOW + timedelta(hours=1)),
        calls=({**CALL, "Body": "धान", "SmartEncoded": "false", "ValidityPeriod": "3600",
                "StatusCallback": "https://bot.example.org/channels/twilio/delivery?id=abc"},),
    ),
    OutgoingCase("too long", to_asha("word " * 400), (), ({},), SendError),
    OutgoingCase("stopped", to_asha(), (refused(400, 21610),), (CALL,), ContactBlocked),
    *(OutgoingCase(f"permanent {code}", to_asha(), (refused(400, code),), (CALL,), SendError)
      for code in (21211, 21214, 21217, 21408, 21612, 21614, 21635)),
    *(OutgoingCase(f"ours to mend {code}", to_asha(), (refused(status, code),), (CALL,), SendError, retryable=True)
      for status, code in ((401, 20003), (404, 20404), (400, 21606), (400, 21603), (400, 21701), (403, 30002),
                           (429, 63038))),
    *(OutgoingCase(f"patience {code}", to_asha(), (refused(429, code),), (CALL,), Throttled, retryable=True,
                   retry_after=10, whole_channel=True) for code in (20429, 14107, 21611, 30001, 30022)),
    OutgoingCase("429 with a time", to_asha(), (Answer(429, "", {"retry-after": "4"}),), (CALL,), Throttled,
                 retryable=True, retry_after=4, whole_channel=True),
    OutgoingCase("server error", to_asha(), (Answer(500),), (CALL,), SendError, retryable=True, uncertain=True),
    OutgoingCase("down", to_asha(), (Answer(503, "<html>"),), (CALL,), SendError, retryable=True),
    OutgoingCase("answer lost", to_asha(), (LOST,), (CALL,), SendError, retryable=True, uncertain=True),
]  # fmt: skip


@pytest.mark.parametrize("case", OUTGOING, ids=by_label)
async def test_outgoing(case: OutgoingCase, channel: Twilio, server: GatewayServer) -> None:
    if case.label == "too long":
        with pytest.raises(SendError):
            await channel.send(case.outbound)
        assert not server.requests()
        return
    await run_outgoing(case, channel, server)


async def test_sent_under_our_own_id_while_twilio_can_call_back(server: GatewayServer) -> None:
    channel = channel_at(server.url, sender="MG123")
    assert (await channel.send(to_asha())).external_ids == ("twilio:abc",) == channel.tracked_ids(to_asha())
    assert (server.requests()[0]["MessagingServiceSid"], server.requests()[0].get("From")) == ("MG123", None)
    assert channel.certain
    await channel.close()


async def test_without_a_public_address_nothing_is_promised(server: GatewayServer) -> None:
    channel = channel_at(server.url, replace(COMMON, callback_url="http://127.0.0.1:8080"))
    assert (await channel.send(to_asha())).external_ids == channel.tracked_ids(to_asha()) == ()
    assert "StatusCallback" not in server.requests()[0]
    assert not channel.certain
    await channel.close()


def test_twilio_cuts_by_itself_and_bills_so() -> None:
    text = "धान में पानी कम करें। " * 8
    shown = BENCH_CHANNEL.preview(Outbound(ASHA, text, "hi"))
    assert [len(part) for part in shown] == [67, 67, 42]
    assert "".join(shown) == text
