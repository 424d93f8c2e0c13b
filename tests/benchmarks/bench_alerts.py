"""What warning a million costs: requests, seconds of evaluation, outbox rows a second, memory; SQLite and PostgreSQL.

`python -m tests.benchmarks.bench_alerts [--subscribers N] [--cells N] [--write]`. Each database is measured in a
process of its own. Every cell gets heavy rain, so that every subscriber is told of at least one warning.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from bot.alerting.building import Parts, build_jobs
from bot.alerting.fetching import TICK
from bot.alerting.jobs import AlertJobs
from bot.channels.base import Channel
from bot.channels.sms import PreviewSms
from bot.channels.telegram_texts import PreviewTelegram
from bot.clients.forecasts import Forecasts
from bot.domain.messages import Outbound
from bot.domain.weather import Cell, Forecast, HourlySeries
from bot.domain.zones import QuietHours
from bot.knowledge.alert_rules import ALERTS, read_alert_rules
from bot.knowledge.places import Gazetteer
from bot.locales import Locales
from bot.locales.weather import read_weather_words
from bot.skills.place import Places
from bot.storage.cache import Cache
from bot.storage.database import Database
from bot.storage.redis import connect
from bot.understanding.places import PlaceMatcher
from tests.fakes import FakeClock
from tests.servers import postgres_server

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
START = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)
CALLS_AN_HOUR = 4000
HOURS = 14 * 24


@dataclass(frozen=True, slots=True)
class Result:
    """One database's figures; seconds are wall-clock seconds of one process."""

    database: str
    subscribers: int
    cells: int
    requests: int
    fetch_seconds: float
    evaluate_seconds: float
    alerts: int
    dispatch_seconds: float
    rows: int
    next_hour_seconds: float
    peak_mb: float
    cpu_seconds: float
    """Of the process in all three stages (PostgreSQL's own not counted): says how busy the machine was besides."""
    load: float
    """Of the machine when it was over."""


class StandIn:
    """Open-Meteo in the process: heavy rain tomorrow, more of it in some cells; counts requests."""

    source = "Open-Meteo"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.requests = 0

    def fetch(self, cell: Cell, seconds: float, known: Forecast | None = None) -> Forecast:
        """Fourteen days; 5 to 12 mm an hour on the second day ahead."""
        self.requests += 1
        start = (self.clock() - timedelta(days=7)).replace(hour=0, minute=0)
        rain = 5.0 + (cell.north * 7 + cell.east) % 8
        wet = range(8 * 24, 9 * 24)
        flat = {"temperature": 28.0, "humidity": 80.0, "dew_point": 24.0, "wind": 12.0, "gusts": 30.0, "cloud": 90.0}
        series = {name: (value,) * HOURS for name, value in flat.items()}
        hours = HourlySeries(
            start=start,
            rain=tuple(rain if hour in wet else 0.5 for hour in range(HOURS)),
            rain_chance=(90.0,) * HOURS,
            evapotranspiration=(0.1,) * HOURS,
            code=(61.0,) * HOURS,
            **series,
        )
        return Forecast(cell, hours, self.clock(), self.source, "Weather data by Open-Meteo.com (CC BY 4.0)")


FILL = """
WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {last})
INSERT INTO contacts (id, channel, address, language, language_chosen, script, place, farm, consent, alerts, digest,
                      created_at, last_seen_at)
SELECT {id}, CASE WHEN i % 10 < 7 THEN 'sms' ELSE 'telegram' END, '+9160' || i,
       CASE (i % {cells}) % 10 WHEN 0 THEN 'mr' WHEN 1 THEN 'te' WHEN 2 THEN 'ta' WHEN 3 THEN 'bn' WHEN 4 THEN 'gu'
                               WHEN 5 THEN 'kn' ELSE CASE WHEN i % 9 = 0 THEN 'en' ELSE 'hi' END END,
       {no}, CASE WHEN i % 5 = 0 THEN 'latin' ELSE 'native' END, '{{}}', '{{}}', 'active', {yes}, {no},
       '2026-07-01 00:00:00', '2026-07-01 00:00:00'
FROM numbers"""
SUBSCRIBE = """
WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {last})
INSERT INTO subscriptions (contact_id, north, east, region, place, digest)
SELECT {id}, 80 + (i % {cells}) / 120, 690 + (i % {cells}) % 120, 'IN-UP',
       'Village ' || ((i % {cells}) * 2 + (i / {cells}) % 2), {no}
FROM numbers"""
GROW = """
WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {last})
INSERT INTO subscribed_crops (contact_id, crop, sown, north, east, region)
SELECT {id}, CASE i % 4 WHEN 0 THEN 'rice' WHEN 1 THEN 'maize' WHEN 2 THEN 'potato' ELSE 'cotton' END,
       CASE WHEN i % 3 = 0 THEN NULL ELSE {sown} END,
       80 + (i % {cells}) / 120, 690 + (i % {cells}) % 120, 'IN-UP'
FROM numbers"""


def fill(database: Database, subscribers: int, cells: int) -> None:
    """Contacts with subscriptions, as many in each cell, each with a crop; a third does not know when it was sown."""
    words = {
        "last": subscribers - 1,
        "cells": cells,
        "id": "printf('%032x', i)" if database.sqlite else "lpad(to_hex(i), 32, '0')",
        "yes": "1" if database.sqlite else "TRUE",
        "no": "0" if database.sqlite else "FALSE",
        "sown": "date('2026-05-15', '+' || (i % 60) || ' days')"
        if database.sqlite
        else "DATE '2026-05-15' + (i % 60)::int",
    }
    for statement in (FILL, SUBSCRIBE, GROW):
        with database.write() as connection:
            connection.execute(
                text(statement.format(**words).replace(":00:00", r"\:00\:00").replace("::int", r"\:\:int"))
            )


def build(database: Database, clock: FakeClock) -> tuple[AlertJobs, StandIn]:
    """The jobs as `khetdoot scheduler` has them, over the stand-in."""
    locales = Locales.load(ROOT / "locales")
    gazetteer = Gazetteer.load(ROOT / "knowledge/places")
    matcher = PlaceMatcher(gazetteer, read_weather_words(ROOT / "locales"), frozenset())
    channels: dict[str, Channel] = {"sms": PreviewSms(), "telegram": PreviewTelegram()}

    def fit(outbound: Outbound) -> tuple[Outbound, ...]:
        return channels[outbound.address.channel].fit(outbound)

    redis, stand_in = connect(""), StandIn(clock)
    parts = Parts(
        database=database,
        redis=redis,
        clock=clock,
        ids=lambda: uuid4().hex,
        locales=locales,
        places=Places(locales, matcher),
        forecasts=Forecasts((stand_in,), Cache(redis, clock), clock, budgets={}),
        rules=read_alert_rules(ROOT / "knowledge" / ALERTS),
        fit=fit,
        short_channels=frozenset({"sms"}),
        quiet=QuietHours(time_of_day(20), time_of_day(7)),
        calls_an_hour=CALLS_AN_HOUR,
        notify=lambda: None,
    )
    return build_jobs(parts, "bench"), stand_in


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds, and what the work returned."""
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def fetch_all(jobs: AlertJobs, clock: FakeClock, cells: int) -> int:
    """Ticks until every cell has a forecast, as the clock would."""
    fetched = 0
    while fetched < cells:
        fetched += jobs.fetching.run()
        clock.now += TICK
    return fetched


def measure(name: str, url: str, subscribers: int, cells: int) -> Result:
    """Fills an empty database and warns everybody in it once."""
    database, clock = Database(url), FakeClock(START)
    database.migrate()
    fill(database, subscribers, cells)
    if not database.sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    jobs, stand_in = build(database, clock)
    cpu = time.process_time()
    fetch_seconds, _ = timed(lambda: fetch_all(jobs, clock, cells))
    evaluate_seconds, alerts = timed(jobs.evaluate)
    dispatch_seconds, rows = timed(jobs.dispatching.run)
    cpu = time.process_time() - cpu
    clock.advance(hours=1)
    next_seconds, _ = timed(jobs.evaluate)
    database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result(
        name,
        subscribers,
        cells,
        stand_in.requests,
        round(fetch_seconds, 1),
        round(evaluate_seconds, 1),
        alerts,
        round(dispatch_seconds, 1),
        rows,
        round(next_seconds, 1),
        round(peak),
        round(cpu, 1),
        round(os.getloadavg()[0], 1),
    )


def measure_apart(name: str, url: str, subscribers: int, cells: int) -> Result:
    """The same in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_alerts", "--one", name, url]
    command += ["--subscribers", str(subscribers), "--cells", str(cells)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def table(results: list[Result]) -> str:
    """Markdown."""
    lines = ["| | " + " | ".join(result.database for result in results) + " |", "|---|" + "---:|" * len(results)]
    rows: list[tuple[str, Callable[[Result], str]]] = [
        ("subscribers", lambda one: f"{one.subscribers:,}"),
        ("cells", lambda one: f"{one.cells:,}"),
        ("forecast requests", lambda one: f"{one.requests:,}"),
        ("fetching and caching (stand-in answers at once), s", lambda one: f"{one.fetch_seconds:,.1f}"),
        ("evaluating all cells, s", lambda one: f"{one.evaluate_seconds:,.1f}"),
        ("alerts raised", lambda one: f"{one.alerts:,}"),
        ("queueing in the outbox, s", lambda one: f"{one.dispatch_seconds:,.1f}"),
        ("outbox rows", lambda one: f"{one.rows:,}"),
        ("outbox rows a second", lambda one: f"{one.rows / one.dispatch_seconds:,.0f}"),
        ("evaluating the next hour (nothing new), s", lambda one: f"{one.next_hour_seconds:,.1f}"),
        ("peak memory of the process, MB", lambda one: f"{one.peak_mb:,.0f}"),
        ("CPU seconds of the process, all stages", lambda one: f"{one.cpu_seconds:,.1f}"),
        ("load of the machine (2 cores)", lambda one: f"{one.load:.1f}"),
    ]
    lines += [f"| {label} | " + " | ".join(show(result) for result in results) + " |" for label, show in rows]
    return "\n".join(lines)


def draw(results: list[Result], path: Path) -> None:
    """Seconds by stage as stacked bars."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3), layout="constrained")
    left = [0.0] * len(results)
    names = [result.database for result in results]
    stages = (("fetch", "fetch_seconds"), ("evaluate", "evaluate_seconds"), ("queue", "dispatch_seconds"))
    for label, field in stages:
        seconds = [float(asdict(result)[field]) for result in results]
        axes.barh(names, seconds, left=left, label=label)
        left = [before + more for before, more in zip(left, seconds, strict=True)]
    axes.axvline(600, color="grey", linestyle="--", label="target: 10 minutes")
    axes.set_xlabel(f"seconds for {results[0].subscribers:,} subscribers in {results[0].cells:,} cells")
    axes.legend(fontsize=8, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.savefig(path, dpi=120)


def write(results: list[Result]) -> None:
    """The table and the picture."""
    words = (
        "# Warning everybody at once\n\n"
        "`make bench-alerts`: one process, two cores. Every cell gets heavy rain, and all subscribers are told of it.\n"
        "PostgreSQL runs on the same machine, without fsync.\n\n"
        f"{table(results)}\n\n![Seconds by stage](alerts.png)\n"
    )
    (RESULTS / "alerts.md").write_text(words, encoding="utf-8")
    draw(results, RESULTS / "alerts.png")


def main() -> None:
    """Measures both databases, or one in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--cells", type=int, default=12_000)
    parser.add_argument("--one", nargs=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(asdict(measure(given.one[0], given.one[1], given.subscribers, given.cells))))
        return
    with tempfile.TemporaryDirectory(prefix="khetdoot-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        results = [measure_apart("SQLite", url, given.subscribers, given.cells)]
    with postgres_server() as server:
        url = server.create_database("bench")
        results.append(measure_apart("PostgreSQL", url, given.subscribers, given.cells))
    print(table(results))
    if given.write:
        write(results)


if __name__ == "__main__":
    main()
