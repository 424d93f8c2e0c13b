"""The web server around the channels: limits, headers, health, logs, the page and its long poll."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from bot.channels.base import Channel, Parsed, WebhookRequest, WebhookResponse
from bot.channels.sms import PreviewSms
from bot.channels.web import COOKIE, WebChat
from bot.domain.errors import StorageError
from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Inbound, Outbound
from bot.storage.drafts import Draft
from bot.web.app import create_app
from bot.web.chat import pauses
from bot.web.doors import Doors
from bot.web.gatehouse import Gatehouse
from tests.web.fake_doors import FakeInbox, fake_doors

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
SESSION = "s3ssion_token-0123456789"
ASHA = Address("web", SESSION)


class Gateway(PreviewSms):
    """Takes anything, remembers the request, reports deliveries."""

    name = "gateway"
    seen: WebhookRequest

    def verify(self, request: WebhookRequest) -> None:
        self.seen = request

    def parse(self, request: WebhookRequest) -> Parsed:  # type: ignore[override]
        inbound = Inbound(Address(self.name, "1"), "x1", "hi", NOW)
        return Parsed((inbound,), response=WebhookResponse(202, "<Response/>", "text/xml"))

    def parse_delivery(self, request: WebhookRequest) -> Parsed:  # type: ignore[override]
        return Parsed(reports=(DeliveryReport(self.name, "m1", DeliveryStatus.DELIVERED, NOW),))


def client_for(doors: Doors, peer: str = "203.0.113.9") -> httpx.AsyncClient:
    """A browser or gateway at an address."""
    transport = httpx.ASGITransport(create_app(doors), client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://box.local")


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
async def client(inbox: FakeInbox) -> AsyncIterator[httpx.AsyncClient]:
    channels: dict[str, Channel] = {"gateway": Gateway(), "web": WebChat(lambda: NOW)}
    async with client_for(fake_doors(inbox, channels=channels)) as made:
        yield made


async def test_a_message_is_recorded_then_the_worker_is_woken() -> None:
    steps: list[str] = []
    inbox = FakeInbox()
    doors = fake_doors(inbox, channels={"gateway": Gateway()}, notify=lambda: steps.append(f"{len(inbox.inbounds)} in"))
    async with client_for(doors) as client:
        response = await client.get("/channels/gateway/receive?text=hi")
    assert (response.status_code, response.text) == (202, "<Response/>")
    assert response.headers["content-type"].startswith("text/xml")
    assert steps == ["1 in"]


async def test_delivery_reports_are_recorded(client: httpx.AsyncClient, inbox: FakeInbox) -> None:
    assert (await client.get("/channels/gateway/delivery?id=m1")).status_code == 200
    assert [report.status for report in inbox.reports] == [DeliveryStatus.DELIVERED]
    inbox.error = StorageError("database is away")
    assert (await client.get("/channels/gateway/delivery?id=m1")).status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/channels/nobody/receive", 404),
        ("POST", "/channels/gateway", 404),
        ("POST", "/channels/gateway/receive/", 307),
        ("PUT", "/channels/gateway/receive", 405),
        ("HEAD", "/channels/gateway/receive", 405),
        ("POST", "/chat", 405),
        ("GET", "/chat/messages?after=-1", 401),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/", 307),
        ("GET", "/channels/gateway/receive?" + "a=1&" * 300, 400),
    ],
)
async def test_statuses(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    assert (await client.request(method, path)).status_code == status


async def test_channels_see_the_public_address_and_the_caller() -> None:
    gateway = Gateway()
    doors = fake_doors(
        channels={"gateway": gateway}, public_url="https://sms.example.org/", trusted_proxies=["10.0.0.1", "10.0.0.2"]
    )
    async with client_for(doors, peer="10.0.0.1") as client:
        await client.post(
            "/channels/gateway/receive?b=%20x&a=",
            content=b"Body=hi",
            headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.7, 10.0.0.2", "X-Sign": "s"},
        )
    assert gateway.seen.url == "https://sms.example.org/channels/gateway/receive?b=%20x&a="
    assert gateway.seen.query == (("b", " x"), ("a", ""))
    assert gateway.seen.client == "198.51.100.7"
    assert gateway.seen.headers["x-sign"] == "s"
    assert gateway.seen.body == b"Body=hi"


async def test_a_stranger_cannot_choose_his_address() -> None:
    gateway = Gateway()
    async with client_for(fake_doors(channels={"gateway": gateway})) as client:
        await client.get("/channels/gateway/receive", headers={"X-Forwarded-For": "10.0.0.1"})
    assert gateway.seen.client == "203.0.113.9"
    assert gateway.seen.url == "http://box.local/channels/gateway/receive"


@pytest.mark.parametrize("length", ["-1", "1e3", "９", "99999999999999999999999999"])
async def test_odd_lengths_are_refused(client: httpx.AsyncClient, length: str) -> None:
    headers = {b"content-length": length.encode()}
    assert (await client.post("/channels/gateway/receive", content=b"x", headers=headers)).status_code == 413


async def test_a_body_that_ends_early_is_refused() -> None:
    app = create_app(fake_doors(channels={"gateway": Gateway()}))
    messages: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )
    statuses: list[object] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: dict[str, object]) -> None:
        statuses.append(message.get("status"))

    scope: dict[str, object] = {
        "type": "http", "method": "POST", "path": "/channels/gateway/receive", "query_string": b"", "headers": [],
        "client": None, "server": ("box", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert statuses[0] == 400


async def test_security_headers_are_on_every_answer(client: httpx.AsyncClient) -> None:
    for path in ("/chat", "/healthz", "/nothing", "/channels/nobody/receive"):
        headers = (await client.get(path)).headers
        assert "script-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
    async with client_for(fake_doors(public_url="https://x.org")) as secure:
        assert "strict-transport-security" in (await secure.get("/healthz")).headers


async def test_logs_hold_no_query_no_path_and_no_address(
    client: httpx.AsyncClient, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await client.get(
        "/channels/gateway/receive?from=919876543210&text=secret", headers={"cookie": f"{COOKIE}={SESSION}"}
    )
    inbox.error = RuntimeError("bug with 919876543210")
    await client.get("/channels/gateway/receive?from=919876543210")
    await client.get("/919876543210")
    await client.request("919876543210", "/chat")
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot."))
    assert "GET /channels/{channel}/receive 202" in ours
    assert "request failed: RuntimeError" in ours
    for secret in ("9198", "secret", SESSION, "203.0.113.9"):
        assert secret not in ours


async def test_health(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "ok\n"
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "parts": {"database": True, "redis": "embedded"}}
    async with client_for(fake_doors(ready={"database": True, "redis": False})) as broken:
        assert (await broken.get("/readyz")).status_code == 503


async def test_metrics_are_for_this_machine_unless_opened() -> None:
    doors = fake_doors()
    async with client_for(doors) as stranger, client_for(doors, "127.0.0.1") as local:
        assert (await stranger.get("/metrics")).status_code == 404
        text = (await local.get("/metrics")).text
        assert 'khetdoot_http_requests_total{method="GET",route="/metrics",status="404"}' in text
        assert (await local.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 404
    async with client_for(fake_doors(metrics_public=True)) as anyone:
        assert (await anyone.get("/metrics")).status_code == 200


async def test_the_page_gives_a_session_and_keeps_it(client: httpx.AsyncClient) -> None:
    first = await client.get("/chat")
    cookie = first.headers["set-cookie"]
    assert re.search(rf"{COOKIE}=[A-Za-z0-9_-]{{32}};", cookie)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()
    again = await client.get("/chat")
    assert client.cookies[COOKIE] in again.headers["set-cookie"]
    async with client_for(fake_doors(public_url="https://x.org")) as secure:
        assert "secure" in (await secure.get("/chat")).headers["set-cookie"].lower()


async def test_a_made_up_session_is_replaced(client: httpx.AsyncClient) -> None:
    response = await client.get("/chat", headers={"cookie": f"{COOKIE}=x"})
    assert len(response.cookies[COOKIE]) == 32


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/chat", {}, ('lang="en" dir="ltr"', "Namaste!")),
        ("/chat", {"accept-language": "xx, hi-IN;q=0.9"}, ('lang="hi"', "नमस्ते")),
        ("/chat?language=ur", {}, ('lang="ur" dir="rtl"', "السلام")),
        ("/chat?language=<script>", {}, ('lang="en"', "Namaste!")),
        ("/chat", {"cookie": "khetdoot_language=hi"}, ('data-language="hi"', "नमस्ते")),
    ],
)
async def test_the_page_speaks_her_language(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], expected: tuple[str, ...]
) -> None:
    page = (await client.get(path, headers=headers)).text
    assert all(part in page for part in expected)
    assert "తెలుగు" in page
    assert "<script>" not in page


async def test_the_page_is_light(client: httpx.AsyncClient) -> None:
    page = (await client.get("/chat")).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    total = len(page.encode())
    for path in set(files):
        response = await client.get(path)
        assert response.status_code == 200
        assert "max-age" in response.headers["cache-control"]
        total += len(response.content)
    assert len(set(files)) == 3
    assert total < 30_000
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert " style=" not in page


async def test_the_page_reads_its_answers(client: httpx.AsyncClient, inbox: FakeInbox) -> None:
    inbox.respond = lambda inbound: [Outbound(inbound.address, "Which crop?", "en")]
    cookie = {"cookie": f"{COOKIE}={SESSION}"}
    posted = await client.post("/channels/web/receive", json={"id": "m1", "text": "worms"}, headers=cookie)
    assert posted.json() == {"recorded": True}
    inbox.write(ASHA, "Rain tomorrow", "rice", "wheat", ask_location=True)
    inbox.write(Address("web", "someone_else_0123456789"), "not hers")
    found = (await client.get("/chat/messages", headers=cookie)).json()["messages"]
    assert [message["text"] for message in found] == ["Which crop?", "Rain tomorrow"]
    assert [message["answers"] for message in found] == ["m1", ""]
    assert found[1]["quick_replies"] == [{"label": "rice", "text": "rice"}, {"label": "wheat", "text": "wheat"}]
    assert found[1]["ask_location"] is True
    assert (await client.get(f"/chat/messages?after={found[1]['number']}", headers=cookie)).json() == {"messages": []}


async def test_the_page_shows_its_own_pictures(client: httpx.AsyncClient, inbox: FakeInbox) -> None:
    inbox.respond = lambda inbound: [Outbound(inbound.address, "wind"), Outbound(inbound.address, "rain", image=b"PNG")]
    inbox.record_all([Inbound(ASHA, "1", "weather", NOW)])
    mine = {"cookie": f"{COOKIE}={SESSION}"}
    messages = (await client.get("/chat/messages", headers=mine)).json()["messages"]
    assert [message["picture"] for message in messages] == ["", "/chat/pictures/2"]
    answer = await client.get("/chat/pictures/2", headers=mine)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"PNG", "image/png")
    assert answer.headers["cache-control"].startswith("private")
    strangers = {"cookie": f"{COOKIE}=another-session-0123456789"}
    for path, headers, status in (
        ("/chat/pictures/2", strangers, 404),
        ("/chat/pictures/1", mine, 404),
        ("/chat/pictures/x", mine, 400),
        ("/chat/pictures/2", {}, 401),
    ):
        assert (await client.get(path, headers=headers)).status_code == status


async def test_the_page_waits_for_an_answer(inbox: FakeInbox) -> None:
    async with client_for(fake_doors(inbox, poll_seconds=30)) as client:
        waiting = asyncio.create_task(client.get("/chat/messages", headers={"cookie": f"{COOKIE}={SESSION}"}))
        await asyncio.sleep(0)
        inbox.write(ASHA, "here it is")
        async with asyncio.timeout(20):
            assert (await waiting).json()["messages"][0]["text"] == "here it is"


async def test_the_page_reads_what_is_being_written(inbox: FakeInbox) -> None:
    drafts = {ASHA: Draft(1, "Pull out dead shoots …")}
    cookie = {"cookie": f"{COOKIE}={SESSION}"}
    async with client_for(fake_doors(inbox, draft=drafts.get)) as client:
        found = (await client.get("/chat/messages", headers=cookie)).json()
        version = drafts[ASHA].version
        assert found == {"messages": [], "draft": {"version": version, "text": "Pull out dead shoots …"}}
        path = f"/chat/messages?draft={version}"
        assert (await client.get(path, headers=cookie)).json() == {"messages": []}
        drafts[ASHA] = Draft(1, "Pull out dead shoots. Clip tips …")
        assert "Clip tips" in (await client.get(path, headers=cookie)).text
        stranger = {"cookie": f"{COOKIE}=another-session-0123456789"}
        assert (await client.get("/chat/messages", headers=stranger)).json() == {"messages": []}
        drafts[ASHA] = Draft(1, "")
        assert (await client.get("/chat/messages", headers=cookie)).json() == {"messages": []}
        drafts[ASHA] = Draft(1, "of an older day")
        inbox.write(ASHA, "here it is")
        assert list((await client.get("/chat/messages", headers=cookie)).json()) == ["messages"]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "٣", "9" * 30, "", str(2**53)])
async def test_message_numbers_are_checked(client: httpx.AsyncClient, after: str) -> None:
    response = await client.get("/chat/messages", params={"after": after}, headers={"cookie": f"{COOKIE}={SESSION}"})
    assert response.status_code == 400


async def test_the_page_is_told_when_the_database_is_away(client: httpx.AsyncClient, inbox: FakeInbox) -> None:
    inbox.error = StorageError("away")
    response = await client.get("/chat/messages", headers={"cookie": f"{COOKIE}={SESSION}"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


def test_pauses_grow_and_end() -> None:
    found = list(pauses(25))
    assert found[0] == 0.1
    assert max(found) == 1.0
    assert 25 <= sum(found) < 26.1


async def test_other_protocols_pass_through() -> None:
    app = create_app(fake_doors())
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent = []

    async def receive() -> dict[str, str]:
        return next(events)

    async def send(message: dict[str, str]) -> None:
        sent.append(json.dumps(message))

    await app({"type": "lifespan", "app": app}, receive, send)  # type: ignore[arg-type]
    assert "complete" in sent[-1]


async def test_an_answer_that_has_begun_is_not_answered_again() -> None:
    sent = []

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await Gatehouse(breaks)({"type": "http", "method": "GET", "path": "/"}, lambda: None, send)  # type: ignore[arg-type, return-value]
    assert sent == ["http.response.start"]
