"""What happens by the clock. A run is a row in the database: doubled, late or repeated runs do the work once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.services import Services

log = structlog.get_logger()
LEASE = timedelta(minutes=30)
GAUGE_SECONDS = 30
RETENTION_MINUTES = 60
"""How often it is looked whether today's erasing has been done; a missed night is caught up within the hour."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The jobs of one process; several processes may run it at once."""

    services: Services
    name: str
    stopping: asyncio.Event

    async def run(self) -> None:
        """Runs until `stopping` is set."""
        scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        scheduler.add_job(partial(self.guarded, self.erase_old_texts), "interval", minutes=RETENTION_MINUTES)
        scheduler.add_job(partial(self.guarded, self.update_gauges), "interval", seconds=GAUGE_SECONDS)
        scheduler.start()
        await self.guarded(self.erase_old_texts)
        await self.stopping.wait()
        scheduler.shutdown(wait=False)

    async def guarded(self, job: Callable[[], None]) -> None:
        """One job's failure is logged and counted; the next run tries again."""
        try:
            await asyncio.to_thread(job)
        except Exception as error:  # noqa: BLE001 - a process loop
            log.error("job failed", job=job.__name__, error=type(error).__name__)
            self.services.metrics.job_failures.labels(job.__name__).inc()

    def erase_old_texts(self) -> None:
        """Erases texts older than the settings keep them; once a day."""
        now = self.services.clock()
        key = f"erase-texts:{now:%Y-%m-%d}"
        if not self.services.runs.start(key, self.name, LEASE):
            return
        kept = timedelta(days=self.services.settings.retention_days)
        erased = self.services.messages.erase_texts(now - kept)
        self.services.runs.finish(key, self.name)
        log.info("old texts erased", rows=erased)

    def update_gauges(self) -> None:
        """Rows by table and state, for /metrics."""
        counts = self.services.messages.counts()
        for table in ("inbox", "outbox", "handoffs"):
            for state, number in getattr(counts, table).items():
                self.services.metrics.rows.labels(table, state).set(number)
