"""The `khetdoot` commands."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console as Terminal

from bot import cli_alerts, cli_model, cli_sms, curate
from bot.domain.errors import KhetdootError
from bot.settings import Settings, read_settings
from bot.train import commands as train

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
terminal = Terminal(stderr=True)
app.add_typer(cli_alerts.app, name="alerts")
app.add_typer(curate.app, name="knowledge")
app.add_typer(cli_model.app, name="model")
app.add_typer(cli_sms.app, name="sms")
app.add_typer(train.app, name="train")
# Commands import what they need themselves: `khetdoot check` shall not wait for a web server to load.


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that an operator can mend are one line, not a traceback."""
    try:
        yield
    except KhetdootError as error:
        terminal.print(f"[red]khetdoot:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question")] = "",
    channel: Annotated[str, typer.Option(help="console, sms, telegram or web")] = "console",
    contact: Annotated[str, typer.Option(help="Lines of a batch with the same contact are one conversation")] = "",
    place: Annotated[str, typer.Option(help="A place's name or LAT,LON")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print all that was understood and decided")] = False,
    batch: Annotated[Path | None, typer.Option(help='JSON lines {"id","text","contact"?,"place"?,"channel"?}')] = None,
) -> None:
    """Answers one question, or a file of them, without network or stored state."""
    from bot.ask import Asker
    from bot.services import offline_mind, preview_channels, utc_now

    with plain_errors():
        asker = Asker(offline_mind(read_settings()), preview_channels(), utc_now())
        if batch:
            with open_lines(batch) as lines:
                for answer in asker.ask_lines(lines):
                    print(json.dumps(answer, ensure_ascii=False))
            return
        answer = asker.ask(
            text, channel=channel, contact=contact, place=asker.mind.find_place(place) if place else None
        )
        print(json.dumps(answer, ensure_ascii=False) if as_json else "\n\n".join(answer["parts"]))


@app.command()
def detect(batch: Annotated[Path, typer.Option(help='JSON lines {"id","text"}; - for standard input')]) -> None:
    """Names the language and script of each text."""
    from bot.understanding.language import LanguageDetector

    with plain_errors(), open_lines(batch) as lines:
        detector = LanguageDetector.load(read_settings().locales_dir / "models")
        for number, line in enumerate(filter(str.strip, lines), start=1):
            asked = read_line(line, number)
            found = detector.detect(str(asked.get("text", "")))
            row = {"id": asked.get("id", number), "language": found.tag, "script": found.script}
            print(json.dumps({**row, "confidence": round(found.confidence, 4)}, ensure_ascii=False))


@app.command()
def check() -> None:
    """Validates locales/ and knowledge/; each problem is a line `path:line: message`."""
    from bot.check import check_all

    settings = read_settings()
    problems = list(check_all(settings.locales_dir, settings.knowledge_dir))
    for problem in problems:
        print(relative(problem.path), problem.line, f" {problem.message}", sep=":")
    if problems:
        terminal.print(f"[red]{len(problems)} problem(s)[/]")
        raise typer.Exit(1)
    terminal.print("[green]locales/ and knowledge/ are in order[/]")


@app.command()
def chat() -> None:
    """Talks in the terminal; nothing is stored."""
    from bot.ask import Asker
    from bot.services import offline_mind, preview_channels, utc_now

    with plain_errors():
        asker = Asker(offline_mind(read_settings()), preview_channels(), utc_now())
    print(asker.mind.locales.text("greeting", "en"), end="\n\n")
    while True:
        try:
            text = input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
        answer = asker.ask(text, channel="console", contact="terminal")
        print("", *answer["parts"], "", sep="\n")


@app.command("eval")
def evaluate(
    data: Annotated[Path, typer.Argument(help="CSV with query_text and, where known, crop, query_type, district")],
) -> None:
    """Asks a file of real questions and reports what came of them, by crop and topic."""
    from bot.evaluate import evaluate_file
    from bot.services import offline_mind

    with plain_errors():
        evaluate_file(data, offline_mind(read_settings()), Terminal())


@app.command()
def serve() -> None:
    """Runs all roles in one process: web server, worker, scheduler, Telegram."""
    from bot.run import run_roles

    with plain_errors():
        run_roles(settings_for_server(), frozenset({"web", "worker", "scheduler"}))


@app.command()
def web() -> None:
    """Runs the web server alone: webhooks, web chat, health."""
    from bot.run import run_roles

    with plain_errors():
        run_roles(settings_for_server(), frozenset({"web"}))


@app.command()
def worker() -> None:
    """Runs the worker alone: answers and sends."""
    from bot.run import run_roles

    with plain_errors():
        run_roles(settings_for_server(), frozenset({"worker"}))


@app.command()
def scheduler() -> None:
    """Runs the scheduler alone: forecasts, warnings, retention, gauges; several elect one that warns."""
    from bot.run import run_roles

    with plain_errors():
        run_roles(settings_for_server(), frozenset({"scheduler"}))


def settings_for_server() -> Settings:
    """Settings of a long-running process, which may make its data folder."""
    settings = read_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings


@contextmanager
def open_lines(path: Path) -> Iterator[Iterator[str]]:
    """A text file's lines, undecodable bytes replaced; `-` is standard input."""
    if str(path) == "-":
        yield iter(sys.stdin)
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield lines
    except OSError as error:
        raise KhetdootError(f"{path}: {error.strerror}") from error


def read_line(line: str, number: int) -> dict[str, object]:
    """One JSON object. Raises KhetdootError naming the line."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise KhetdootError(f"line {number}: no JSON: {error}") from error
    if not isinstance(value, dict):
        raise KhetdootError(f"line {number}: no JSON object")
    return value


def relative(path: str) -> str:
    """A path as seen from here, where it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


@contextmanager
def plain_exit() -> Iterator[None]:
    """Errors that an operator can mend are one line, whichever command raised them."""
    try:
        yield
    except KhetdootError as error:
        terminal.print(f"[red]khetdoot:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


def main() -> None:
    """Entry point of the `khetdoot` command. What a command prints is its answer: complaints go to standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    with plain_exit():
        app()


if __name__ == "__main__":
    main()
