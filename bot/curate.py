"""`khetdoot knowledge`: for those who write cards: scaffold, gaps, coverage, how a card looks on a phone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import typer
from rich.console import Console
from rich.table import Table

from bot.channels.segments import preview
from bot.check.cards import overdue
from bot.domain.cards import Card
from bot.domain.errors import ConfigurationError, DataError
from bot.knowledge import Knowledge, text_hash
from bot.locales import Locales
from bot.settings import Settings, read_settings
from bot.skills.wording import whole_card
from bot.storage.upkeep import TurnRecord
from bot.understanding.romanise import romanise

app = typer.Typer(help="For those who write cards.", no_args_is_help=True)
terminal = Console()
CARD_ID = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")
CARD = """crops: [{crop}]
topics: []
problems: []
regions: []
review: {{state: drafted}}
review_by: {year}-11-30
steps:
  - id: look-first
    kind: scout
    sources: []
sources: []
"""
TEXT = """---
language: en
---
# TODO

## sms
TODO

## look
TODO

## steps
### look-first
TODO

## avoid
TODO

## call
TODO

## questions
- TODO
"""
MOST_GAPS = 40


@app.command()
def new(card_id: str) -> None:
    """Makes the files of a new card, such as `maize/stalk-borer`; `khetdoot check` then says what is missing."""
    folder = read_settings().knowledge_dir / "cards" / card_id
    if not CARD_ID.fullmatch(card_id):
        raise ConfigurationError(f"{card_id!r}: a card is called crop-or-theme/name, in lower case with hyphens")
    if folder.exists():
        raise ConfigurationError(f"{folder} exists")
    folder.mkdir(parents=True)
    crop = card_id.partition("/")[0]
    (folder / "card.yaml").write_text(CARD.format(crop=crop, year=date.today().year + 1), encoding="utf-8")
    (folder / "en.md").write_text(TEXT, encoding="utf-8")
    terminal.print(f"{folder / 'card.yaml'}\n{folder / 'en.md'}")


@app.command("hash")
def show_hash(card_id: str) -> None:
    """The hash that a translation of the card writes into `translated_from`."""
    print(text_hash(read_settings().knowledge_dir / "cards" / card_id / "en.md"))


@app.command()
def stats() -> None:
    """Coverage by language, and cards that are due for another reading."""
    settings = read_settings()
    show_stats(Locales.load(settings.locales_dir), Knowledge.load(settings.knowledge_dir), date.today())


@app.command()
def gaps(limit: int = 2000) -> None:
    """What was asked lately and not answered, by language, crop words and topic, from the database of this box."""
    show_gaps(recent_turns(read_settings(), limit))


@app.command("preview")
def show_preview(card_id: str, language: str = "en") -> None:
    """How a card looks as SMS segments and on Telegram, in its own letters and in Latin ones."""
    settings = read_settings()
    cards = Knowledge.load(settings.knowledge_dir).cards
    if card_id not in cards:
        raise DataError(f"{settings.knowledge_dir / 'cards' / card_id}:1: there is no such card")
    show_card(Locales.load(settings.locales_dir), cards[card_id], language)


def show_stats(locales: Locales, knowledge: Knowledge, today: date) -> None:
    """A row a language: messages, cards, questions; then what is overdue."""
    cards = knowledge.cards.values()
    table = Table("language", "messages", "cards", "questions", "reviewed", title=f"{len(knowledge.cards)} cards")
    wanted = len(locales.messages["en"])
    for tag in locales.spoken:
        texts = [card.texts[tag] for card in cards if tag in card.texts]
        reviewed = sum(card.review.state == "reviewed" for card in cards if tag in card.texts)
        questions = sum(len(text.questions) for text in texts)
        table.add_row(tag, f"{len(locales.messages[tag])}/{wanted}", str(len(texts)), str(questions), str(reviewed))
    terminal.print(table)
    late = [card.id for card in cards if overdue(card, today) or (card.valid_until and card.valid_until < today)]
    terminal.print(f"to be read again: {', '.join(late) or 'none'}")


def recent_turns(settings: Settings, limit: int) -> Sequence[TurnRecord]:
    """The latest turns of this box. Raises ConfigurationError."""
    from bot.services import build_services

    services = build_services(settings)
    try:
        return services.messages.recent(limit)
    finally:
        services.close()


def show_gaps(turns: Iterable[TurnRecord]) -> None:
    """Counts of unanswered turns, commonest first; texts are shown as long as they are kept."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for turn in turns:
        summary = turn.summary
        if summary.outcome in ("asked_back", "abstained", "handed_off"):
            key = (
                summary.language or "",
                summary.topic or "-",
                summary.outcome,
                " ".join(turn.text.lower().split())[:80],
            )
            counts[key] += 1
    table = Table("questions", "language", "topic", "outcome", "text", title="Asked and not answered")
    for (language, topic, outcome, text), number in counts.most_common(MOST_GAPS):
        table.add_row(str(number), language, topic, outcome, text)
    terminal.print(table)


def show_card(locales: Locales, card: Card, language: str) -> None:
    """SMS in both scripts with their segments, then the whole text."""
    text = card.texts.get(language)
    if text is None:
        raise DataError(f"{card.path}:1: the card has no words in {language!r}")
    ways: dict[str, Callable[[str], str]] = {
        "own letters": str,
        "Latin letters": lambda words: romanise(words, language),
    }
    for name, write in ways.items():
        shown = preview(write(text.sms))
        terminal.print(f"[b]SMS, {name}[/]: {shown.segments.count} x {shown.segments.encoding}")
        for part in shown.parts:
            terminal.print(f"  {part!r}", highlight=False)
    terminal.print("[b]Telegram[/]")
    terminal.print(whole_card(locales, text, card.steps, language), highlight=False)
