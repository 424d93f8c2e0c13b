"""The command menu beside Telegram's input field: what each command says in each language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

COMMANDS: Mapping[str, str] = {
    "start": "menu.start",
    "help": "menu.help",
    "weather": "topic.weather",
    "alerts": "button.alerts",
    "price": "topic.market",
    "language": "menu.language",
    "script": "menu.script",
    "person": "button.person",
    "stop": "menu.stop",
}
"""Commands, each a word that is understood without its slash, and their messages."""


def command_menus(text: Callable[[str, str], str], languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """`{language: {command: description}}` as Telegram.describe takes it; "" is for all other languages, in English."""
    tags = {"": "en"} | {tag: tag for tag in languages}
    return {name: {command: text(message, tag) for command, message in COMMANDS.items()} for name, tag in tags.items()}
