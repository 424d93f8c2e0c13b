"""Composition root: the only place where parts are put together, and the only one that reads settings."""

from __future__ import annotations

import atexit
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import httpx

from bot.alerting.building import Parts, build_jobs
from bot.alerting.jobs import AlertJobs
from bot.answering.engine import EngineState
from bot.answering.model import Model
from bot.answering.prompts import select_prefix
from bot.answering.select import uncounted
from bot.channels.base import Channel
from bot.channels.console import Console
from bot.channels.sms import PreviewSms
from bot.channels.telegram import Telegram
from bot.channels.telegram_texts import PreviewTelegram
from bot.channels.web import WebChat
from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Forecasts
from bot.clients.met_norway import MetNorway
from bot.clients.open_meteo import OpenMeteo
from bot.clients.places import OnlinePlaces
from bot.clients.prices import DataGovIn, Prices
from bot.domain.errors import StorageError
from bot.domain.messages import Address, Outbound
from bot.domain.zones import UNASKED, QuietHours
from bot.drafting import Drafter
from bot.engines import build_model
from bot.gateways import build_gateways, region_at
from bot.knowledge import Knowledge
from bot.knowledge.places import Gazetteer
from bot.locales import Locales
from bot.metrics import Metrics
from bot.mind import SHORT_CHANNELS, Mind, Outside, build_mind
from bot.settings import Settings
from bot.skills.handoff import Desk
from bot.skills.place import Places
from bot.storage.answers import Answers
from bot.storage.asked import Asked
from bot.storage.cache import Cache
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.drafts import Drafts
from bot.storage.handoffs import Handoffs
from bot.storage.messages import Messages
from bot.storage.redis import RedisConnection, connect
from bot.storage.runs import Runs
from bot.storage.sessions import Sessions
from bot.storage.wakeup import NEW_OUTBOUND, Wakeup
from bot.thinker import Thinker


def utc_now() -> datetime:
    """The clock of the running program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a running process needs."""

    settings: Settings
    mind: Mind
    database: Database
    redis: RedisConnection
    messages: Messages
    contacts: Contacts
    handoffs: Handoffs
    runs: Runs
    wakeup: Wakeup
    channels: Mapping[str, Channel]
    thinker: Thinker
    metrics: Metrics
    clock: Callable[[], datetime]
    drafter: Drafter
    gateways: Mapping[str, Channel] = field(default_factory=dict)
    """What stands behind the channel `sms`: only webhooks know them by name."""
    model: Model | None = None

    def warm_model(self, cards: int, since: datetime) -> None:
        """Has the model read the cards asked for most when nobody waits, so that a question finds them read."""
        if self.model is None:
            return
        asked = Asked(self.database, self.clock, new_id).cards(since, cards)
        known = [self.mind.knowledge.cards[card_id] for card_id in asked if card_id in self.mind.knowledge.cards]
        # The engine begins with the last one.
        self.model.engine.warm([select_prefix(card) for card in reversed(known)])

    def quiet_until(self, outbound: Outbound, contact_id: str | None, now: datetime) -> datetime | None:
        """When a message may go out that must not wake its reader now; None for at once."""
        if outbound.purpose not in UNASKED:
            return None
        contact = self.contacts.get(contact_id)
        place = contact.place.region if contact and contact.place else None
        quiet = QuietHours(self.settings.quiet_from, self.settings.quiet_until)
        return quiet.until(outbound, place or region_at(outbound.address) or self.settings.region, now)

    def alert_jobs(self, name: str) -> AlertJobs:
        """The jobs that fetch forecasts and warn, for the scheduler `name`."""
        settings, mind = self.settings, self.mind
        parts = Parts(
            database=self.database,
            redis=self.redis,
            clock=self.clock,
            ids=new_id,
            locales=mind.locales,
            places=Places(mind.locales, mind.matcher),
            forecasts=mind.outside.forecasts or Forecasts((), Cache(self.redis, self.clock), self.clock),
            rules=mind.rules,
            fit=partial(fit, self.channels),
            short_channels=SHORT_CHANNELS,
            quiet=QuietHours(settings.quiet_from, settings.quiet_until),
            calls_an_hour=settings.forecast_calls_per_hour,
            notify=partial(self.wakeup.notify, NEW_OUTBOUND),
        )
        return build_jobs(parts, name)

    def ready(self) -> dict[str, str | bool]:
        """Each part's state; False for one that does not work."""
        return {
            "database": works(self.database.ping),
            "redis": works(self.redis.ping) and ("inside this process" if self.redis.embedded else True),
            "model": self.model_state(),
            "cards": len(self.mind.index.cards) > 0,
        }

    def model_state(self) -> str:
        """`phi-3-mini-4k: ready`. No failure of the model makes a box unready: cards answer."""
        if self.model is None:
            return "none: answers come from cards"
        return f"{self.model.engine.name}: {self.model.engine.state()}"

    def model_ready(self) -> bool:
        """Whether a model can be asked."""
        return self.model is not None and self.model.engine.state() is EngineState.READY

    def close(self) -> None:
        """Lets connections go."""
        if self.model:
            self.model.engine.close()
        self.wakeup.close()
        self.redis.close()
        self.database.close()


def build_services(
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    metrics: Metrics | None = None,
    mind: Mind | None = None,
    thinks: bool = True,
) -> Services:
    """Opens database and Redis and puts everything together, with a `mind` that was built before if given.

    Only a process that `thinks` (answers messages) loads a model.

    Raises ConfigurationError and DataError.
    """
    metrics = metrics or Metrics()
    database = Database(settings.database)
    database.migrate()
    redis = connect(settings.redis_url.get_secret_value())
    cache = Cache(redis, clock, metrics.session_lost)
    model = build_model(settings, Answers(cache), metrics.model_answered) if thinks and mind is None else None
    mind = mind or online_mind(settings, cache, clock, model)
    parts = (database, clock, new_id)
    messages, contacts, handoffs = Messages(*parts), Contacts(*parts), Handoffs(*parts)
    channels = build_channels(settings, mind.locales, clock)
    gateways = build_gateways(settings, clock, messages, cache)
    channels |= gateways.channels
    officers = tuple(Address("telegram", chat) for chat in settings.officer_chat_ids)
    thinker = Thinker(
        pipeline=mind.pipeline,
        locales=mind.locales,
        messages=messages,
        sessions=Sessions(redis, timedelta(hours=settings.session_hours), metrics.session_lost),
        desk=Desk(officers, mind.locales, handoffs, contacts, messages),
        fit=partial(fit, channels),
        clock=clock,
        budget=gateways.budget,
    )
    return Services(
        settings=settings,
        mind=mind,
        database=database,
        redis=redis,
        messages=messages,
        contacts=contacts,
        handoffs=handoffs,
        runs=Runs(*parts),
        wakeup=Wakeup(redis),
        channels=channels,
        thinker=thinker,
        metrics=metrics,
        clock=clock,
        drafter=Drafter(channels, messages, Drafts(cache)),
        gateways=gateways.by_name,
        model=model,
    )


def mind_of(settings: Settings, outside: Outside, gazetteer: Gazetteer, model: Model | None) -> Mind:
    """The thinking part as the settings want it. Raises DataError."""
    return build_mind(
        Locales.load(settings.locales_dir),
        Knowledge.load(settings.knowledge_dir),
        settings.knowledge_dir,
        gazetteer=gazetteer,
        outside=outside,
        reviewed_only=settings.reviewed_only,
        region=settings.region,
        has_officers=bool(settings.officer_chat_ids),
        segments=settings.sms_segments,
        model=model,
        fixed_sms=settings.dlt_strict,
    )


def online_mind(settings: Settings, cache: Cache, clock: Callable[[], datetime], model: Model | None = None) -> Mind:
    """The thinking part of a running box. Raises DataError."""
    gazetteer = Gazetteer.load(settings.knowledge_dir / "places")
    return mind_of(settings, build_outside(settings, cache, clock, gazetteer), gazetteer, model)


def offline_mind(settings: Settings) -> Mind:
    """The thinking part for `khetdoot ask` and `eval`: no network but to MODEL_URL, no forecast. Raises DataError."""
    cache = Cache(connect(""), utc_now)
    model = build_model(settings, Answers(cache), uncounted)
    if model:
        atexit.register(model.engine.close)
    return mind_of(
        settings, Outside(Forecasts((), cache, utc_now)), Gazetteer.load(settings.knowledge_dir / "places"), model
    )


def build_outside(settings: Settings, cache: Cache, clock: Callable[[], datetime], gazetteer: Gazetteer) -> Outside:
    """Forecasts, prices and place search as the settings want them."""
    fetcher = Fetcher(httpx.Client(), time.monotonic)
    agent = f"khetdoot/{version('khetdoot')} {settings.met_norway_contact}".strip()
    providers = (
        OpenMeteo(fetcher, clock, settings.open_meteo_url, settings.open_meteo_archive_url),
        MetNorway(fetcher, clock, agent, settings.met_norway_url),
    )
    key = settings.data_gov_in_key.get_secret_value()
    return Outside(
        forecasts=Forecasts(providers, cache, clock),
        prices=Prices(DataGovIn(fetcher, key, settings.data_gov_in_url), cache, clock) if key else None,
        search=OnlinePlaces(fetcher, cache, gazetteer, settings.open_meteo_geocoding_url),
    )


def build_channels(settings: Settings, locales: Locales, clock: Callable[[], datetime]) -> dict[str, Channel]:
    """The channels that the settings switch on, by name. Raises ConfigurationError."""
    channels: list[Channel] = [WebChat(clock)]
    if token := settings.telegram_token.get_secret_value():
        channels.append(
            Telegram(
                token,
                clock=clock,
                location_label=partial(locales.text, "button.location"),
                secret=settings.telegram_webhook_secret.get_secret_value(),
                api_url=settings.telegram_api_url,
                officers=settings.officer_chat_ids,
            )
        )
    return {channel.name: channel for channel in channels}


def preview_channels() -> dict[str, Channel]:
    """Channels that show what would be sent, for `khetdoot ask`."""
    channels = (Console(print), PreviewSms(), PreviewTelegram(), WebChat(utc_now))
    return {channel.name: channel for channel in channels}


def fit(channels: Mapping[str, Channel], outbound: Outbound) -> tuple[Outbound, ...]:
    """Cuts a message as its channel needs; one for a channel that is off stays whole and waits."""
    channel = channels.get(outbound.address.channel)
    return channel.fit(outbound) if channel else (outbound,)


def works(ping: Callable[[], None]) -> bool:
    """Whether a part answers."""
    try:
        ping()
    except StorageError:
        return False
    return True


def new_id() -> str:
    """An id that no other process gives."""
    return uuid.uuid4().hex


def worker_name() -> str:
    """Host, process and a random part: unique among living and dead workers."""
    return f"{socket.gethostname()}:{os.getpid()}:{new_id()[:6]}"
