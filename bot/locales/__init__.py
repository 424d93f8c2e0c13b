"""locales/ as values: languages, messages, names of entities, utterances. Formats: locales/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.domain.errors import DataError
from bot.locales.files import read_entities, read_languages, read_rules, read_utterances
from bot.locales.messages import Blanks, message_fault, message_lines, placeholders, read_messages
from bot.locales.names import check_names
from bot.locales.values import Command, EntityNames, Example, Language, Name, Problem, Rules, Utterances

__all__ = [
    "DEFAULT",
    "Command",
    "EntityNames",
    "Example",
    "Language",
    "Locales",
    "Name",
    "Problem",
    "Rules",
    "Utterances",
    "check_messages",
    "check_names",
    "placeholders",
]

DEFAULT = "en"


@dataclass(frozen=True)
class Locales:
    """Everything in locales/, read once at start; languages by tag in the order of languages.yaml."""

    path: Path
    languages: Mapping[str, Language]
    rules: Rules
    messages: Mapping[str, Mapping[str, str]]
    entities: Mapping[str, EntityNames]
    utterances: Mapping[str, Utterances]

    @classmethod
    def load(cls, path: Path) -> Locales:
        """Reads all. Raises DataError (`path:line: message`) at the first file that cannot be used."""
        languages = read_languages(path / "languages.yaml")
        here = [tag for tag in languages if (path / tag).is_dir()]
        return cls(
            path,
            languages,
            read_rules(path / "intents.yaml"),
            {tag: read_messages(file) for tag in here if (file := path / tag / "messages.po").is_file()},
            {tag: read_entities(file) for tag in here if (file := path / tag / "entities.yaml").is_file()},
            {tag: read_utterances(file) for tag in here if (file := path / tag / "utterances.yaml").is_file()},
        )

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """Tags of the languages that the bot can answer in: those with messages."""
        return tuple(tag for tag in self.languages if tag in self.messages)

    def text(self, key: str, language: str, /, **values: object) -> str:
        """The message in `language` (a tag, script ignored), else its fallback, else English. Raises DataError."""
        for tag in self._chain(language):
            if text := self.messages.get(tag, {}).get(key):
                return text.format_map(Blanks(values)) if values or "{" in text else text
        raise DataError(f"{self.path / DEFAULT / 'messages.po'}:1: no message {key!r}")

    def _chain(self, language: str) -> tuple[str, ...]:
        tag = language if language in self.languages else language.split("-")[0]
        known = self.languages.get(tag)
        return (tag, *(known.fallback if known else ()), DEFAULT)


def check_messages(locales: Locales) -> Iterator[Problem]:
    """Messages that English lacks, that a language lacks, or whose placeholders differ from the English ones."""
    source = locales.messages.get(DEFAULT, {})
    for tag, messages in locales.messages.items():
        path = locales.path / tag / "messages.po"
        lines = message_lines(path)
        for key in source.keys() - messages.keys():
            yield Problem(str(path), 1, f"no text for {key!r}")
        for key, text in messages.items():
            if fault := message_fault(source.get(key), text):
                yield Problem(str(path), lines.get(key, 1), f"{key!r}: {fault}")
