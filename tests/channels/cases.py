"""Case tables for channels and what runs them. Every channel gets the free cases on top of its own.

A test module of a channel has one `Bench` (how a good request looks), a table of `IncomingCase` and one of
`OutgoingCase`, and calls `run_incoming`, `free_cases` and `run_outgoing`.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import httpx
import pytest

from bot.channels.base import Channel
from bot.domain.errors import SendError, StorageError, Throttled
from bot.domain.messages import DeliveryStatus, Inbound, InboundKind, Location, Outbound
from bot.web.app import create_app
from tests.web.fake_doors import FakeInbox, fake_doors


@dataclass(frozen=True)
class Request:
    """An HTTP request to a channel's endpoint."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: str = ""


@dataclass(frozen=True)
class Expected:
    """What must be recorded of one inbound; None is not compared."""

    text: str
    address: str
    kind: InboundKind = InboundKind.TEXT
    external_id: str | None = None
    location: Location | None = None
    language_hint: str | None = None
    in_reply_to: str | None = None
    sender_id: str | None = None


@dataclass(frozen=True)
class IncomingCase:
    """A request and what comes of it. `reports` are (external id, status) of delivery reports."""

    label: str
    request: Request
    status: int = 200
    expected: tuple[Expected, ...] = ()
    reports: tuple[tuple[str, DeliveryStatus], ...] = ()
    answer: str | None = None
    """Part of the response's body."""
    endpoint: str = "receive"


@dataclass(frozen=True)
class Bench:
    """A channel under test: `good` says how its gateway sends a text; `wrong_secret` spoils a good request where the
    gateway authenticates itself."""

    channel: Channel
    good: Callable[[str], Request]
    wrong_secret: Callable[[Request], Request] | None = None
    methods: tuple[str, ...] = ("POST",)


@dataclass(frozen=True)
class OutgoingCase:
    """A message, how the gateway answers each call, and what must come of it."""

    label: str
    outbound: Outbound
    answers: tuple[Any, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    """Fields that each call must have, in order; fields that are not named are free."""
    error: type[SendError] | None = None
    retryable: bool = False
    uncertain: bool = False
    retry_after: float | None = None
    whole_channel: bool = False


class Gateway(Protocol):
    """A stand-in of a gateway."""

    def script(self, *answers: Any) -> None:
        """How it answers the next calls."""

    def requests(self) -> Sequence[Mapping[str, Any]]:
        """Fields of the calls so far."""


async def call(channel: Channel, request: Request, inbox: FakeInbox, endpoint: str = "receive") -> httpx.Response:
    """Sends a request through the whole web application."""
    app = create_app(fake_doors(inbox, channels={channel.name: channel}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        url = f"/channels/{channel.name}/{endpoint}{'?' + request.query if request.query else ''}"
        headers = {name.encode(): value.encode("latin-1") for name, value in request.headers.items()}
        content = pieces(request.body) if request.headers.get("transfer-encoding") == "chunked" else request.body
        return await client.request(request.method, url, content=content, headers=headers)


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body whose length nobody tells."""
    for start in range(0, len(body), 8192):
        yield body[start : start + 8192]


async def run_incoming(case: IncomingCase, channel: Channel) -> None:
    """Runs one case of a table."""
    inbox = FakeInbox()
    response = await call(channel, case.request, inbox, case.endpoint)
    assert response.status_code == case.status, response.text
    assert [found(inbound, wanted) for inbound, wanted in zip(inbox.inbounds, case.expected, strict=True)] == list(
        case.expected
    )
    assert tuple((report.external_id, report.status) for report in inbox.reports) == case.reports
    assert case.answer is None or case.answer in response.text


def found(inbound: Inbound, wanted: Expected) -> Expected:
    """The recorded inbound in the words of the expectation."""
    return Expected(
        inbound.text,
        inbound.address.id,
        inbound.kind,
        inbound.external_id if wanted.external_id is not None else None,
        inbound.location,
        inbound.language_hint if wanted.language_hint is not None else None,
        inbound.in_reply_to if wanted.in_reply_to is not None else None,
        inbound.sender_id if wanted.sender_id is not None else None,
    )


async def run_outgoing(case: OutgoingCase, channel: Channel, gateway: Gateway) -> None:
    """Fits and sends; the case's answers are the gateway's, one a call."""
    gateway.script(*case.answers)
    error: SendError | None = None
    try:
        for fitted in channel.fit(case.outbound):
            sent = await channel.send(fitted)
            assert len(set(sent.external_ids)) == len(sent.external_ids)
    except SendError as raised:
        error = raised
    requests = gateway.requests()
    assert len(requests) == len(case.calls)
    for request, wanted in zip(requests, case.calls, strict=True):
        assert {name: request.get(name) for name in wanted} == dict(wanted)
    assert type(error) is (case.error or type(None))
    if error:
        assert (error.retryable, error.uncertain) == (case.retryable, case.uncertain)
    if isinstance(error, Throttled):
        assert error.retry_after == case.retry_after
        assert error.whole_channel == case.whole_channel


# Free cases

Check = Callable[[Bench], Any]


async def refuses_a_wrong_secret(bench: Bench) -> None:
    """401 or 403, nothing recorded, the body not even read."""
    if bench.wrong_secret is None:
        pytest.skip("this channel has no secret")
    inbox = FakeInbox()
    for request in (bench.good("help"), replace(bench.good("help"), body=b"not even JSON")):
        response = await call(bench.channel, bench.wrong_secret(request), inbox)
        assert response.status_code in (401, 403)
    assert not inbox.inbounds


async def refuses_an_empty_body(bench: Bench) -> None:
    """4xx."""
    inbox = FakeInbox()
    response = await call(bench.channel, replace(bench.good("help"), body=b"", query=""), inbox)
    assert 400 <= response.status_code < 500
    assert not inbox.inbounds


async def refuses_a_huge_body(bench: Bench) -> None:
    """413, told and untold lengths; the same for a huge address."""
    inbox = FakeInbox()
    for chunked in ({}, {"transfer-encoding": "chunked"}):
        # httpx writes no address over 64 KiB.
        good = bench.good("x" * (100_000 if "POST" in bench.methods else 15_000))
        response = await call(bench.channel, replace(good, headers={**good.headers, **chunked}), inbox)
        assert response.status_code == 413
    assert not inbox.inbounds


async def refuses_a_packed_body(bench: Bench) -> None:
    """415: a gzip bomb is never unpacked."""
    good = bench.good("help")
    bomb = gzip.compress(b"0" * 10_000_000)
    assert len(bomb) < 64 * 1024
    packed = replace(good, body=bomb, headers={**good.headers, "content-encoding": "gzip"})
    assert (await call(bench.channel, packed, FakeInbox())).status_code == 415


async def refuses_nonsense(bench: Bench) -> None:
    """4xx for what is no message of the gateway, however deep or odd."""
    for body in (b"\x00\xff\xfe", b"[" * 50_000, b"null", b"[]", b'"text"', b"{}", b'{"update_id": NaN}', b"=&=&="):
        response = await call(bench.channel, replace(bench.good("help"), body=body, query=""), FakeInbox())
        assert 400 <= response.status_code < 500, body[:20]


async def takes_odd_text_politely(bench: Bench) -> None:
    """Emoji, controls, overrides and halves of pairs: recorded clean or refused with 4xx, never 5xx."""
    for text in (
        "\U0001f33e\U0001f41b",
        "a\x00b\x1b[31m",
        "\u202egnp.exe\u202c",
        "\ud83d",
        "x\udc00y",
        "\u200d",
        "\ufffe",
    ):
        inbox = FakeInbox()
        response = await call(bench.channel, bench.good(text), inbox)
        assert response.status_code < 500
        for inbound in inbox.inbounds:
            inbound.text.encode()
            assert not set(inbound.text) & set("\x00\x1b\u202e\u202c\ufffe")


async def counts_a_repeat_once(bench: Bench) -> None:
    """The same request twice has the same external id."""
    inbox = FakeInbox()
    for _ in range(2):
        assert (await call(bench.channel, bench.good("help"), inbox)).is_success
    assert len(inbox.inbounds) == 1


async def keeps_texts_apart(bench: Bench) -> None:
    """The text arrives as it was written."""
    inbox = FakeInbox()
    await call(bench.channel, bench.good("मेरे धान में कीड़ा है 🐛"), inbox)
    assert [inbound.text for inbound in inbox.inbounds] == ["मेरे धान में कीड़ा है 🐛"]


async def refuses_other_methods(bench: Bench) -> None:
    """405."""
    for method in {"GET", "PUT", "DELETE", "HEAD", "OPTIONS"} - set(bench.methods):
        response = await call(bench.channel, replace(bench.good("help"), method=method), FakeInbox())
        assert response.status_code == 405, method


async def asks_to_come_again(bench: Bench) -> None:
    """503 with Retry-After while nothing can be recorded."""
    for error in (StorageError("database is away"), RuntimeError("a bug that quotes +919876543210")):
        response = await call(bench.channel, bench.good("help"), FakeInbox(error))
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert "+91" not in response.text


FREE_CASES: tuple[Check, ...] = (
    refuses_a_wrong_secret, refuses_an_empty_body, refuses_a_huge_body, refuses_a_packed_body, refuses_nonsense,
    takes_odd_text_politely, counts_a_repeat_once, keeps_texts_apart, refuses_other_methods, asks_to_come_again,
)  # fmt: skip
free_cases = pytest.mark.parametrize("check", FREE_CASES, ids=lambda check: check.__name__)
"""Decorates a test `(check)` that calls `await check(bench)`."""


def by_label(case: IncomingCase | OutgoingCase) -> str:
    """Names parametrized cases."""
    return case.label
