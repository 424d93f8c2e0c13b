"""Composition root: the only place where parts are put together, and the only one that reads settings."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.channels.base import Channel
from bot.channels.console import Console
from bot.channels.segments import cut_text, measure
from bot.channels.sms import PreviewSms
from bot.channels.telegram import Telegram
from bot.channels.telegram_texts import PreviewTelegram
from bot.channels.web import WebChat
from bot.domain.contacts import Place
from bot.domain.errors import ConfigurationError, StorageError
from bot.domain.messages import Address, Location, Outbound
from bot.domain.turns import Intent
from bot.domain.zones import UNASKED, QuietHours
from bot.gateways import build_gateways, region_at
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.metrics import Metrics
from bot.pipeline import Pipeline, Skill
from bot.retrieval import CardIndex
from bot.settings import Settings
from bot.skills.advice import Advice
from bot.skills.emergency import Emergency
from bot.skills.handoff import Desk, TalkToPerson
from bot.skills.market import Market
from bot.skills.profile import Profile
from bot.skills.weather import Weather
from bot.storage.cache import Cache
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.handoffs import Handoffs
from bot.storage.messages import Messages
from bot.storage.redis import RedisConnection, connect
from bot.storage.sessions import Sessions
from bot.storage.wakeup import Wakeup
from bot.thinker import Thinker
from bot.understanding.understand import Understander

SHORT_CHANNELS = frozenset({"sms", "kannel", "gammu", "twilio", "africastalking", "http"})


def utc_now() -> datetime:
    """The clock of the running program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Mind:
    """The thinking part: understanding, cards and skills; no database, no network."""

    locales: Locales
    knowledge: Knowledge
    understander: Understander
    index: CardIndex
    pipeline: Pipeline

    def find_place(self, text: str) -> Place:
        """A place by name or `LAT,LON`. Raises ConfigurationError when it is neither."""
        north, comma, east = text.partition(",")
        if not comma:
            return Place(text, self.pipeline.home_region)
        try:
            return Place(text, self.pipeline.home_region, Location(float(north), float(east)))
        except ValueError:
            raise ConfigurationError(f"no place: {text!r}; use a name or LAT,LON") from None


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
    wakeup: Wakeup
    channels: Mapping[str, Channel]
    thinker: Thinker
    metrics: Metrics
    clock: Callable[[], datetime]
    gateways: Mapping[str, Channel] = field(default_factory=dict)
    """What stands behind the channel `sms`: only webhooks know them by name."""

    def quiet_until(self, outbound: Outbound, contact_id: str | None, now: datetime) -> datetime | None:
        """When a message may go out that must not wake its reader now; None for at once."""
        if outbound.purpose not in UNASKED:
            return None
        contact = self.contacts.get(contact_id)
        place = contact.place.region if contact and contact.place else None
        quiet = QuietHours(self.settings.quiet_from, self.settings.quiet_until)
        return quiet.until(outbound, place or region_at(outbound.address) or self.settings.region, now)

    def ready(self) -> dict[str, str | bool]:
        """Each part's state; False for one that does not work."""
        return {
            "database": works(self.database.ping),
            "redis": works(self.redis.ping) and ("inside this process" if self.redis.embedded else True),
            "model": "none: answers come from cards",
            "cards": len(self.mind.index.cards) > 0,
        }

    def close(self) -> None:
        """Lets connections go."""
        self.wakeup.close()
        self.redis.close()
        self.database.close()


def build_services(
    settings: Settings, clock: Callable[[], datetime] = utc_now, metrics: Metrics | None = None
) -> Services:
    """Opens database and Redis and puts everything together. Raises ConfigurationError and DataError."""
    metrics = metrics or Metrics()
    database = Database(settings.database)
    database.migrate()
    redis = connect(settings.redis_url.get_secret_value())
    mind = mind_of(settings)
    parts = (database, clock, new_id)
    messages, contacts, handoffs = Messages(*parts), Contacts(*parts), Handoffs(*parts)
    channels = build_channels(settings, mind.locales, clock)
    cache = Cache(redis, clock, metrics.session_lost)
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
        settings, mind, database, redis, messages, contacts, handoffs, Wakeup(redis), channels, thinker, metrics, clock,
        gateways.by_name,
    )  # fmt: skip


def mind_of(settings: Settings) -> Mind:
    """The thinking part as the settings want it. Raises DataError."""
    return build_mind(
        Locales.load(settings.locales_dir),
        Knowledge.load(settings.knowledge_dir),
        settings.locales_dir / "models",
        reviewed_only=settings.reviewed_only,
        region=settings.region,
        has_officers=bool(settings.officer_chat_ids),
        segments=settings.sms_segments,
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


def build_mind(
    locales: Locales,
    knowledge: Knowledge,
    models_dir: Path,
    *,
    reviewed_only: bool = False,
    region: str = "IN",
    has_officers: bool = False,
    segments: int = 2,
) -> Mind:
    """Builds the thinking part; reads the small language models. Raises DataError."""
    understander = Understander.build(locales, knowledge.taxonomy, models_dir)
    index = CardIndex(knowledge, understander.words, reviewed_only=reviewed_only)
    advice = Advice(locales, index)
    profile = Profile(locales, knowledge)
    skills: dict[Intent, Skill] = {
        **dict.fromkeys(profile.intents, profile),
        Intent.ASK_ADVICE: advice,
        Intent.GET_WEATHER: Weather(locales),
        Intent.GET_PRICE: Market(locales),
        Intent.TALK_TO_PERSON: TalkToPerson(locales, knowledge, has_officers=has_officers),
        Intent.REPORT_EMERGENCY: Emergency(locales, knowledge),
    }
    pipeline = Pipeline(
        locales=locales,
        understander=understander,
        advice=advice,
        profile=profile,
        skills=skills,
        short_channels=SHORT_CHANNELS,
        shorten=partial(shorten, budget=segments),
        home_region=region,
    )
    return Mind(locales, knowledge, understander, index, pipeline)


def shorten(text: str, hint: str, has_more: bool, *, budget: int) -> tuple[str, str]:
    """What fits `budget` SMS segments, and the rest; `hint` tells how to get it, unless that costs a segment."""
    segments = measure(text).count
    if segments <= budget:
        hinted = f"{text} {hint}"
        return (hinted if has_more and measure(hinted).count == segments else text), ""
    head, rest = cut_text(text, lambda start: measure(f"{start} {hint}").count <= budget)
    return f"{head} {hint}", rest
