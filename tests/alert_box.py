"""A box that warns, without its clock: schedulers, senders and farmers as the tests move the time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from bot.alerting.jobs import AlertJobs
from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Forecasts
from bot.clients.open_meteo import OpenMeteo
from bot.domain.contacts import Contact, Farm, Place, ScriptChoice
from bot.domain.messages import Address, Inbound, Outbound, Sent
from bot.metrics import Metrics
from bot.mind import Mind, Outside
from bot.services import Services, build_services
from bot.settings import read_settings
from bot.storage.alert_tables import alerts
from bot.storage.tables import outbox
from bot.worker import Worker
from tests.fakes import FakeChannel, FakeClock
from tests.weather_server import WeatherServer

LEASE = timedelta(minutes=5)
NO_FARM = Farm()


class ClockedCache:
    """A cache whose values age by the test's clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.values: dict[str, tuple[Any, datetime]] = {}

    def get(self, key: str) -> Any:
        with self.lock:
            value, until = self.values.get(key, (None, self.clock.now))
            return value if until > self.clock.now else None

    def set(self, key: str, value: Any, ttl: timedelta) -> bool:
        with self.lock:
            self.values[key] = value, self.clock.now + ttl
        return True

    def once(self, key: str, ttl: timedelta) -> bool:
        with self.lock:
            if self.values.get(key, (None, self.clock.now))[1] > self.clock.now:
                return False
            self.values[key] = True, self.clock.now + ttl
            return True

    def allow(self, key: str, rate: float, burst: float = 1.0) -> bool:
        return True


class TimedChannel(FakeChannel):
    """Remembers when it took what."""

    def __init__(self, name: str, clock: FakeClock) -> None:
        super().__init__(name)
        self.clock = clock
        self.taken: list[tuple[datetime, Outbound]] = []

    async def send(self, outbound: Outbound) -> Sent:
        self.taken.append((self.clock.now, outbound))
        return await super().send(outbound)


@dataclass
class AlertBox:
    """Everything a simulated week needs."""

    services: Services
    server: WeatherServer
    clock: FakeClock
    forecasts: Forecasts
    schedulers: Sequence[AlertJobs]
    channels: dict[str, TimedChannel]
    pool: ThreadPoolExecutor
    requests: Counter[tuple[datetime, str]] = field(default_factory=Counter)
    seen: int = 0
    numbers: int = 0

    def join(
        self,
        who: str,
        place: Place,
        language: str,
        *,
        channel: str = "telegram",
        script: ScriptChoice | None = None,
        farm: Farm = NO_FARM,
        alerts: bool = True,
        digest: bool = False,
    ) -> Contact:
        """A contact who has written and wants warnings."""
        address = Address(channel, who)
        self.services.messages.record(Inbound(address, f"hello-{who}", "hello", self.clock.now))
        claim = self.services.messages.claim_inbound("test", LEASE)
        assert claim
        contact = replace(
            claim.contact,
            place=place,
            language=language,
            language_chosen=True,
            script=script,
            farm=farm,
            alerts=alerts,
            digest=digest,
        )
        self.services.thinker._complete(claim, contact, (), "hello")
        return contact

    def say(self, contact: Contact, text: str) -> None:
        """She writes, and is answered."""
        self.numbers += 1
        self.services.messages.record(Inbound(contact.address, f"said-{self.numbers}", text, self.clock.now))
        claim = self.services.messages.claim_inbound("test", LEASE)
        assert claim
        self.services.thinker.answer(claim)

    def tick(self, questions: Sequence[Place] = ()) -> None:
        """All schedulers at once, beside farmers' questions; then everything due is sent."""
        self.server.now = self.clock.now
        asked = [self.pool.submit(self.ask, place) for place in questions]
        for done in [self.pool.submit(run_jobs, jobs) for jobs in self.schedulers]:
            done.result()
        for answer in asked:
            answer.result()
        self.count_requests()
        asyncio.run(self.send())

    def ask(self, place: Place) -> None:
        """A farmer's question for the weather."""
        assert place.location
        self.forecasts.at(place.location)

    def count_requests(self) -> None:
        """Requests by hour and cell."""
        for _, params, _ in self.server.requests[self.seen :]:
            hour = self.clock.now.replace(minute=0, second=0, microsecond=0)
            self.requests[hour, f"{params['latitude']},{params['longitude']}"] += 1
        self.seen = len(self.server.requests)

    async def send(self) -> None:
        """Everything that is due goes to its channel."""
        worker = Worker(self.services, "sender", asyncio.Event())
        for name in self.channels:
            once = worker.sender_of(name)
            while await once("sender"):
                pass

    def taken(self, contact: Contact) -> list[tuple[datetime, Outbound]]:
        """What a contact has got, but for answers."""
        rows = self.channels[contact.address.channel].taken
        return [(at, out) for at, out in rows if out.address == contact.address and out.reference.startswith("alert:")]

    def kinds(self, contact: Contact) -> list[str]:
        """The same as kinds and severities of alerts, in the order in which they came."""
        with self.services.database.read() as connection:
            rows = connection.execute(select(alerts.c.id, alerts.c.kind, alerts.c.rule_id, alerts.c.severity)).all()
        names = {row.id: f"{row.rule_id} {row.kind} {row.severity}" for row in rows}
        return [names[out.reference.removeprefix("alert:")] for _, out in self.taken(contact)]

    def rows(self) -> list[Any]:
        """All warnings in the outbox."""
        query = select(outbox).where(outbox.c.reference.startswith("alert:")).order_by(outbox.c.number)
        with self.services.database.read() as connection:
            return list(connection.execute(query))


def run_jobs(jobs: AlertJobs) -> None:
    """What a scheduler does at each tick."""
    for job in (jobs.fetch_forecasts, jobs.evaluate_alerts, jobs.dispatch_alerts, jobs.send_digests):
        job()


@contextmanager
def alert_box(
    mind: Mind, server: WeatherServer, clock: FakeClock, folder: Path, rules: set[str], **settings: str
) -> Iterator[AlertBox]:
    """A box over the stand-in of the weather, with two schedulers that both believe to be elected."""
    with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
        provider = OpenMeteo(Fetcher(client, time.monotonic), clock, server.url)
        forecasts = Forecasts((provider,), ClockedCache(clock), clock, seconds=2.0)
        own = replace(
            mind,
            outside=Outside(forecasts=forecasts),
            rules=tuple(rule for rule in mind.rules if rule.id in rules or not rule.push),
        )
        built = build_services(read_settings(data_dir=folder, **settings), clock, Metrics(CollectorRegistry()), own)
        channels = {name: TimedChannel(name, clock) for name in ("telegram", "sms")}
        services = replace(built, channels=channels)
        schedulers = [services.alert_jobs(name) for name in ("one", "two")]
        schedulers[1] = replace(schedulers[1], election=replace(schedulers[1].election, office="another"))
        yield AlertBox(services, server, clock, forecasts, schedulers, channels, pool)
        built.close()
