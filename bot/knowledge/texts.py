"""Reads the words of cards: `<lang>.md` with front matter and fixed headings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.domain.cards import CardText, Question
from bot.domain.errors import DataError

SECTIONS = ("sms", "look", "steps", "avoid", "call", "questions")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A `<lang>.md` taken apart: front matter, title, sections, and the steps' texts by id."""

    front: Mapping[str, Any]
    title: str
    sections: Mapping[str, str]
    steps: Mapping[str, str]
    lines: Mapping[str, int]


def shared_text(path: Path) -> str:
    """The body of a shared step's `<lang>.md`, one line."""
    return " ".join(split_front_matter(path)[1].split())


def read_card_text(path: Path, shared: Mapping[str, Mapping[str, str]]) -> CardText:
    """Reads `<lang>.md`; `shared` gives the texts of shared steps by id and language. Raises DataError."""
    file = read_text_file(path)
    language = str(file.front.get("language", path.stem))
    steps = {step: texts[language] for step, texts in shared.items() if language in texts}
    return CardText(
        language=language,
        title=file.title,
        sms=file.sections.get("sms", ""),
        look=file.sections.get("look", ""),
        avoid=file.sections.get("avoid", ""),
        call=file.sections.get("call", ""),
        steps=steps | dict(file.steps),
        questions=tuple(read_questions(file.sections.get("questions", ""), language)),
        translated_from=file.front.get("translated_from"),
        path=str(path),
    )


def read_questions(section: str, language: str) -> Iterator[Question]:
    """`- text` or `- xx-Latn: text`, one a line."""
    for line in section.splitlines():
        text = line.strip().removeprefix("-").strip()
        tag, mark, rest = text.partition(":")
        if mark and re.fullmatch(r"[a-z]{2,3}-Latn", tag):
            yield Question(tag, rest.strip())
        elif text:
            yield Question(language, text)


def read_text_file(path: Path) -> TextFile:
    """Takes a card's text file apart. Raises DataError on an unknown or repeated heading."""
    front, body, first = split_front_matter(path)
    title = ""
    sections: dict[str, str] = {}
    steps: dict[str, str] = {}
    lines: dict[str, int] = {}
    into: dict[str, str] = sections
    name, start = "", first

    for number, line in enumerate([*body.splitlines(), "## "], start=first):
        if not line.startswith(("# ", "## ", "### ")):
            if name:
                into[name] = f"{into[name]}\n{line}".strip("\n")
            elif line.strip():
                raise DataError(f"{path}:{number}: text before the first heading")
            continue
        marks, _, heading = line.partition(" ")
        heading = heading.strip()
        if marks == "#":
            title, lines["title"] = heading, number
            continue
        if not heading:
            break
        into, name, start = (sections, heading, number) if marks == "##" else (steps, heading, number)
        if name in into or (into is sections and name not in SECTIONS):
            raise DataError(f"{path}:{number}: heading {heading!r} is unknown or stands twice")
        into[name], lines[name] = "", start
    folded = {key: fold_lines(text) if key != "questions" else text for key, text in sections.items()}
    return TextFile(front, title, folded, {key: fold_lines(text) for key, text in steps.items()}, lines)


def fold_lines(text: str) -> str:
    """A paragraph on one line."""
    return " ".join(text.split())


def split_front_matter(path: Path) -> tuple[dict[str, Any], str, int]:
    """Front matter, body and the body's first line number. Raises DataError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:1: not UTF-8 ({error.reason} at byte {error.start})") from error
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not match:
        raise DataError(f"{path}:1: front matter between two lines of --- is missing")
    try:
        front = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        raise DataError(f"{path}:1: front matter is no YAML: {error}") from error
    return front, text[match.end() :], match.group(0).count("\n") + 1


def text_hash(path: Path) -> str:
    """Twelve hex digits that change whenever the words of a text file change; questions are not translated."""
    body = split_front_matter(path)[1].partition("\n## questions\n")[0]
    return hashlib.sha256(" ".join(body.split()).encode()).hexdigest()[:12]
