"""Weather questions: rain, temperature, wind for the days asked, and what they mean for the work named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from bot.clients.charts import Labels
from bot.clients.forecasts import Forecasts
from bot.domain.contacts import Contact, Place, ScriptChoice
from bot.domain.errors import ProviderError
from bot.domain.messages import QuickReply
from bot.domain.turns import Outcome, Reply, Result, Session, Turn
from bot.domain.weather import DAY, HOUR, DaySummary, Forecast, days, zone_of
from bot.locales import Locales
from bot.skills.place import Places
from bot.skills.weather_advice import WET_CHANCE, Advice, Outlook, advise
from bot.skills.weather_units import Units, units_of
from bot.skills.wording import label
from bot.understanding.romanise import romanise
from bot.understanding.weather import WeatherQuestion, WeatherReader

DAYS_SHOWN = 5
WARN_ME = "alerts:on"
"""The choice behind the button that subscribes to warnings."""
STALE = 3 * HOUR
"""From this age on a forecast is said to be old."""
SMS_NATIVE, SMS_LATIN = 134, 300
"""Characters of two segments, without and with the Latin alphabet of SMS."""
RAIN_CLASSES = ((204.5, "extreme"), (115.6, "very_heavy"), (64.5, "heavy"), (15.6, "moderate"), (2.5, "light"))
"""mm a day from which the India Meteorological Department speaks so; below: a few drops."""
SOME_RAIN, SOME_CHANCE, LIKELY = 0.2, 25.0, 60.0


Draw = Callable[[Sequence[DaySummary], Labels, Labels], bytes]
"""(days, words, English words) -> PNG, as bot.clients.charts.draw_chart."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that an answer is made of."""

    place: str
    name: str
    """The same in English."""
    language: str
    units: Units
    outlook: Outlook
    question: WeatherQuestion
    stale: str


class Weather:
    """The skill behind `get_weather`. Without `forecasts` it says honestly that it has none."""

    def __init__(
        self,
        locales: Locales,
        places: Places | None = None,
        reader: WeatherReader | None = None,
        forecasts: Forecasts | None = None,
        draw: Draw | None = None,
    ) -> None:
        self.locales = locales
        self.places = places
        self.reader = reader
        self.forecasts = forecasts
        self.draw = draw

    def __call__(self, turn: Turn) -> Result:
        """The forecast of the place named or known; asks for the place; or says that there is none now."""
        if self.places is None or self.reader is None or self.forecasts is None:
            return self._abstain(turn, "weather.unavailable", turn.contact)
        place = self.places.of(turn)
        if isinstance(place, Result):
            return place
        place = self.places.located(place)
        contact = turn.contact if turn.contact.place else replace(turn.contact, place=place)
        if place.location is None:
            return self.places.ask(turn, "weather.ask_place")
        try:
            forecast = self.forecasts.at(place.location)
        except ProviderError:
            return self._abstain(turn, "weather.offline", contact)
        told = self._told(turn, place, forecast, self.reader, self.places, self.forecasts)
        if not told.outlook.days:
            return self._abstain(turn, "weather.offline", contact)
        return self._answer(turn, contact, told)

    def _told(
        self, turn: Turn, place: Place, forecast: Forecast, reader: WeatherReader, places: Places, forecasts: Forecasts
    ) -> Told:
        zone = zone_of(place.region, place.location)
        question = reader.read(turn.understanding, turn.language)
        found = tuple(days(forecast, place.region, zone, turn.now, DAYS_SHOWN))
        units = units_of(self.locales, turn)
        crops = (*turn.understanding.entities.crops, *turn.contact.farm.crops)
        outlook = Outlook(forecast, found, zone, turn.now, wanted(question, turn, zone), next(iter(crops), None))
        age = forecasts.age(forecast)
        stale = self._text("weather.stale", turn, age=units.age(age)) if age >= STALE else ""
        return Told(places.name(place, turn.language), place.name, turn.language, units, outlook, question, stale)

    def _answer(self, turn: Turn, contact: Contact, told: Told) -> Result:
        text, short = self.whole(told), self.short(told, latin=told.units.plain)
        offered = () if turn.short or turn.contact.alerts else (WARN_ME,)
        labels = [label(self.locales, code, turn.language) for code in offered]
        session = Session(
            question=turn.inbound.text,
            topics=turn.understanding.topics,
            entities=turn.understanding.entities,
            choices=offered,
            attribution=told.outlook.forecast.attribution,
        )
        steps = tuple(advice.key for advice in self.advices(told))
        image = self.picture(turn, told) if self.draw and not turn.short else b""
        buttons = tuple(QuickReply(name, name) for name in labels)
        reply = Reply(
            text, Outcome.ANSWERED, short=short, steps=steps, quick_replies=buttons, engine="forecast", image=image
        )
        return Result(reply, contact, session)

    def picture(self, turn: Turn, told: Told) -> bytes:
        """The chart, in the letters that the contact reads; none where it cannot be drawn: the text says the same."""
        words = self.labels(told)
        if turn.contact.script is ScriptChoice.LATIN:
            words = in_latin(words, told.language)
        try:
            return self.draw(told.outlook.days, words, self.labels(told, "en")) if self.draw else b""
        except (OSError, ValueError):  # a broken font, a value that cannot be drawn
            return b""

    def labels(self, told: Told, language: str = "") -> Labels:
        """The chart's words, in the answer's language or another."""
        language = language or told.language
        known, units = self.locales.languages[language], Units(self.locales.languages[language].locale)
        today = told.outlook.days[0].date
        names = {today: "weather.today", today + DAY: "weather.tomorrow"}
        return Labels(
            known.script,
            told.name if language == "en" else told.place,
            tuple(
                self.locales.text(names[day.date], language) if day.date in names else units.weekday_short(day.date)
                for day in told.outlook.days
            ),
            self.locales.text("weather.chart.rain", language),
            self.locales.text("weather.chart.temperature", language),
            told.outlook.forecast.attribution,
        )

    def whole(self, told: Told) -> str:
        """The answer where length does not matter: each day, advice, age, source."""
        lines = [self.line(told, day) for day in self.shown(told)]
        advices = [self.sentence(told, advice) for advice in self.advices(told)]
        blocks = [
            "\n".join([told.place, *lines]),
            "\n".join([*advices, self.thunder(told)]).strip(),
            "\n".join(filter(None, [told.stale, told.outlook.forecast.attribution])),
        ]
        return "\n\n".join(block for block in blocks if block)

    def short(self, told: Told, *, latin: bool) -> str:
        """Two SMS segments at most: the days asked for, advice, age; then what else fits."""
        shown = self.shown(told)
        first, *others = [self.line(told, day) for day in shown]
        advices = [self.sentence(told, advice) for advice in self.advices(told)]
        brief = [self.brief(told, day) for day in shown[1:]]
        parts = [f"{told.place}: {first}", *advices[:1], told.stale, self.thunder(told), *advices[1:]]
        parts += brief if told.question.days == ("later",) or len(others) > 1 else others
        limit, text = SMS_LATIN if latin else SMS_NATIVE, ""
        for part in filter(None, parts):
            longer = f"{text} {part}".strip()
            text = longer if len(longer) <= limit or not text else text
        return text

    def shown(self, told: Told) -> tuple[DaySummary, ...]:
        """The days asked for; today, tomorrow and the day after where none is named."""
        asked, all_days, today = told.question.days, told.outlook.days, told.outlook.days[0].date
        if "later" in asked:
            return all_days
        if not asked:
            return all_days[:3]
        named = {"today": today, "tomorrow": today + DAY}
        return tuple(day for day in all_days if day.date in {named[name] for name in asked}) or all_days[:1]

    def advices(self, told: Told) -> list[Advice]:
        """What to do about each work named."""
        found = [advise(work, told.outlook) for work in told.question.works]
        return [advice for advice in found if advice]

    def line(self, told: Told, day: DaySummary) -> str:
        """`Today: light rain likely, 5 mm. 24-33°C, wind 12 km/h.`"""
        low, high, wind = day.low or 0.0, day.high or 0.0, day.wind or 0.0
        return sentence_case(
            self.locales.text(
                "weather.line",
                told.language,
                day=self.day_name(told, day.date),
                rain=self.rain(told, day),
                temperatures=told.units.temperatures(low, high),
                wind=told.units.wind(wind),
            )
        )

    def brief(self, told: Told, day: DaySummary) -> str:
        """`Sunday: no rain, 33°C.`"""
        name, high = self.day_name(told, day.date), told.units.temperature(day.high or 0.0)
        text = self.locales.text("weather.brief", told.language, day=name, rain=self.rain(told, day), temperature=high)
        return sentence_case(text)

    def rain(self, told: Told, day: DaySummary) -> str:
        """The day's rain in words, with its amount where there is some."""
        amount, chance = day.rain or 0.0, day.rain_chance
        if amount < SOME_RAIN and (chance or 0.0) < WET_CHANCE:
            slight = amount > 0 or (chance or 0.0) >= SOME_CHANCE
            return self.locales.text("weather.rain.unlikely" if slight else "weather.rain.none", told.language)
        size = next((name for least, name in RAIN_CLASSES if amount >= least), "drops")
        sure = "likely" if chance is None or chance >= LIKELY else "possible"
        return self.locales.text(f"weather.rain.{size}.{sure}", told.language, amount=told.units.rain(amount))

    def thunder(self, told: Told) -> str:
        """The warning that goes with thunderstorms on the days shown."""
        found = any(day.thunder for day in self.shown(told)[:2])
        return self.locales.text("weather.thunder", told.language) if found else ""

    def sentence(self, told: Told, advice: Advice) -> str:
        """An advice in words."""
        units = told.units
        values = {
            "amount": units.rain(advice.amount) if advice.amount is not None else "",
            "start": units.clock(advice.start) if advice.start else "",
            "end": units.clock(advice.end) if advice.end else "",
            "day": self.day_name(told, advice.day) if advice.day else "",
        }
        return self.locales.text(advice.key, told.language, **values)

    def day_name(self, told: Told, day: date) -> str:
        """Today, tomorrow, or the weekday."""
        today = told.outlook.now.astimezone(told.outlook.zone).date()
        names = {today: "weather.today", today + DAY: "weather.tomorrow"}
        return self.locales.text(names[day], told.language) if day in names else told.units.weekday(day)

    def _text(self, key: str, turn: Turn, **values: object) -> str:
        return self.locales.text(key, turn.language, **values)

    def _abstain(self, turn: Turn, key: str, contact: Contact) -> Result:
        reply = Reply(self._text(key, turn), Outcome.ABSTAINED, engine="forecast")
        return Result(reply, contact, turn.session)


def in_latin(words: Labels, language: str) -> Labels:
    """A chart's words in Latin letters."""
    return replace(
        words,
        script="Latn",
        title=romanise(words.title, language),
        days=tuple(romanise(day, language) for day in words.days),
        rain=romanise(words.rain, language),
        temperature=romanise(words.temperature, language),
    )


def sentence_case(text: str) -> str:
    """The first letter as a capital, where the script has them."""
    return text[:1].upper() + text[1:]


def wanted(question: WeatherQuestion, turn: Turn, zone: tzinfo) -> date:
    """The day that advice is for: tomorrow when only that is named, else today."""
    today = turn.now.astimezone(zone).date()
    return today + DAY if question.days[:1] == ("tomorrow",) else today
