"""The web chat channel: what the page posts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.base import WebhookRequest
from bot.channels.web import WebChat
from bot.domain.errors import RefusedInput
from bot.domain.messages import Address, InboundKind, Location, Outbound, QuickReply
from tests.channels.cases import Bench, Check, Expected, IncomingCase, Request, by_label, free_cases, run_incoming

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
SESSION = "s3ssion_token-0123456789"
JSON = {"content-type": "application/json"}


def post(session: str | None = SESSION, **fields: Any) -> Request:
    """What the page sends."""
    return Request(json.dumps({"id": "m1", "session": session} | fields).encode(), JSON)


def by_cookie(cookie: str, **fields: Any) -> Request:
    """The session in the cookie."""
    return replace(post(None, **fields), headers=JSON | {"cookie": cookie})


BENCH = Bench(
    WebChat(lambda: NOW),
    good=lambda text: post(text=text),
    wrong_secret=lambda request: Request(json.dumps({"id": "m1", "text": "help", "session": "guessed"}).encode(), JSON),
)
CASES = [
    IncomingCase("text", post(text="  my rice\r\nhas worms "), expected=(Expected("my rice\nhas worms", SESSION),)),
    IncomingCase("answer says recorded", post(text="hi"), expected=(Expected("hi", SESSION),), answer='"recorded"'),
    IncomingCase(
        "language hint",
        post(text="hi", language="pt-BR"),
        expected=(Expected("hi", SESSION, language_hint="pt-BR"),),
    ),
    IncomingCase("odd language hint", post(text="hi", language="<script>"), expected=(Expected("hi", SESSION),)),
    IncomingCase(
        "session in the cookie",
        by_cookie(f"a=b; khetdoot_chat={SESSION}", text="hi"),
        expected=(Expected("hi", SESSION),),
    ),
    IncomingCase(
        "location",
        post(location={"latitude": 28.6, "longitude": 77}),
        expected=(Expected("", SESSION, InboundKind.LOCATION, location=Location(28.6, 77.0)),),
    ),
    IncomingCase("number as id", post(id=17, text="hi"), expected=(Expected("hi", SESSION),)),
    IncomingCase("no session", post(None, text="hi"), 401),
    IncomingCase("short session", post("short", text="hi"), 401),
    IncomingCase("session of another type", Request(b'{"id": "1", "text": "hi", "session": ["a"]}', JSON), 401),
    IncomingCase("broken cookie", by_cookie('khetdoot_chat="\x01; =;', text="hi"), 401),
    IncomingCase(
        "odd cookies beside ours",
        by_cookie(f"k[=1; a b=c; ;=; khetdoot_chat={SESSION}; z", text="hi"),
        expected=(Expected("hi", SESSION),),
    ),
    IncomingCase("no id", post(id=None, text="hi"), 400, answer="id must be"),
    IncomingCase("long id", post(id="x" * 65, text="hi"), 400),
    IncomingCase("true as id", post(id=True, text="hi"), 400),
    IncomingCase("no text", post(), 400, answer="text is missing"),
    IncomingCase("text of another type", post(text={"a": 1}), 400),
    IncomingCase("empty text", post(text=" \u202e\x00 "), 400, answer="empty"),
    IncomingCase("long text", post(text="क" * 2001), 413, answer="2000"),
    IncomingCase("place beyond the pole", post(location={"latitude": 91, "longitude": 0}), 400, answer="latitude"),
    IncomingCase("place that is no number", post(location={"latitude": float("nan"), "longitude": 0}), 400),
    IncomingCase("place in words", post(location="Pune"), 400),
    IncomingCase("place without longitude", post(location={"latitude": 1}), 400, answer="longitude"),
    IncomingCase("a form of another site", replace(post(text="hi"), headers={"content-type": "text/plain"}), 415),
    IncomingCase("delivery", post(text="hi"), 404, endpoint="delivery"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


def test_ids_of_two_sessions_do_not_meet() -> None:
    ids = set()
    for session in (SESSION, SESSION + "x"):
        request = WebhookRequest("POST", "", JSON, (), post(session, text="hi").body)
        (inbound,) = BENCH.channel.parse(request).inbounds
        ids.add(inbound.external_id)
        assert session not in inbound.external_id
        assert inbound.received_at == NOW
    assert len(ids) == 2


async def test_the_page_reads_the_outbox() -> None:
    channel = BENCH.channel
    outbound = Outbound(Address("web", SESSION), "x" * 9000, quick_replies=(QuickReply("rice", "rice"),))
    assert channel.fit(outbound) == (outbound,)
    assert channel.preview(outbound) == (outbound.text,)
    assert (await channel.send(outbound)).external_ids == ()
    await channel.close()


def test_get_is_refused_before_anything_is_read() -> None:
    with pytest.raises(RefusedInput) as raised:
        BENCH.channel.verify(WebhookRequest("GET", "", {}, (), b""))
    assert raised.value.status == 405
