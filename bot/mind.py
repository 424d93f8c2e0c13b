"""The thinking part put together: understanding, cards and skills. What lies outside is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.answering.model import Model, build_composer, build_selector
from bot.channels.segments import cut_text, measure
from bot.clients.charts import can_draw, draw_chart
from bot.clients.forecasts import Forecasts
from bot.clients.prices import Prices
from bot.domain.alerts import AlertRule
from bot.domain.contacts import Place
from bot.domain.errors import ConfigurationError
from bot.domain.messages import Location
from bot.domain.turns import DetectedLanguage, Intent
from bot.knowledge import Knowledge
from bot.knowledge.alert_rules import ALERTS, read_alert_rules
from bot.knowledge.places import Gazetteer, read_commodities
from bot.locales import Locales
from bot.locales.dates import read_date_words
from bot.locales.weather import read_weather_words
from bot.pipeline import Pipeline, Skill
from bot.retrieval import CardIndex
from bot.skills.advice import Advice
from bot.skills.alerts import Subscribing
from bot.skills.emergency import Emergency
from bot.skills.handoff import TalkToPerson
from bot.skills.market import Market
from bot.skills.place import Places, Search
from bot.skills.profile import Profile
from bot.skills.weather import Weather
from bot.understanding.dates import DateReader
from bot.understanding.language import LanguageDetector
from bot.understanding.places import PlaceMatcher
from bot.understanding.surroundings import known_words
from bot.understanding.understand import Understander
from bot.understanding.weather import WeatherReader

SHORT_CHANNELS = frozenset({"sms", "kannel", "gammu", "twilio", "africastalking", "http"})


@dataclass(frozen=True, slots=True)
class Outside:
    """What the thinking part asks of the world; everything may be missing."""

    forecasts: Forecasts | None = None
    prices: Prices | None = None
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Mind:
    """Understanding, cards and skills over one set of data; no database."""

    locales: Locales
    knowledge: Knowledge
    understander: Understander
    index: CardIndex
    pipeline: Pipeline
    matcher: PlaceMatcher
    outside: Outside = field(default_factory=Outside)
    rules: tuple[AlertRule, ...] = ()

    def find_place(self, text: str) -> Place:
        """A place by name or `LAT,LON`. Raises ConfigurationError when it is neither."""
        north, comma, east = text.partition(",")
        try:
            where = Location(float(north), float(east)) if comma else None
        except ValueError:
            raise ConfigurationError(f"no place: {text!r}; use a name or LAT,LON") from None
        if where is None:
            return self.matcher.place_named(text, self.pipeline.home_region) or Place(text, self.pipeline.home_region)
        near = self.matcher.gazetteer.nearest(where)
        return Place(near.name, near.region, where) if near else Place(text, self.pipeline.home_region, where)


def build_mind(
    locales: Locales,
    knowledge: Knowledge,
    knowledge_dir: Path,
    *,
    gazetteer: Gazetteer | None = None,
    outside: Outside | None = None,
    reviewed_only: bool = False,
    region: str = "IN",
    has_officers: bool = False,
    segments: int = 2,
    model: Model | None = None,
    fixed_sms: bool = False,
) -> Mind:
    """Builds the thinking part; reads the small language models and the gazetteer. Raises DataError.

    `fixed_sms`: texts of short channels must be registered word for word, so that no model may choose among steps.
    """
    outside = outside or Outside()
    words = read_weather_words(locales.path)
    gazetteer = gazetteer or Gazetteer.load(knowledge_dir / "places")
    matcher = PlaceMatcher(gazetteer, words, known_words(locales))
    understander = Understander.build(locales, knowledge.taxonomy, locales.path / "models", places=matcher)
    index = CardIndex(knowledge, understander.words, reviewed_only=reviewed_only)
    advice, profile = build_advice(locales, knowledge, index, model, fixed_sms), Profile(locales, knowledge)
    places, reader = Places(locales, matcher, outside.search), WeatherReader(words)
    commodities = read_commodities(knowledge_dir / "prices" / "commodities.yaml")
    rules = read_alert_rules(knowledge_dir / ALERTS)
    subscribing = Subscribing(locales, places, rules, DateReader(read_date_words(locales.path)).read)
    skills: dict[Intent, Skill] = {
        **dict.fromkeys(profile.intents, profile),
        Intent.ASK_ADVICE: advice,
        Intent.GET_WEATHER: Weather(locales, places, reader, outside.forecasts, draw_chart if can_draw() else None),
        Intent.GET_PRICE: Market(locales, places, outside.prices, commodities),
        Intent.SET_PLACE: places,
        Intent.SUBSCRIBE: subscribing,
        Intent.UNSUBSCRIBE: subscribing,
        Intent.TALK_TO_PERSON: TalkToPerson(locales, knowledge, has_officers=has_officers),
        Intent.REPORT_EMERGENCY: Emergency(locales, knowledge),
    }
    pipeline = Pipeline(
        locales=locales,
        understander=understander,
        reader=reader,
        advice=advice,
        profile=profile,
        skills=skills,
        short_channels=SHORT_CHANNELS,
        shorten=partial(shorten, budget=segments),
        home_region=region,
        expects=subscribing.expects,
    )
    return Mind(locales, knowledge, understander, index, pipeline, matcher, outside, rules)


def build_advice(
    locales: Locales, knowledge: Knowledge, index: CardIndex, model: Model | None, fixed_sms: bool
) -> Advice:
    """The advice skill, with what the model may do for it."""
    if model is None:
        return Advice(locales, index)

    def detector() -> Callable[[str], DetectedLanguage]:
        return LanguageDetector.load(locales.path / "models").detect

    composer = build_composer(model, locales, knowledge, detector)
    return Advice(locales, index, build_selector(model), composer, fixed_sms=fixed_sms)


def shorten(text: str, hint: str, has_more: bool, *, budget: int) -> tuple[str, str]:
    """What fits `budget` SMS segments, and the rest; `hint` tells how to get it, unless that costs a segment."""
    segments = measure(text).count
    if segments <= budget:
        hinted = f"{text} {hint}"
        return (hinted if has_more and measure(hinted).count == segments else text), ""
    head, rest = cut_text(text, lambda start: measure(f"{start} {hint}").count <= budget)
    return f"{head} {hint}", rest
