"""What happens by the clock. A run is a row in the database: doubled, late or repeated runs do the work once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.alerting.building import RENEW_SECONDS
from bot.alerting.fetching import TICK
from bot.alerting.jobs import AlertJobs
from bot.services import Services

log = structlog.get_logger()
LEASE = timedelta(minutes=30)
GAUGE_SECONDS = 30
WARM_MINUTES = 10
WARM_CARDS = 30
"""As many as the default disk budget for states of cards holds."""
WARM_SPAN = timedelta(days=14)
RETENTION_MINUTES = 60
"""How often it is looked whether today's erasing has been done; a missed night is caught up within the hour."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The jobs of one process; several processes may run it at once."""

    services: Services
    name: str
    stopping: asyncio.Event
    alerts: AlertJobs = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alerts", self.services.alert_jobs(self.name))

    async def run(self) -> None:
        """Runs until `stopping` is set."""
        scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        scheduler.add_job(partial(self.guarded, self.erase_old_texts), "interval", minutes=RETENTION_MINUTES)
        scheduler.add_job(partial(self.guarded, self.update_gauges), "interval", seconds=GAUGE_SECONDS)
        scheduler.add_job(partial(self.guarded, self.warm_model), "interval", minutes=WARM_MINUTES)
        for job in self.alert_jobs():
            scheduler.add_job(partial(self.guarded, job), "interval", seconds=TICK.total_seconds())
        scheduler.add_job(partial(self.guarded, self.renew), "interval", seconds=RENEW_SECONDS)
        scheduler.start()
        first = asyncio.create_task(self.at_start())
        await self.stopping.wait()
        first.cancel()
        scheduler.shutdown(wait=False)
        await self.guarded(self.alerts.resign)

    async def at_start(self) -> None:
        """What was missed while nothing ran."""
        for job in (self.erase_old_texts, self.warm_model, *self.alert_jobs()):
            await self.guarded(job)

    def alert_jobs(self) -> tuple[Callable[[], None], ...]:
        """What is done for warnings at each tick, in this order at the start."""
        jobs = self.alerts
        return jobs.fetch_forecasts, jobs.evaluate_alerts, jobs.dispatch_alerts, jobs.send_digests

    def renew(self) -> None:
        """Keeps the office while a job takes long, or takes it over."""
        self.alerts.leads()

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
        before = now - timedelta(days=self.services.settings.retention_days)
        with self.services.runs.once(key, self.name, LEASE) as mine:
            if not mine:
                return
            erased = self.services.messages.erase_texts(before)
        self.services.runs.forget(before)
        log.info("old texts erased", rows=erased)

    def warm_model(self) -> None:
        """The cards of these weeks are read ahead."""
        self.services.warm_model(WARM_CARDS, self.services.clock() - WARM_SPAN)

    def update_gauges(self) -> None:
        """Rows by table and state, and how the model is, for /metrics."""
        self.services.metrics.model_ready.set(self.services.model_ready())
        counts = self.services.messages.counts()
        for table in ("inbox", "outbox", "handoffs"):
            for state, number in getattr(counts, table).items():
                self.services.metrics.rows.labels(table, state).set(number)
