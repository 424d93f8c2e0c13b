"""The doors over real sockets: Telegram's webhook both ways, and requests that no client library would send."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from bot.channels.telegram import Telegram
from bot.channels.web import WebChat
from bot.domain.messages import Outbound
from tests.telegram_server import TOKEN, TelegramServer
from tests.web.fake_doors import FakeInbox, fake_doors
from tests.web.served import served

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)


async def test_telegram_by_webhook_both_ways() -> None:
    inbox = FakeInbox()
    with TelegramServer().running() as server:
        channel = Telegram(TOKEN, clock=lambda: NOW, location_label=str, api_url=server.url)
        with served(fake_doors(inbox, channels={"telegram": channel})) as address:
            await channel.start(address)
            update = server.add_message("मेरे धान में कीड़ा")
            first, second = [await asyncio.to_thread(server.deliver, update) for _ in range(2)]
            forged = await asyncio.to_thread(lambda: server.deliver(update, **{"X-Telegram-Bot-Api-Secret-Token": "x"}))
            assert (first.status_code, second.status_code, forged.status_code) == (200, 200, 403)
            assert first.json()["method"] == "sendChatAction"
            (inbound,) = inbox.inbounds
            await channel.send(Outbound(inbound.address, "किस फसल में?"))
            assert server.sent(77) == ["किस फसल में?"]
            await channel.close()


def raw(address: str, request: bytes) -> bytes:
    """The first line of the answer to raw bytes."""
    url = urlsplit(address)
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=10) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /channels/web/receive HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"413"),
        (b"POST /channels/web/receive HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"GET /chat?language=%ff%00 HTTP/1.1\r\nHost: x\r\nCookie: \xff\xfe=\xff\r\n\r\n", b"200"),
        (b"GET /chat HTTP/1.1\r\nHost: \xff:x\r\n\r\n", b"200"),
        (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"GET /static/%2e%2e/app.py HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"GET /channels/%00/receive HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
    ],
)
def test_odd_requests(request_bytes: bytes, status: bytes) -> None:
    with served(fake_doors(channels={"web": WebChat(lambda: NOW)})) as address:
        assert raw(address, request_bytes).split()[1] == status


def test_a_huge_body_is_cut_off_while_it_comes() -> None:
    pieces = 0

    def endless() -> Iterator[bytes]:
        nonlocal pieces
        for _ in range(100_000):
            pieces += 1
            yield b"x" * 65_536

    inbox = FakeInbox()
    with served(fake_doors(inbox, channels={"web": WebChat(lambda: NOW)})) as address:
        headers = {"content-type": "application/json"}
        # The answer may be overtaken by the end of the connection.
        with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
            response = httpx.post(f"{address}/channels/web/receive", content=endless(), headers=headers, timeout=20)
            assert response.status_code == 413
        assert pieces < 10_000
        assert httpx.get(f"{address}/healthz").text == "ok\n"
