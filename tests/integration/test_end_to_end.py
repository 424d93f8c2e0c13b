"""The running program over real HTTP, all embedded and over PostgreSQL with Redis: answers, and bad input."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Backend
from tests.processes import free_port, running

SECRET = "a-secret-for-the-webhook"
TOKEN = "4711:token-that-no-log-may-have"
SAME_CARD = {
    "en": "my rice has stem borer",
    "hi": "मेरे धान में तना छेदक लग गया है",
    "te-Latn": "naa vari lo kaanda toluchu purugu vachindi",
    "sw": "mpunga wangu una funza wa shina",
}
TITLES = {"en": "Stem borer in rice", "hi": "धान", "te-Latn": "vari", "sw": "mpunga"}


class Chat:
    """A browser's side of the web chat."""

    def __init__(self, client: httpx.Client, session: str) -> None:
        self.client, self.session, self.count = client, session, 0

    def say(self, text: str) -> str:
        """Sends a message and waits for its answer."""
        self.count += 1
        body = {"id": f"m{self.count}", "session": self.session, "text": text}
        sent = self.client.post("/channels/web/receive", json=body)
        assert sent.status_code == 200, sent.text
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.answers()
            if len(found) >= self.count:
                return str(found[self.count - 1]["text"])
        raise AssertionError("no answer")

    def answers(self) -> list[dict[str, Any]]:
        got = self.client.get(
            "/chat/messages", params={"after": 0}, headers={"cookie": f"khetdoot_chat={self.session}"}, timeout=40
        )
        assert got.status_code == 200, got.text
        return list(got.json()["messages"])


@pytest.fixture
def box(tmp_path: Path, backend: Backend) -> Iterator[httpx.Client]:
    port = free_port()
    settings = {**backend.settings, "telegram_token": TOKEN, "telegram_webhook_secret": SECRET}
    settings |= {"telegram_api_url": "http://127.0.0.1:9", "public_url": "https://khetdoot.example"}
    with running(tmp_path, port, **settings), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


@pytest.mark.integration
def test_four_languages_get_the_same_card_each_in_its_own(box: httpx.Client, backend: Backend) -> None:
    for number, (tag, question) in enumerate(SAME_CARD.items()):
        answer = Chat(box, f"farmer-with-number-{number}").say(question)
        assert TITLES[tag].lower() in answer.lower(), answer
    cards = backend.rows("select language, card_id from inbox order by id")
    assert cards == [(tag, "rice/stem-borer") for tag in SAME_CARD]


@pytest.mark.integration
def test_bad_input_is_refused_or_answered_and_never_logged(box: httpx.Client, tmp_path: Path, backend: Backend) -> None:
    receive = "/channels/web/receive"
    chat = Chat(box, "private-session-0815")
    for text in ("", "   ", "🙏🌾🙏", "\x00\x01\x02\x1b[31m", "\u202e\u2066dlrow olleh\u2069", "a" * 1900):
        body = {"id": f"t{len(text)}{hash(text)}"[:60].replace("-", "m"), "session": chat.session, "text": text}
        assert box.post(receive, json=body).status_code in (200, 400), repr(text[:20])
    surrogate = b'{"id":"s1","session":"private-session-0815","text":"dhan \\ud83d kida"}'
    bomb = gzip.compress(b'{"text":"' + b"0" * 50_000_000 + b'"}')
    headers = {"content-type": "application/json"}
    wrong_secret = {"x-telegram-bot-api-secret-token": "guessed", **headers}
    refused = {
        "lone surrogate": box.post(receive, content=surrogate, headers=headers),
        "100 kB": box.post(receive, json={"id": "big", "session": chat.session, "text": "a" * 100_000}),
        "zip bomb": box.post(receive, content=bomb, headers={**headers, "content-encoding": "gzip"}),
        "raw bomb": box.post(receive, content=bomb, headers=headers),
        "no JSON": box.post(receive, content=b"{", headers=headers),
        "wrong shape": box.post(receive, content=b"[[[[]]]]", headers=headers),
        "wrong secret": box.post("/channels/telegram/receive", content=b"{}", headers=wrong_secret),
        "no secret": box.post("/channels/telegram/receive", content=b"{}", headers=headers),
        "no channel": box.post("/channels/pigeon/receive", content=b"{}", headers=headers),
        "wrong method": box.delete(receive),
    }
    statuses = {name: answer.status_code for name, answer in refused.items()}
    expected = {"100 kB": 413, "zip bomb": 415, "no JSON": 400, "wrong shape": 400, "wrong secret": 403}
    expected |= {"no secret": 403, "no channel": 404, "wrong method": 405, "raw bomb": 400}
    assert statuses.pop("lone surrogate") in (200, 400)
    assert statuses == expected
    phone = {"id": "phone", "session": chat.session, "text": "my rice has stem borer, call 9876543210"}
    assert box.post(receive, json=phone).status_code == 200
    wait_until_done(backend)
    assert backend.rows("select count(*) from inbox where state = 'failed'") == [(0,)]
    log = (tmp_path / "serve.log").read_text(encoding="utf-8", errors="replace")
    private = (chat.session, "9876543210", TOKEN, SECRET, "stem borer", "olleh")
    assert [word for word in private if word in log] == []


def wait_until_done(backend: Backend) -> None:
    deadline = time.monotonic() + 60
    while backend.rows("select count(*) from inbox where state in ('received', 'processing')") != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.integration
def test_health(box: httpx.Client, backend: Backend) -> None:
    assert box.get("/healthz").text == "ok\n"
    ready = box.get("/readyz")
    assert ready.status_code == 200, ready.text
    parts = json.loads(ready.text)["parts"]
    assert parts["database"] is True
    assert parts["redis"] == ("inside this process" if backend.name == "embedded" else True)
    assert "khetdoot_http_requests" in box.get("/metrics").text
    assert box.get("/chat").status_code == 200
