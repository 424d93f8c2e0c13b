"""A token makes the same bot live on Telegram: the running program against a Bot API over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Backend
from tests.processes import free_port, running
from tests.telegram_server import BLOCKED, TOKEN, Failure, TelegramServer, message, too_many
from tests.weather_server import weather_server

FARMER, OFFICER = 770_077_077, 555
"""Too long to turn up by chance in a question's short id, which is hexadecimal."""
SECONDS = 60


@pytest.fixture
def telegram(tmp_path: Path, backend: Backend) -> Iterator[TelegramServer]:
    server = TelegramServer()
    settings = {**backend.settings, "telegram_token": TOKEN, "officer_chat_ids": str(OFFICER)}
    with server.running(), weather_server(datetime.now(UTC)) as weather:
        settings |= dict.fromkeys(("open_meteo_url", "open_meteo_geocoding_url", "met_norway_url"), weather.url)
        with running(tmp_path, free_port(), telegram_api_url=server.url, **settings):
            yield server


def answered(telegram: TelegramServer, chat: int, number: int) -> list[str]:
    """Waits for that many messages in a chat and returns them."""
    assert telegram.wait_until(lambda: len(telegram.sent(chat)) >= number, SECONDS), telegram.sent()
    return telegram.sent(chat)


def wait_for(backend: Backend, query: str, row: tuple[Any, ...]) -> None:
    """Waits until a query gives one row; a safety limit, no measurement."""
    deadline = time.monotonic() + SECONDS
    while backend.rows(query) != [row]:
        assert time.monotonic() < deadline, backend.rows(query)
        time.sleep(0.2)


@pytest.mark.integration
def test_a_farmer_and_an_officer(telegram: TelegramServer) -> None:
    assert telegram.wait_until(lambda: len(telegram.commands) == 14, SECONDS), "thirteen languages and all others"
    assert [entry["command"] for entry in telegram.commands[""]][:2] == ["start", "help"]
    assert telegram.commands["hi"][2] == {"command": "weather", "description": "मौसम"}
    telegram.add_message("/start", FARMER)
    assert "खेतदूत" in answered(telegram, FARMER, 1)[0]
    telegram.add_message("मेरे धान में तना छेदक लग गया है", FARMER)
    assert "धान" in answered(telegram, FARMER, 2)[1]
    telegram.fail("sendMessage", too_many(1))
    telegram.add_message("अधिकारी से बात करनी है", FARMER)
    answered(telegram, FARMER, 3)
    question = answered(telegram, OFFICER, 1)[0]
    assert "तना छेदक" in question
    assert str(FARMER) not in question
    asked = message(question, OFFICER, telegram.last_ids[OFFICER], bot=True)
    telegram.add_message("Come to the KVK on Monday.", OFFICER, reply_to_message=asked)
    assert "Come to the KVK on Monday." in answered(telegram, FARMER, 4)[3]
    telegram.add_message("/stop", FARMER)
    answered(telegram, FARMER, 5)
    telegram.add_message("गेहूं में रतुआ", FARMER)
    telegram.add_message("wheat rust", OFFICER)
    answered(telegram, OFFICER, 3)
    assert len(telegram.sent(FARMER)) == 5


@pytest.mark.integration
def test_the_weather_comes_with_its_chart(telegram: TelegramServer, backend: Backend) -> None:
    telegram.add_message("हाथरस का मौसम", FARMER)
    caption = answered(telegram, FARMER, 1)[0]
    assert "हाथरस" in caption
    (chat, picture), *more = telegram.pictures
    assert (chat, picture[:4], more) == (str(FARMER), b"\x89PNG", [])
    wait_for(backend, "select count(*) from pictures", (0,))
    telegram.fail("sendPhoto", Failure(400, "Bad Request: not enough rights to send photos to the chat"))
    telegram.add_message("हाथरस का मौसम", FARMER)
    assert "हाथरस" in answered(telegram, FARMER, 2)[1]
    assert len(telegram.pictures) == 1


@pytest.mark.integration
def test_who_blocks_the_bot_is_stopped(telegram: TelegramServer, backend: Backend) -> None:
    telegram.fail("sendMessage", BLOCKED)
    telegram.add_message("my rice has stem borer", FARMER)
    wait_for(backend, f"select consent from contacts where address = '{FARMER}'", ("stopped",))
    assert telegram.sent(FARMER) == []
