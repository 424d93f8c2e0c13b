"""The command menu: complete in every language, and each entry is a command that is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.telegram_menu import COMMANDS, command_menus
from bot.locales import Locales

LOCALES = Locales.load(Path(__file__).resolve().parents[2] / "locales")


def test_menus_are_as_telegram_takes_them() -> None:
    menus = command_menus(LOCALES.text, LOCALES.spoken)
    assert set(menus) == {"", *LOCALES.spoken}
    assert menus[""] == menus["en"]
    for menu in menus.values():
        assert list(menu) == list(COMMANDS)
        assert all(3 <= len(text) <= 256 for text in menu.values())
    assert len({menu["help"] for menu in menus.values()}) == len(LOCALES.spoken)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_words_of_english(command: str) -> None:
    assert command.isascii()
    assert command.islower()
    said = [word for spoken in LOCALES.utterances["en"].commands.values() for word in spoken.say]
    assert command in said
