"""Texts to train on: this project's own (locales/, knowledge/) and open corpora, one `<tag>.txt` a language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

import polib
import yaml

from bot.understanding.language import words_of
from bot.understanding.letters import LETTERS
from bot.understanding.script import LATIN, script_of

_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TAGGED = re.compile(r"^([a-z]{2}-Latn):\s*(.+)$")


class Origin(StrEnum):
    """Sources of training lines; each has its share and its spelling noise (bot/train/languages.py)."""

    CORPUS = "corpus"
    OWN = "own"
    ROMANISED = "romanised"
    TEMPLATE = "template"
    PSEUDO = "pseudo"


@dataclass(frozen=True, slots=True)
class Sample:
    """One training line: a language tag, `words_of` a text, and where it comes from."""

    tag: str
    words: str
    origin: Origin = Origin.CORPUS


def read_corpus(folder: Path) -> list[Sample]:
    """All lines of `folder/<tag>.txt`, each once."""
    return _samples(_lines_of(folder), Origin.CORPUS)


def read_own_texts(locales_dir: Path, knowledge_dir: Path) -> list[Sample]:
    """Phrases, card texts, messages and utterances, in whatever languages they exist."""
    texts = [_lines_of(locales_dir / "models/phrases"), _card_texts(knowledge_dir)]
    return _samples(chain(*texts, _message_texts(locales_dir), _utterances(locales_dir)), Origin.OWN)


def _samples(texts: Iterable[tuple[str, str]], origin: Origin) -> list[Sample]:
    found = dict.fromkeys(_sample(tag, text, origin) for tag, text in texts)
    return [sample for sample in found if len(sample.words) > 1]


def _sample(tag: str, text: str, origin: Origin) -> Sample:
    """A line of an Indic language that stands in Latin letters counts for its `-Latn` tag."""
    words = words_of(text)
    latin = tag in LETTERS and script_of(words) == LATIN
    return Sample(f"{tag}-Latn" if latin else tag, words, origin)


def _lines_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Lines of `folder/<tag>.txt`."""
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.stem, line


def _card_texts(knowledge_dir: Path) -> Iterator[tuple[str, str]]:
    """Body lines of every `<lang>.md`; questions marked `hi-Latn:` count for that tag."""
    for path in sorted(knowledge_dir.glob("cards/**/*.md")):
        for line in _FRONT.sub("", path.read_text(encoding="utf-8")).splitlines():
            if line.strip() and not line.startswith("##"):
                text = line.lstrip("#- ").strip()
                tagged = _TAGGED.match(text)
                yield (tagged[1], tagged[2]) if tagged else (path.stem, text)


def _message_texts(locales_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(locales_dir.glob("*/messages.po")):
        for entry in polib.pofile(str(path)):
            yield path.parent.name, re.sub(r"\{[^}]*\}|%\([^)]*\)s", " ", entry.msgstr or "")


def _utterances(locales_dir: Path) -> Iterator[tuple[str, str]]:
    """All strings of utterances.yaml; those under a key such as `hi-Latn` count for that tag."""
    for path in sorted(locales_dir.glob("*/utterances.yaml")):
        yield from _strings(path.parent.name, yaml.safe_load(path.read_text(encoding="utf-8")))


def _strings(tag: str, node: object) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        tagged = _TAGGED.match(node)
        yield (tagged[1], tagged[2]) if tagged else (tag, node)
    elif isinstance(node, list):
        for item in node:
            yield from _strings(tag, item)
    elif isinstance(node, dict):
        for key, item in node.items():
            yield from _strings(key if isinstance(key, str) and re.fullmatch("[a-z]{2}-Latn", key) else tag, item)
