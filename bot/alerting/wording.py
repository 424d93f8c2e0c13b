"""Alerts in words: once for all readers of one language, script, channel and place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule, EventKind
from bot.domain.contacts import Place
from bot.domain.messages import Address, Outbound, Purpose
from bot.locales import Locales
from bot.skills.place import Places
from bot.skills.weather_units import LATIN_LOCALE, Units
from bot.skills.wording import first_name
from bot.storage.alerts import StoredAlert
from bot.storage.letters import Letter, Readers
from bot.storage.subscribed import REFERENCE
from bot.storage.subscriptions import Area
from bot.understanding.romanise import romanise

LATE = timedelta(hours=6)
"""An alert handed over so long after it was raised says so."""
LONGEST = timedelta(hours=24)
"""No alert waits longer for a phone: by then it is yesterday's."""
REMEMBERED = 4096
Fit = Callable[[Outbound], tuple[Outbound, ...]]


@dataclass(frozen=True, slots=True)
class Voice:
    """How readers are written to."""

    language: str
    latin: bool
    units: Units


class AlertTexts:
    """Words for alerts. `fit` cuts a message as its channel needs; `short` names channels that count segments."""

    def __init__(
        self, locales: Locales, places: Places, rules: dict[str, AlertRule], fit: Fit, short: frozenset[str]
    ) -> None:
        self.locales = locales
        self.places = places
        self.rules = rules
        self.fit = fit
        self.short = short
        self.place_name = lru_cache(REMEMBERED)(places.name)
        self.crop_name = lru_cache(REMEMBERED)(self._crop_name)
        self.written = lru_cache(REMEMBERED)(romanise)

    def letter(self, alert: StoredAlert, readers: Readers, moment: datetime) -> Letter:
        """What these readers get if it goes out at `moment`; no parts where their channel may not say it."""
        text = self.text(alert, readers, moment)
        return Letter(readers, self.parts(text, readers, REFERENCE + alert.record.id, alert, moment))

    def parts(
        self, text: str, readers: Readers, reference: str, alert: StoredAlert | None, moment: datetime
    ) -> tuple[Outbound, ...]:
        """A text as its channel needs it, with the time until which it is of use."""
        event = alert.record.event if alert else None
        last = moment + LONGEST
        return self.fit(
            Outbound(
                Address(readers.channel, ""),
                text,
                readers.language,
                purpose=Purpose.ALERT,
                expires_at=min(event.valid_until, last) if event else last,
                reference=reference,
                urgent=event.urgent if event else False,
            )
        )

    def text(self, alert: StoredAlert, readers: Readers, moment: datetime) -> str:
        """The alert in the readers' language and letters, days as seen from `moment`."""
        event, voice = alert.record.event, self.voice(readers)
        rule = self.rules.get(event.rule_id)
        values = {
            "place": self.place(readers.place, alert.area, voice.language),
            "day": self.day(alert, voice, moment),
            "value": self.value(rule, dict(event.inputs), voice.units) if rule else "",
            "crop": self.crop_name(alert.crop or "", voice.language),
        }
        text = self.locales.text(event.text, voice.language, **values)
        if event.kind is EventKind.ESCALATE:
            text = self.locales.text("alert.worse", voice.language, text=text)
        if moment - alert.record.raised_at > LATE and event.starts < moment:
            text = self.locales.text("alert.late", voice.language, text=text)
        return self.written(text, voice.language) if voice.latin else text

    def voice(self, readers: Readers) -> Voice:
        """Language, letters and units; English where the bot does not speak theirs."""
        language = readers.language if readers.language in self.locales.spoken else "en"
        known = self.locales.languages[language]
        latin = readers.script == "latin"
        own = LATIN_LOCALE if latin and known.script != "Latn" else known.locale
        plain = readers.channel in self.short and (latin or known.script == "Latn")
        return Voice(language, latin, Units(own, plain))

    def place(self, name: str, area: Area, language: str) -> str:
        """The place's name in the language's letters."""
        return self.place_name(Place(name, area.region), language)

    def day(self, alert: StoredAlert, voice: Voice, moment: datetime) -> str:
        """Today, else the weekday, which stays true when the message is late."""
        zone = ZoneInfo(alert.record.zone)
        today = moment.astimezone(zone).date()
        day = max(alert.record.event.starts.astimezone(zone).date(), today)
        return self.locales.text("weather.today", voice.language) if day == today else voice.units.weekday(day)

    def value(self, rule: AlertRule, inputs: dict[str, float], units: Units) -> str:
        """The value that the text shows, with its unit."""
        value = inputs.get(rule.shown)
        if value is None:
            return ""
        shown = {"mm": units.rain, "celsius": units.temperature, "km/h": units.wind}
        return shown[rule.unit](value) if rule.unit in shown else f"{value:g}"

    def _crop_name(self, crop: str, language: str) -> str:
        return first_name(self.locales, "crops", crop, language) or crop if crop else ""
