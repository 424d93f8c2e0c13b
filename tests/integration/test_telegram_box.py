"""A token makes the same bot live on Telegram: the running program against a Bot API over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Backend
from tests.processes import free_port, running
from tests.telegram_server import BLOCKED, TOKEN, TelegramServer, message, too_many

FARMER, OFFICER = 77, 555
SECONDS = 60


@pytest.fixture
def telegram(tmp_path: Path, backend: Backend) -> Iterator[TelegramServer]:
    server = TelegramServer()
    settings = {**backend.settings, "telegram_token": TOKEN, "officer_chat_ids": str(OFFICER)}
    with server.running(), running(tmp_path, free_port(), telegram_api_url=server.url, **settings):
        yield server


def answered(telegram: TelegramServer, chat: int, number: int) -> list[str]:
    """Waits for that many messages in a chat and returns them."""
    assert telegram.wait_until(lambda: len(telegram.sent(chat)) >= number, SECONDS), telegram.sent()
    return telegram.sent(chat)


@pytest.mark.integration
def test_a_farmer_and_an_officer(telegram: TelegramServer) -> None:
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
def test_who_blocks_the_bot_is_stopped(telegram: TelegramServer, backend: Backend) -> None:
    telegram.fail("sendMessage", BLOCKED)
    telegram.add_message("my rice has stem borer", FARMER)
    deadline = time.monotonic() + SECONDS
    while backend.rows("select consent from contacts where address = '77'") != [("stopped",)]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert telegram.sent(FARMER) == []
