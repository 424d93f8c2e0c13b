"""Puts the SMS gateways together that the settings switch on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.channels.africastalking import AfricasTalking
from bot.channels.base import Channel
from bot.channels.dlt import read_registry
from bot.channels.gammu import Gammu
from bot.channels.gateway import SMS, Common, Gateway, no_labels
from bot.channels.http_gateway import HttpGateway, read_description
from bot.channels.kannel import Kannel
from bot.channels.phones import region_of
from bot.channels.sms_gateways import SmsGateways
from bot.channels.twilio import Twilio
from bot.domain.contacts import Contact
from bot.domain.errors import ConfigurationError
from bot.domain.messages import Address
from bot.settings import Settings
from bot.storage.budget import DayBudget
from bot.storage.cache import Cache
from bot.storage.gammu import GammuDatabase
from bot.storage.messages import Messages

Build = Callable[[Settings, Common], Gateway | None]


@dataclass(frozen=True, slots=True)
class Gateways:
    """The channel `sms` (none without a gateway), what stands behind it, and what a contact may be billed."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    by_name: Mapping[str, Gateway] = field(default_factory=dict)
    budget: DayBudget | None = None


def build_gateways(settings: Settings, clock: Callable[[], datetime], messages: Messages, cache: Cache) -> Gateways:
    """Raises ConfigurationError."""
    unknown = set(settings.sms_gateways) - set(BUILDERS)
    if unknown:
        raise ConfigurationError(
            f"KHETDOOT_SMS_GATEWAYS: unknown {', '.join(sorted(unknown))}; use {', '.join(BUILDERS)}"
        )
    registry = read_registry(settings.dlt_file) if settings.dlt_file else None
    if settings.dlt_strict and registry is None:
        raise ConfigurationError("KHETDOOT_DLT_STRICT: set KHETDOOT_DLT_FILE, or nothing could go out")
    common = Common(
        clock=clock,
        region=settings.region,
        token=settings.sms_token.get_secret_value(),
        callback_url=callback_url(settings),
        sender=settings.sms_sender or (registry.header if registry else ""),
        taken=partial(messages.was_reported, SMS),
        labels=registry.labels if registry else no_labels,
    )
    built = [BUILDERS[name](settings, common) for name in settings.sms_gateways]
    gateways = [gateway for gateway in built if gateway]
    if not gateways:
        return Gateways()
    rates = {
        "kannel": settings.kannel_rate,
        "gammu": settings.gammu_rate,
        "twilio": settings.twilio_rate,
        "africastalking": settings.africastalking_rate,
        "http": settings.http_gateway_rate,
    }
    channel = SmsGateways(
        gateways,
        rates,
        clock=clock,
        wait=cache.seconds_until_allowed,
        taken=common.taken,
        registry=registry if settings.dlt_strict else None,
    )
    budget = DayBudget(
        messages,
        SMS,
        settings.sms_segments_per_day,
        count=lambda outbound: len(channel.preview(outbound)),
        region_of=partial(region_of_contact, settings.region),
    )
    return Gateways({SMS: channel}, {gateway.name: gateway for gateway in gateways}, budget)


def callback_url(settings: Settings) -> str:
    """Where gateways call back."""
    local = f"http://{settings.host}:{settings.port}"
    return settings.sms_callback_url or settings.public_url or local


def build_kannel(settings: Settings, common: Common) -> Gateway | None:
    """Kannel, where its address is set."""
    if not settings.kannel_sendsms_url:
        return None
    password = settings.kannel_password.get_secret_value()
    return Kannel(settings.kannel_sendsms_url, settings.kannel_username, password, common, smsc=settings.kannel_smsc)


def build_gammu(settings: Settings, common: Common) -> Gateway | None:
    """A GSM modem, where gammu-smsd's database is set."""
    if not settings.gammu_database_url:
        return None
    return Gammu(GammuDatabase(settings.gammu_database_url), common)


def build_twilio(settings: Settings, common: Common) -> Gateway | None:
    """Twilio, where an account is set."""
    if not settings.twilio_account_sid:
        return None
    token = settings.twilio_auth_token.get_secret_value()
    sender, url = settings.twilio_sender, settings.twilio_api_url
    return Twilio(settings.twilio_account_sid, token, common, sender=sender, api_url=url)


def build_africastalking(settings: Settings, common: Common) -> Gateway | None:
    """Africa's Talking, where a user is set."""
    if not settings.africastalking_username:
        return None
    key = settings.africastalking_api_key.get_secret_value()
    callers, url = settings.africastalking_callers, settings.africastalking_api_url
    return AfricasTalking(settings.africastalking_username, key, common, callers=callers, api_url=url)


def build_http(settings: Settings, common: Common) -> Gateway | None:
    """The gateway that a file describes."""
    path = settings.http_gateway_file
    return HttpGateway(read_description(path), common) if path else None


BUILDERS: Mapping[str, Build] = {
    "kannel": build_kannel,
    "gammu": build_gammu,
    "twilio": build_twilio,
    "africastalking": build_africastalking,
    "http": build_http,
}


def region_at(address: Address) -> str | None:
    """The country of a phone number; None for other addresses."""
    return region_of(address.id) if address.channel == SMS else None


def region_of_contact(home: str, contact: Contact) -> str:
    """Where a contact lives, as far as it is known."""
    return (contact.place.region if contact.place else None) or region_at(contact.address) or home
