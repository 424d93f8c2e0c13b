"""What the scheduler calls: fetch, evaluate, dispatch, digest. Each is done by the elected process, and done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.alerting.digests import Digests
from bot.alerting.dispatching import Dispatching
from bot.alerting.evaluating import NO_CROPS, Evaluator, Ground
from bot.alerting.fetching import TICK, Fetching
from bot.clients.forecasts import Forecasts
from bot.domain.errors import StorageError
from bot.storage.alerts import Alerts
from bot.storage.election import Election
from bot.storage.runs import Runs
from bot.storage.subscriptions import Area, Subscriptions

log = structlog.get_logger()
LEASE = timedelta(minutes=30)
PAGE = 200
"""Areas evaluated in one transaction."""
OLDEST = timedelta(hours=12)
"""A forecast older than that warns of nothing and clears nothing."""


@dataclass(frozen=True, slots=True)
class AlertJobs:
    """The jobs of one process. `name` stands for it in runs and at elections; `notify` wakes the senders."""

    name: str
    election: Election
    runs: Runs
    subscriptions: Subscriptions
    alerts: Alerts
    forecasts: Forecasts
    fetching: Fetching
    evaluator: Evaluator
    dispatching: Dispatching
    digests: Digests
    clock: Callable[[], datetime]
    notify: Callable[[], None]

    def leads(self) -> bool:
        """Whether this process does the jobs. Without Redis each one tries: rows make sure that it is done once."""
        try:
            return self.election.hold(self.name)
        except StorageError:
            log.warning("no election: Redis is down")
            return True

    def resign(self) -> None:
        """Lets another process do the jobs at once."""
        self.election.resign(self.name)

    def fetch_forecasts(self) -> None:
        """A share of the forecasts that are due."""
        if self.leads():
            self.once("fetch", self.fetching.run)

    def evaluate_alerts(self) -> None:
        """Rules over all areas that have not been evaluated this hour, then the outbox."""
        if self.leads():
            self.once("evaluate", self.evaluate)
            self.dispatch_alerts()

    def dispatch_alerts(self) -> None:
        """Alerts that are not in the outbox yet."""
        if self.leads() and (queued := self.dispatching.run()):
            log.info("warnings queued", messages=queued)
            self.notify()

    def send_digests(self) -> None:
        """The weekly message where it is due."""
        if self.leads() and self.digests.run():
            self.notify()

    def once(self, job: str, work: Callable[[], int]) -> int:
        """Does the work if nobody has done it in this tick; an error gives it back."""
        tick = int(self.clock().timestamp() // TICK.total_seconds())
        key = f"alerts:{job}:{tick}"
        with self.runs.once(key, self.name, LEASE) as mine:
            return work() if mine else 0

    def evaluate(self) -> int:
        """Evaluates what is due, a page of areas at a time; returns how many alerts came of it."""
        now = self.clock()
        slot = now.replace(minute=0, second=0, microsecond=0)
        raised, last = 0, None
        while areas := self.subscriptions.areas_to_evaluate(slot, now, PAGE, last):
            raised += self.evaluate_page(areas, slot, now)
            last = areas[-1]
        if raised:
            log.info("warnings raised", alerts=raised)
        return raised

    def evaluate_page(self, areas: list[Area], slot: datetime, now: datetime) -> int:
        """One page: read, think, write."""
        sowings, means = self.subscriptions.sowings(areas), self.subscriptions.means(areas)
        memories = self.alerts.memories(areas)
        evaluations = []
        for area in areas:
            forecast = self.forecasts.known(area.cell)
            if forecast is None or now - forecast.fetched_at > OLDEST:
                continue
            ground = Ground(area, forecast, sowings.get(area, NO_CROPS), memories.get(area), means.get(area))
            evaluations.append(self.evaluator.evaluate(ground, now))
        return self.alerts.keep(evaluations, slot)
