"""Puts the jobs together from what a process has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerting.digests import Digests
from bot.alerting.dispatching import Dispatching
from bot.alerting.evaluating import Evaluator, pushed
from bot.alerting.fetching import Fetching
from bot.alerting.jobs import AlertJobs
from bot.alerting.wording import AlertTexts, Fit
from bot.clients.forecasts import Forecasts
from bot.domain.alerts import AlertRule
from bot.domain.zones import QuietHours
from bot.locales import Locales
from bot.skills.place import Places
from bot.skills.weather import Weather
from bot.storage.alerts import Alerts
from bot.storage.database import Database
from bot.storage.election import Election
from bot.storage.mailings import Mailings
from bot.storage.redis import RedisConnection
from bot.storage.runs import Runs
from bot.storage.subscriptions import Subscriptions

TERM = timedelta(seconds=90)
"""How long an elected process that died keeps the others waiting; it renews with each job and every RENEW_SECONDS."""
RENEW_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """What the jobs are made of."""

    database: Database
    redis: RedisConnection
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    locales: Locales
    places: Places
    forecasts: Forecasts
    rules: Sequence[AlertRule]
    fit: Fit
    short_channels: frozenset[str]
    quiet: QuietHours
    calls_an_hour: int
    notify: Callable[[], None]


def build_jobs(parts: Parts, name: str) -> AlertJobs:
    """The jobs of the process `name`."""
    stores = (parts.database, parts.clock, parts.ids)
    runs, subscriptions, mailings, alerts = Runs(*stores), Subscriptions(*stores), Mailings(*stores), Alerts(*stores)
    rules = {rule.id: rule for rule in parts.rules}
    texts = AlertTexts(parts.locales, parts.places, rules, parts.fit, parts.short_channels)
    on_request = tuple(rule for rule in parts.rules if not rule.push)
    return AlertJobs(
        name=name,
        election=Election(parts.redis, "alerts", TERM),
        runs=runs,
        subscriptions=subscriptions,
        alerts=alerts,
        forecasts=parts.forecasts,
        fetching=Fetching(subscriptions, parts.forecasts, parts.clock, parts.calls_an_hour),
        evaluator=Evaluator(pushed(parts.rules), parts.ids),
        dispatching=Dispatching(alerts, mailings, texts, parts.quiet.until, parts.clock),
        digests=Digests(
            subscriptions,
            mailings,
            runs,
            parts.forecasts,
            texts,
            Weather(parts.locales, parts.places),
            on_request,
            parts.clock,
            name,
        ),
        clock=parts.clock,
        notify=parts.notify,
    )
