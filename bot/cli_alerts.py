"""`khetdoot alerts`: why a warning was sent, what the rules find now, whether warnings were right."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import httpx
import typer
from rich.console import Console
from rich.table import Column, Table

from bot.alerting.evaluating import zone_at
from bot.alerts import CellWeather, explain, find
from bot.alerts.explaining import with_unit
from bot.alerts.score_chart import draw_scores, percent
from bot.alerts.verifying import Verification, Watched, verify
from bot.clients.fetching import Fetcher
from bot.clients.open_meteo import OpenMeteo
from bot.domain.alerts import AlertRecord, AlertRule, Group, Severity
from bot.domain.errors import ConfigurationError
from bot.domain.messages import Location
from bot.domain.weather import DAY, Cell
from bot.knowledge.alert_rules import ALERTS, read_alert_rules
from bot.services import new_id, utc_now
from bot.settings import Settings, read_settings
from bot.storage.alerts import Alerts
from bot.storage.database import Database
from bot.storage.subscriptions import Area, Subscriptions

app = typer.Typer(help="Weather warnings: why, what now, and were they right?", no_args_is_help=True)
terminal = Console()
RAISED_BEFORE = 10 * DAY
"""A warning may have been raised so long before the weather it was of."""
MOST_ALERTS = 1_000_000
COLUMNS = ("rule", "hits", "false alarms", "misses", "open", "POD", "FAR", "CSI", "as severe", "hours ahead")
LISTED = ("raised", "rule", "what", "severity", "where", "growers of", "messages")
DayOption = Annotated[str, typer.Option(help="Day as YYYY-MM-DD")]


@app.command("list")
def list_alerts(
    rule: Annotated[str, typer.Option(help="One rule alone")] = "",
    most: Annotated[int, typer.Option(min=1, help="At most so many")] = 30,
) -> None:
    """Lists the latest alerts, newest first: what was told, where, to how many."""
    with open_database(read_settings()) as database:
        found = Alerts(database, utc_now, new_id).latest(most, rule_id=rule or None)
    table = Table(Column("id", min_width=32), *LISTED)
    for one in found:
        event = one.record.event
        local = one.record.raised_at.astimezone(ZoneInfo(one.record.zone)).strftime("%Y-%m-%d %H:%M")
        where = f"{one.record.cell} {one.record.region or ''}".strip()
        level = event.severity.name.lower()
        table.add_row(one.record.id, local, event.rule_id, event.kind, level, where, one.crop or "", str(one.queued))
    terminal.print(table)


@app.command("explain")
def explain_alert(identity: Annotated[str, typer.Argument(metavar="ID", help="The alert's id")]) -> None:
    """Says why an alert was sent: the values that decided, the thresholds, their sources."""
    settings = read_settings()
    with open_database(settings) as database:
        found = Alerts(database, utc_now, new_id).get(identity)
    if found is None:
        raise ConfigurationError(f"there is no alert {identity}")
    rules = {rule.id: rule for rule in rules_of(settings)}
    terminal.print(explain(found.record, rules.get(found.record.event.rule_id)), markup=False, soft_wrap=True)


@app.command("preview")
def preview(
    place: Annotated[str, typer.Argument(metavar="LAT,LON", help="A place, as 27.6,78.1")],
    region: Annotated[str, typer.Option(help="ISO 3166 code: IN-UP, KE-30")] = "",
    crop: Annotated[str, typer.Option(help="Taxonomy id; rules for other crops are left out")] = "",
    sown: DayOption = "",
) -> None:
    """Shows what the rules find in today's forecast of a place; nothing is stored or sent."""
    settings, now = read_settings(), utc_now()
    area = Area(Cell.of(location_of(place)), region or settings.region)
    with archive(settings) as provider:
        forecast = provider.fetch(area.cell, 30.0)
    weather = CellWeather.of(forecast, area.region or None, zone_at(area), now)
    table = Table(*("rule", "for", "severity", "from", "until", "because"))
    for rule in rules_of(settings):
        for group in rule.groups((crop,), day_of(sown), weather.today):
            table.add_row(*preview_row(rule, group, weather))
    terminal.print(table)
    terminal.print(forecast.attribution, style="dim")


def preview_row(rule: AlertRule, group: Group, weather: CellWeather) -> tuple[str, ...]:
    """What a rule finds, in words."""
    found = find(rule, weather, group)
    whom = " ".join(filter(None, (group.crop, group.stage))) or "everybody"
    if found is None:
        return rule.id, whom, "none", "", "", ""
    if found.severity is Severity.LINGERING:
        return rule.id, whom, "undecided", "", "", "near a threshold, out of season or hours missing"
    times = [moment.astimezone(weather.zone).strftime("%a %d %b %H:%M") for moment in (found.starts, found.ends)]
    because = ", ".join(with_unit(name, value) for name, value in found.inputs)
    return rule.id, whom, found.severity.name.lower(), *times, because


@app.command("verify")
def verify_alerts(
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD")],
    last: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD; the archive is some five days behind")],
    rule: Annotated[str, typer.Option(help="One rule alone")] = "",
    cells: Annotated[int, typer.Option(min=1, help="At most so many cells, drawn by chance")] = 100,
    png: Annotated[Path | None, typer.Option(help="Also write a picture")] = None,
) -> None:
    """Compares past warnings with the weather that came: hits, false alarms and misses by rule."""
    settings = read_settings()
    newest = utc_now().date() - DAY
    days = period(first, last, newest)
    rules = [one for one in rules_of(settings) if rule in ("", one.id)]
    if not rules:
        raise ConfigurationError(f"there is no rule {rule} in {settings.knowledge_dir / ALERTS}")
    with open_database(settings) as database:
        places = watched(database, *days, cells)
    if not places:
        raise ConfigurationError("nobody is subscribed to warnings: there is nothing to verify")
    with archive(settings) as provider:
        done = verify(rules, places, provider.observed, *days, newest)
    title = f"Warnings from {days[0]} to {days[1]}, {done.observed} cells"
    print_scores(done, title)
    if png:
        write_picture(png, draw_scores(done.scores, title))


def watched(database: Database, first: date, last: date, cells: int) -> list[Watched]:
    """Areas with subscribers or alerts, at most `cells` of them by chance (the same ones each time)."""
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - RAISED_BEFORE
    until = datetime(last.year, last.month, last.day, tzinfo=UTC) + 2 * DAY
    stored = Alerts(database, utc_now, new_id).latest(MOST_ALERTS, since=since, until=until)
    records: dict[Area, list[AlertRecord]] = {area: [] for area in Subscriptions(database, utc_now, new_id).areas()}
    for alert in stored:
        records.setdefault(alert.area, []).append(alert.record)
    areas = sorted(records)
    if len(areas) > cells:
        areas = sorted(random.Random(0).sample(areas, cells))
    return [Watched(area.cell, area.region or None, zone_at(area), tuple(records[area])) for area in areas]


def print_scores(done: Verification, title: str) -> None:
    """The table."""
    table = Table(title=title)
    for place, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if place else "left")
    for one in done.scores:
        misses = "–" if one.misses is None else str(one.misses)
        lead = "–" if one.lead is None else f"{one.lead:.0f}"
        shares = (one.detection, one.false_alarm_ratio, one.success)
        counts = (str(one.hits), str(one.false_alarms), misses, str(one.undecided))
        table.add_row(one.rule_id, *counts, *map(percent, shares), str(one.as_severe), lead)
    terminal.print(table)
    terminal.print(
        "Misses are counted for rules that warn everybody: who grew what in the past is not stored.", style="dim"
    )
    if done.failed:
        terminal.print(f"[red]{done.failed} cells could not be observed:[/] {done.failure}")


def write_picture(path: Path, picture: bytes) -> None:
    """Writes the PNG. Raises ConfigurationError."""
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    terminal.print(f"picture: {path}", highlight=False)


def rules_of(settings: Settings) -> tuple[AlertRule, ...]:
    """The rules in knowledge/. Raises DataError."""
    return read_alert_rules(settings.knowledge_dir / ALERTS)


def period(first: str, last: str, newest: date) -> tuple[date, date]:
    """Both days. Raises ConfigurationError unless they are in order and past."""
    days = day_of(first), day_of(last)
    if days[0] is None or days[1] is None or not days[0] <= days[1] <= newest:
        raise ConfigurationError("--from and --to must be past days in order")
    return days[0], days[1]


def day_of(text: str) -> date | None:
    """A day; None for no text. Raises ConfigurationError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"{text!r} is no day: write YYYY-MM-DD") from None


def location_of(text: str) -> Location:
    """A place from LAT,LON. Raises ConfigurationError."""
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError:
        raise ConfigurationError(f"{text!r} is no place: write LAT,LON as 27.6,78.1") from None
    return Location(latitude, longitude)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database, brought up to date. Raises ConfigurationError and StorageError."""
    database = Database(settings.database)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


@contextmanager
def archive(settings: Settings) -> Iterator[OpenMeteo]:
    """Open-Meteo with its archive."""
    with httpx.Client() as client:
        fetcher = Fetcher(client, time.monotonic)
        yield OpenMeteo(fetcher, utc_now, settings.open_meteo_url, settings.open_meteo_archive_url)
