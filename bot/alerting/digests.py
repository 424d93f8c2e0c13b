"""The weekly message: five days of weather and whether one suits spraying, for who has asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import groupby

from bot.alerting.evaluating import zone_at
from bot.alerting.wording import AlertTexts
from bot.alerts import CellWeather, find
from bot.clients.forecasts import Forecasts
from bot.domain.alerts import AlertRule
from bot.domain.errors import ProviderError
from bot.domain.weather import Forecast, days
from bot.skills.weather import DAYS_SHOWN, Told, Weather
from bot.skills.weather_advice import Outlook
from bot.storage.letters import Letter, Order, Readers
from bot.storage.mailings import Mailings
from bot.storage.runs import Runs
from bot.storage.subscribed import REFERENCE
from bot.storage.subscriptions import Area, Subscriptions
from bot.understanding.weather import WeatherQuestion

WEEKDAY, HOUR, LATEST = 0, 7, 2
"""Mondays from 7 in the morning, hers; caught up until the end of Tuesday."""
LEASE = timedelta(minutes=30)
PAGE = 200
OLD = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Digests:
    """The digest job."""

    subscriptions: Subscriptions
    mailings: Mailings
    runs: Runs
    forecasts: Forecasts
    texts: AlertTexts
    weather: Weather
    on_request: tuple[AlertRule, ...]
    """Rules that do not warn by themselves."""
    clock: Callable[[], datetime]
    name: str

    def run(self) -> int:
        """Queues the week's message in each time zone where it is due and not done; returns how many."""
        now = self.clock()
        return sum(self.run_zone(zone, areas, now) for zone, areas in self.zones() if is_due(zone, now))

    def zones(self) -> Iterator[tuple[tzinfo, list[Area]]]:
        """Areas with readers, by time zone."""
        areas = [(zone_at(area), area) for area in self.areas()]
        areas.sort(key=lambda pair: (str(pair[0]), pair[1]))
        for _, pairs in groupby(areas, key=lambda pair: str(pair[0])):
            found = list(pairs)
            yield found[0][0], [area for _, area in found]

    def areas(self) -> Iterator[Area]:
        """All areas with readers."""
        last: Area | None = None
        while page := self.subscriptions.digest_areas(PAGE, last):
            yield from page
            last = page[-1]

    def run_zone(self, zone: tzinfo, areas: Sequence[Area], now: datetime) -> int:
        """One time zone, once a week; where a forecast is missing that is tried again, and the others get theirs."""
        week = f"{now.astimezone(zone):%G-W%V}"
        key = f"digest:{week}:{zone}"
        if not self.runs.start(key, self.name, LEASE):
            return 0
        queued = missing = 0
        for start in range(0, len(areas), PAGE):
            part = areas[start : start + PAGE]
            readers = self.mailings.readers(part, digest=True)
            found = [self.order(area, readers[area], week, zone, now) for area in part]
            orders = [order for order in found if order]
            missing += len(found) - len(orders)
            queued += self.mailings.queue(orders)
        (self.runs.fail if missing else self.runs.finish)(key, self.name)
        return queued

    def order(self, area: Area, readers: Sequence[Readers], week: str, zone: tzinfo, now: datetime) -> Order | None:
        """The letters for an area; None where there is no forecast."""
        forecast = self.forecast(area)
        if forecast is None:
            return None
        reference = f"{REFERENCE}digest:{week}"
        letters = [
            Letter(one, self.texts.parts(self.text(area, one, forecast, zone, now), one, reference, None, now))
            for one in readers
        ]
        return Order(reference, area, tuple(letters), now, digest_only=True)

    def forecast(self, area: Area) -> Forecast | None:
        """The newest that is kept, so that Monday morning is no rush; fetched where it is too old."""
        known = self.forecasts.known(area.cell)
        if known and self.forecasts.age(known) < OLD:
            return known
        try:
            return self.forecasts.of(area.cell)
        except ProviderError:
            return None

    def text(self, area: Area, readers: Readers, forecast: Forecast, zone: tzinfo, now: datetime) -> str:
        """Heading, a line a day, and a word on spraying."""
        voice = self.texts.voice(readers)
        place = self.texts.place(readers.place, area, voice.language)
        found = tuple(days(forecast, area.region or None, zone, now, DAYS_SHOWN))
        outlook = Outlook(forecast, found, zone, now, now.astimezone(zone).date(), None)
        told = Told(place, readers.place, voice.language, voice.units, outlook, WeatherQuestion(), "")
        lines = [self.texts.locales.text("alerts.digest.head", voice.language, place=place)]
        lines += [self.weather.brief(told, day) for day in found]
        lines += self.on_request_lines(area, forecast, voice.language, place, zone, now)
        if readers.channel not in self.texts.short:
            lines.append(forecast.attribution)
        text = "\n".join(lines)
        return self.texts.written(text, voice.language) if voice.latin else text

    def on_request_lines(
        self, area: Area, forecast: Forecast, language: str, place: str, zone: tzinfo, now: datetime
    ) -> Iterator[str]:
        """What the rules find that do not warn by themselves."""
        weather = CellWeather.of(forecast, area.region or None, zone, now)
        today = self.texts.locales.text("weather.today", language)
        for rule in self.on_request:
            finding = find(rule, weather) if not rule.crops else None
            if finding and finding.severity > 0 and finding.starts.astimezone(zone).date() == weather.today:
                yield self.texts.locales.text(rule.level(finding.severity).text, language, place=place, day=today)


def is_due(zone: tzinfo, now: datetime) -> bool:
    """Whether it is the time of the week there."""
    local = now.astimezone(zone)
    return WEEKDAY <= local.weekday() < LATEST and (local.weekday(), local.hour) >= (WEEKDAY, HOUR)
