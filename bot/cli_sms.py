"""`khetdoot sms`: the sheet of texts that India's operators want registered, and what is registered of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.channels.dlt import LONGEST_TEMPLATE, SLOT, SLOTS, read_registry
from bot.channels.segments import measure
from bot.domain.cards import Card
from bot.domain.errors import ConfigurationError, KhetdootError
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.mind import shorten
from bot.settings import Settings, read_settings
from bot.skills.wording import first_steps, remaining_parts
from bot.understanding.romanise import romanise

app = typer.Typer(help="SMS: registering texts in India (DLT).", no_args_is_help=True)
templates = typer.Typer(help="Texts to register.", no_args_is_help=True)
app.add_typer(templates, name="templates")
terminal = Console()
NOT_BY_SMS = (
    "chat.", "chart.", "button.", "topic.", "officer.new", "officer.sent", "officer.gone", "media.", "weather.",
    "price.",
)  # fmt: skip
"""Messages of pages and officers, words that stand inside others, and answers that are put together anew each time."""
CHOICES = frozenset({"ask.crop", "ask.problem", "language.ask"})
MOST_CHOICES = 6
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
LATIN_WRITTEN = frozenset({"en", "es", "sw"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet: a text exactly as it is sent, with slots where values stand."""

    name: str
    category: str
    header: str
    language: str
    letters: str
    content: str
    slots: int
    segments: int
    template_id: str


@templates.command("export")
def export_templates(
    file: Annotated[Path, typer.Argument(help="CSV file to write")],
    whole: Annotated[bool, typer.Option("--more", help="Also what follows upon MORE: several times as many")] = False,
) -> None:
    """Writes all fixed texts, ready for the operator's portal; with DLT_FILE also the ids of those registered."""
    settings = read_settings()
    try:
        rows = list(sheet(settings, whole))
        with file.open("w", encoding="utf-8-sig", newline="") as output:
            writer = csv.writer(output)
            writer.writerow([field.name for field in fields(Row)])
            writer.writerows(astuple(row) for row in rows)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    terminal.print(f"{len(rows)} texts, {sum(bool(row.template_id) for row in rows)} registered: {file}")


@templates.command("check")
def check_templates(
    whole: Annotated[bool, typer.Option("--more", help="Also what follows upon MORE")] = False,
) -> None:
    """Checks DLT_FILE and counts by language which texts it has registered."""
    settings = read_settings()
    if settings.dlt_file is None:
        raise typer.BadParameter("KHETDOOT_DLT_FILE is not set")
    try:
        rows = list(sheet(settings, whole))
    except KhetdootError as error:
        terminal.print(f"[red]khetdoot:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    for language in dict.fromkeys(row.language for row in rows):
        own = [row for row in rows if row.language == language]
        print(f"{language}: {sum(bool(row.template_id) for row in own)} of {len(own)} texts are registered")


def sheet(settings: Settings, whole: bool) -> Iterator[Row]:
    """All rows; `whole`: also what follows upon MORE. Raises ConfigurationError and DataError."""
    registry = read_registry(settings.dlt_file) if settings.dlt_file else None
    header = registry.header if registry else settings.sms_sender
    locales, knowledge = Locales.load(settings.locales_dir), Knowledge.load(settings.knowledge_dir)
    seen: set[str] = set()
    for name, language, letters, content in contents(locales, knowledge, settings.sms_segments, whole):
        if content in seen or len(content) > LONGEST_TEMPLATE:
            continue
        seen.add(content)
        known = registry.match(content) if registry else None
        slots, segments = len(SLOTS.findall(content)), measure(SLOTS.sub("x" * 10, content)).count
        identity = known.id if known else ""
        yield Row(name, "Service Implicit", header, language, letters, content, slots, segments, identity)


def contents(locales: Locales, knowledge: Knowledge, budget: int, whole: bool) -> Iterator[tuple[str, str, str, str]]:
    """Name, language, letters and text of everything fixed that goes out by SMS."""
    for language in locales.spoken:
        ways: dict[str, Callable[[str], str]] = {"own": str}
        if language not in LATIN_WRITTEN:
            ways["latin"] = lambda text, language=language: romanise(text, language)  # type: ignore[misc]
        for letters, write in ways.items():
            hint = write(locales.text("more.hint", language))
            for name, text in named_messages(locales, language):
                for number, piece in enumerate(pieces([write(text)], hint, budget), start=1):
                    yield f"{name} {number}", language, letters, piece
            for card in knowledge.cards.values():
                parts = [write(text) for text in card_parts(locales, card, language, whole)]
                for number, piece in enumerate(pieces(parts, hint, budget, more=not whole), start=1):
                    yield f"{card.id} {number}", language, letters, piece


def named_messages(locales: Locales, language: str) -> Iterator[tuple[str, str]]:
    """Messages that go out by SMS, with slots for their placeholders and for numbered choices."""
    for name in locales.messages["en"]:
        if not name.startswith(NOT_BY_SMS):
            text = PLACEHOLDER.sub(SLOT, str(locales.messages[language].get(name) or locales.messages["en"][name]))
            yield name, text + "\n" + SLOT * MOST_CHOICES if name in CHOICES else text


def card_parts(locales: Locales, card: Card, language: str, whole: bool) -> tuple[str, ...]:
    """The SMS of a card and, if `whole`, what MORE continues with; none without words in the language."""
    text = card.texts.get(language)
    if text is None:
        return ()
    steps = first_steps(tuple(step for step in card.steps if step.id in text.steps))
    call = locales.messages[language].get("emergency.call", "") if "emergency" in card.topics else ""
    answer = f"{PLACEHOLDER.sub(SLOT, call)} {text.sms}".strip()
    return (answer, *remaining_parts(locales, text, steps, language)) if whole else (answer,)


def pieces(texts: Iterable[str], hint: str, budget: int, more: bool = False) -> Iterator[str]:
    """Each text as the pipeline sends it: within the budget, what is left as the next one; `more` follows the last."""
    waiting = list(texts)
    while waiting:
        head, rest = shorten(waiting.pop(0), hint, more or bool(waiting), budget=budget)
        yield head
        if rest:
            waiting.insert(0, rest)
