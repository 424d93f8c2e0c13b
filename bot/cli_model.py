"""`khetdoot model`: gets model files, shows them, finds out what is wrong with them, measures them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from bot.answering.doctor import BUFFERS, Finding, Machine, diagnose, memory_finding, run_probe
from bot.answering.machine import available_memory, cpu_flags
from bot.answering.probe import CONTEXT
from bot.clients.downloads import Downloader
from bot.clients.gguf_file import GgufFacts, read_facts
from bot.clients.hub import Location, locate_address, locate_on_hub
from bot.clients.model_store import Installed, ModelStore, Trust, hash_file
from bot.clients.models import Model, find_model, read_models
from bot.domain.errors import ConfigurationError, DataError
from bot.settings import Settings, read_settings

app = typer.Typer(help="Model files: getting, listing, examining, measuring.", no_args_is_help=True)
terminal = Console()
Name = Annotated[str, typer.Argument(help="A name that `khetdoot model list` shows, or one of your own")]


@app.command()
def pull(
    name: Name,
    source: Annotated[
        str, typer.Option("--from", help="A file (a USB stick's, say) or address instead of the hub")
    ] = "",
    mirror: Annotated[str, typer.Option(help="A mirror of the hub; default: KHETDOOT_MODEL_MIRROR")] = "",
) -> None:
    """Gets a model whole and checked. Run it again after a break: it goes on where it was."""
    settings = read_settings()
    store = store_of(settings)
    there = store.find(name)
    if there and there.trust in (Trust.VERIFIED, Trust.UNSTATED) and not source:
        terminal.print(f"{name} is there: {there.path}", soft_wrap=True)
        return
    model = find_model(name, store.models)
    with progress_bar(name) as progress, httpx.Client() as client:
        downloader = Downloader(client, time.sleep, progress)
        if source and "://" not in source:
            found = store.import_file(name, Path(source), downloader)
        else:
            location = locate(client, name, model, source, mirror or settings.model_mirror)
            found = store.pull(name, location, downloader)
    terminal.print(told(found, model), soft_wrap=True, highlight=False)


def locate(client: httpx.Client, name: str, model: Model | None, source: str, mirror: str) -> Location:
    """Where to get a model from. Raises ConfigurationError and ProviderError."""
    if source:
        return locate_address(client, source)
    if model is None:
        raise ConfigurationError(f"{name} is not in the list (khetdoot model list): give --from FILE or --from URL")
    return locate_on_hub(model, mirror)


def told(found: Installed, model: Model | None) -> str:
    """What came, in words."""
    sha256 = found.receipt.sha256 if found.receipt else ""
    licence = f", licence {model.licence}" if model else ""
    checked = {
        Trust.VERIFIED: "SHA-256 verified",
        Trust.UNSTATED: f"no public SHA-256 to compare with; this one has {sha256}",
    }.get(found.trust, str(found.trust))
    return f"{found.path}: {found.size:,} bytes, {checked}{licence}\nUse it: KHETDOOT_MODEL_PATH={found.path}"


@app.command("list")
def list_models() -> None:
    """Shows the models that can be pulled and those that are there."""
    store = store_of(read_settings())
    there = {found.name: found for found in store.installed()}
    table = Table("name", "size", "licence", "writes", "here", box=None, pad_edge=False)
    for name, model in store.models.items():
        found = there.pop(name, None)
        table.add_row(name, gigabytes(model.size), model.licence, languages(model), str(found.trust) if found else "no")
    for found in there.values():
        table.add_row(found.name, gigabytes(found.size), "?", "?", str(found.trust))
    terminal.print(table)
    for file, size in store.unfinished():
        terminal.print(f"half got: {file}, {gigabytes(size)}; pull again to go on", highlight=False)


@app.command()
def path(name: Name) -> None:
    """Prints where a model's file lies, as KHETDOOT_MODEL_PATH wants it; fails when it is not there."""
    found = store_of(read_settings()).find(name)
    if found is None:
        raise ConfigurationError(f"{name} is not there: khetdoot model pull {name}")
    print(found.path.absolute())


@app.command()
def doctor(
    name: Annotated[str, typer.Argument(help="A model's name or file; default: the settings' own")] = "",
) -> None:
    """Says in plain words why a model does not run here, and what to do."""
    settings = read_settings()
    findings = list(examined(*wanted(name, settings)))
    for finding in findings:
        mark = "[green]well[/] " if finding.well else "[red]wrong[/]"
        terminal.print(f"{mark} {finding.what}: {escape(finding.found)}", soft_wrap=True, highlight=False)
        if finding.advice:
            terminal.print(f"      do: {escape(finding.advice)}", soft_wrap=True, highlight=False)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def wanted(name: str, settings: Settings) -> tuple[Path, Model | None]:
    """The file meant, and its entry in the registry. Raises ConfigurationError."""
    store = store_of(settings)
    if name.endswith(".gguf") or (not name and settings.model_path):
        path = Path(name or settings.model_path)
        return path, next((model for model in store.models.values() if model.file == path.name), None)
    chosen = name or settings.model_name
    return store.path(chosen), find_model(chosen, store.models)


def examined(path: Path, model: Model | None) -> Iterator[Finding]:
    """The file, then its header, memory and a start in a child; ends at what makes the rest pointless."""
    try:
        size = path.stat().st_size
        facts = read_facts(path)
    except (OSError, DataError) as error:
        again = "khetdoot model pull gets it (again)"
        found = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
        yield Finding("file", found, again)
        return
    yield content_finding(path, size, model)
    yield header_finding(facts)
    machine = Machine(available_memory(), cpu_flags(), size + facts.kv_bytes(CONTEXT) + BUFFERS)
    yield memory_finding(machine)
    yield diagnose(run_probe(path), machine)


def content_finding(path: Path, size: int, model: Model | None) -> Finding:
    """Whether it is the very file of the registry."""
    if model is None or model.sha256 is None:
        return Finding("file", f"{path}, {size:,} bytes; whole by its header, no public SHA-256 to compare with")
    if hash_file(path) != model.sha256:
        return Finding("file", f"{path}, {size:,} bytes: not the SHA-256 of the registry", "pull it again")
    return Finding("file", f"{path}, {size:,} bytes, SHA-256 verified")


def header_finding(facts: GgufFacts) -> Finding:
    """Whether our prompts are ones that the model was made for."""
    found = f"{facts.name or 'nameless'}, architecture {facts.architecture}, {facts.layers} layers"
    if facts.missing:
        missing = ", ".join(sorted(facts.missing))
        return Finding("template", f"{found}: it does not know {missing}", "our prompts are Phi-3's: take a Phi-3")
    if facts.architecture != "phi3":
        return Finding("template", found, "our prompts are Phi-3's, and this is no Phi-3 (phi-3-small runs on servers)")
    return Finding("template", f"{found}, knows Phi-3's control tokens")


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A model's name or file; default: the settings' own")] = "",
    tokens: Annotated[int, typer.Option(min=64, max=1024, help="Tokens read; an eighth of it is said")] = 256,
) -> None:
    """Measures load time, reading, saying and memory of a model on this machine."""
    path, _ = wanted(name, read_settings())
    ending = run_probe(path, tokens=tokens)
    measured, loaded = ending.stages.get("measured"), ending.stages.get("loaded")
    if not measured or not loaded:
        raise ConfigurationError(f"{path} does not run: khetdoot model doctor {name}".rstrip())
    table = Table("model", "load", "reads", "says", "peak memory", box=None, pad_edge=False)
    speeds = [f"{measured[key]:.1f} tokens/s" for key in ("prefill", "decode")]
    table.add_row(path.name, f"{loaded['seconds']:.2f} s", *speeds, gigabytes(measured["peak"]))
    terminal.print(table)


@app.command()
def remove(name: Name) -> None:
    """Deletes a model's file, also one half got."""
    freed = store_of(read_settings()).remove(name)
    if not freed:
        raise ConfigurationError(f"there is no {name} to remove: khetdoot model list")
    terminal.print(f"{name}: {gigabytes(freed)} freed", highlight=False)


def store_of(settings: Settings) -> ModelStore:
    """The models in DATA_DIR. Raises DataError."""
    return ModelStore(settings.data_dir / "models", read_models(settings.model_registry))


def gigabytes(size: int) -> str:
    """A size to be read."""
    return f"{size / 1e9:.2f} GB" if size >= 5e7 else f"{size / 1e6:.1f} MB"


def languages(model: Model) -> str:
    """What a model writes, short."""
    return ", ".join(sorted(model.languages)) if len(model.languages) < 4 else f"{len(model.languages)} languages"


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on a terminal; nothing where nobody looks."""
    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, disable=not terminal.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
