"""Weather answers end to end: from words to what an SMS says, over real data and the stand-in services."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.clients.charts import Labels
from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Forecasts
from bot.clients.met_norway import MetNorway
from bot.clients.open_meteo import OpenMeteo
from bot.clients.places import OnlinePlaces
from bot.domain.contacts import Contact, Place, ScriptChoice
from bot.domain.messages import Address, Inbound, InboundKind, Location
from bot.domain.turns import (
    DetectedLanguage,
    Entities,
    Intent,
    Outcome,
    Pending,
    Result,
    Session,
    Turn,
    Understanding,
)
from bot.domain.weather import DaySummary
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.locales.weather import read_weather_words
from bot.skills.place import Places
from bot.skills.profile import Profile
from bot.skills.weather import SMS_LATIN, SMS_NATIVE, Weather
from bot.storage.cache import Cache
from bot.storage.redis import connect
from bot.understanding.places import PlaceMatcher
from bot.understanding.weather import WeatherReader
from tests.benchmarks.bench_places import build_matcher
from tests.fakes import FakeClock
from tests.weather_server import Fault, WeatherServer, weather_server

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 7, 10, 6, 20, tzinfo=UTC)
ADDRESS = Address("sms", "+910000000000")


@pytest.fixture(scope="module")
def matcher() -> PlaceMatcher:
    return build_matcher(ROOT)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    with weather_server(NOW) as running:
        running.sky.rain = {datetime(2026, 7, 11, 10, tzinfo=UTC): 18.0}
        yield running


@pytest.fixture
def weather(locales: Locales, matcher: PlaceMatcher, server: WeatherServer, clock: FakeClock) -> Iterator[Weather]:
    cache = Cache(connect(""), clock)
    with httpx.Client() as client:
        fetcher = Fetcher(client, time.monotonic)
        providers = (OpenMeteo(fetcher, clock, server.url), MetNorway(fetcher, clock, "khetdoot/0", server.url))
        forecasts = Forecasts(providers, cache, clock, seconds=1.0)
        places = Places(locales, matcher, OnlinePlaces(fetcher, cache, matcher.gazetteer, server.url))
        yield Weather(locales, places, WeatherReader(read_weather_words(ROOT / "locales")), forecasts)


def asked(
    text: str,
    language: str = "en",
    *,
    contact: Contact | None = None,
    session: Session | None = None,
    now: datetime = NOW,
    location: Location | None = None,
    intent: Intent = Intent.GET_WEATHER,
    argument: str = "",
    **entities: tuple[str, ...],
) -> Turn:
    kind = InboundKind.LOCATION if location else InboundKind.TEXT
    detected = DetectedLanguage(language, "Zyyy", 1.0)
    understanding = Understanding(
        text, detected, intent, "weather", ("weather",), Entities(**entities), argument=argument
    )
    inbound = Inbound(ADDRESS, "1", text, now, kind, location)
    contact = contact or Contact("c", ADDRESS, NOW, language=language)
    return Turn(inbound, contact, session or Session(), understanding, language, now, short=True, region="IN")


def farming_at(name: str, region: str) -> Contact:
    return Contact("c", ADDRESS, NOW, place=Place(name, region))


def test_today_and_the_days_after(weather: Weather) -> None:
    result = weather(asked("weather of Hathras"))
    assert result.reply.outcome is Outcome.ANSWERED
    assert result.reply.short == (
        "Hathras: Today: no rain. 26-33C, wind 9 km/h. Tomorrow: good rain likely, 18 mm, 33C. Sunday: no rain, 33C."
    )
    long = weather(replace(asked("weather of Hathras"), short=False)).reply.text
    assert "Tomorrow: good rain likely, 18 mm. 23-33°C, wind 9 km/h." in long
    assert "Open-Meteo.com (CC BY 4.0)" in result.reply.text


@pytest.mark.parametrize(("language", "words"), [("en", "This forecast comes from:"), ("hi", "यह पूर्वानुमान यहां से है:")])
def test_why_names_whose_forecast_it_was(
    weather: Weather, locales: Locales, knowledge: Knowledge, language: str, words: str
) -> None:
    told = weather(asked("weather of Hathras", language)).session
    why = asked("why", language, session=told, intent=Intent.GET_SOURCE)
    reply = Profile(locales, knowledge)(why).reply
    assert reply.text == f"{words} Weather data by Open-Meteo.com (CC BY 4.0)"
    assert "Open-Meteo" not in Profile(locales, knowledge)(replace(why, session=Session())).reply.text


def test_the_place_named_becomes_the_contact_s_unless_she_has_one(weather: Weather) -> None:
    place = weather(asked("weather of Hathras")).contact.place
    assert place is not None
    assert (place.name, place.region) == ("Hathras", "IN-UP")
    kept = weather(asked("weather of Hathras", contact=farming_at("Hisar", "IN-HR"))).contact.place
    assert kept == Place("Hisar", "IN-HR")


def test_the_contact_s_place_is_used(weather: Weather) -> None:
    assert weather(asked("weather", contact=farming_at("Hisar", "IN-HR"))).reply.short.startswith("Hisar: Today")
    odd = farming_at("hatras", "IN")
    assert weather(asked("weather", contact=odd)).reply.outcome is Outcome.ANSWERED, "as given by --place"


def test_five_days(weather: Weather, server: WeatherServer) -> None:
    reply = weather(asked("weather of Hathras for 5 days")).reply
    assert len(reply.text.split("\n\n")[0].splitlines()) == 6
    assert "Tuesday" in reply.short


def test_advice_for_the_work_named(weather: Weather) -> None:
    result = weather(asked("can I spray tomorrow in Hathras"))
    assert result.reply.steps == ("weather.spray.good",)
    assert "Good time to spray: 6:30-" in result.reply.short
    wheat = weather(asked("irrigate today in Hathras?", crops=("wheat",)))
    assert wheat.reply.steps == ("weather.irrigate.wait",)


@pytest.mark.parametrize("language", ["en", "hi", "te", "sw"])
@pytest.mark.parametrize("text", ["weather Visakhapatnam", "spray today Visakhapatnam", "Visakhapatnam 5 days weather"])
def test_two_segments_at_most(
    weather: Weather, server: WeatherServer, language: str, text: str, clock: FakeClock
) -> None:
    server.sky.rain = {datetime(2026, 7, day, 10, tzinfo=UTC): 130.0 for day in range(10, 16)}
    server.sky.code = 95
    short = weather(asked(text, language)).reply.short
    latin = language in ("en", "sw")
    assert short.isascii() is latin, "no sign that would take a Latin SMS out of its alphabet"
    assert 0 < len(short) <= (SMS_LATIN if latin else SMS_NATIVE)


@pytest.mark.parametrize(
    ("amount", "chance", "words"),
    [
        (0.0, 5.0, "no rain"),
        (0.0, 30.0, "rain unlikely"),
        (1.0, 40.0, "a few drops possible"),
        (2.5, 70.0, "light rain likely"),
        (15.6, 70.0, "good rain likely"),
        (64.5, 55.0, "heavy rain possible"),
        (115.6, 90.0, "very heavy rain likely"),
        (204.5, 90.0, "extremely heavy rain"),
    ],
)
def test_rain_in_words(weather: Weather, server: WeatherServer, amount: float, chance: float, words: str) -> None:
    server.sky.rain = {datetime(2026, 7, 11, 10, tzinfo=UTC): amount}
    server.sky.chance = chance
    assert f"Tomorrow: {words}" in weather(asked("weather tomorrow Hathras")).reply.short


def test_latin_letters_keep_to_the_sms_alphabet(weather: Weather) -> None:
    contact = replace(Contact("c", ADDRESS, NOW, language="hi"), script=ScriptChoice.LATIN)
    short = weather(asked("hathras ka mausam", "hi", contact=contact)).reply.short
    assert "26-33C, हवा 9 km/h" in short, "what is left to romanise is words"


def test_names_come_in_the_farmer_s_letters(weather: Weather) -> None:
    assert weather(asked("मौसम हाथरस", "hi")).reply.short.startswith("हाथरस: आज: बारिश नहीं।")
    assert weather(asked("ఏలూరులో వర్షం", "te")).reply.short.startswith("ఏలూరు: ఈరోజు:")


def test_an_unknown_place_is_asked_back(weather: Weather) -> None:
    result = weather(asked("will it rain tomorrow"))
    assert result.reply.outcome is Outcome.ASKED_BACK
    assert result.reply.ask_location
    assert result.session.pending is Pending.PLACE
    assert result.session.question == "will it rain tomorrow"


def test_an_ambiguous_place_is_asked_back_with_the_state(weather: Weather) -> None:
    result = weather(asked("aurangabad weather"))
    assert result.reply.text == "Which Aurangabad?"
    assert [button.text for button in result.reply.quick_replies] == [
        "Aurangabad, Maharashtra",
        "Aurangabad, Bihar",
    ]
    assert result.session.choices == ("place:Aurangabad, Maharashtra", "place:Aurangabad, Bihar")
    places = weather.places
    assert places is not None
    answer = places(asked("2", session=result.session, intent=Intent.SET_PLACE, argument="Aurangabad, Bihar"))
    assert answer.contact.place is not None
    assert answer.contact.place.region == "IN-BR"
    assert answer.session.question == "aurangabad weather", "still there for the caller to answer"
    assert answer.session.pending is None


def test_the_contact_s_state_spares_the_question(weather: Weather) -> None:
    result = weather(asked("aurangabad weather", contact=farming_at("Patna", "IN-BR")))
    assert result.reply.outcome is Outcome.ANSWERED


def places_of(weather: Weather) -> Places:
    assert weather.places is not None
    return weather.places


def test_a_place_told_is_noted(weather: Weather) -> None:
    result = places_of(weather)(asked("my district is hatras", intent=Intent.SET_PLACE, argument="hatras"))
    assert result.reply.text == "Noted: Hathras. I will use it for weather and prices."
    assert result.contact.place is not None
    assert result.contact.place.location is not None


def test_a_location_is_noted_by_its_nearest_name(weather: Weather) -> None:
    result = places_of(weather)(asked("", location=Location(27.61, 78.06)))
    assert result.contact.place == Place("Hathras", "IN-UP", Location(27.61, 78.06))
    sea = places_of(weather)(asked("", location=Location(-30.0, -20.0)))
    assert sea.contact.place == Place("-30.00, -20.00", "", Location(-30.0, -20.0))


def test_a_place_that_only_the_network_knows(weather: Weather, server: WeatherServer) -> None:
    server.found = [{"name": "Patoda", "latitude": 18.8, "longitude": 75.47, "country_code": "IN"}]
    session = Session(question="weather", pending=Pending.PLACE)
    result = places_of(weather)(asked("Patoda", session=session, intent=Intent.UNCLEAR))
    assert result.contact.place == Place("Patoda", "IN-MH", Location(18.8, 75.47))


def test_a_place_that_nobody_knows_is_asked_again(weather: Weather, server: WeatherServer) -> None:
    session = Session(question="weather", pending=Pending.PLACE, asked=1)
    result = places_of(weather)(asked("Qwxyzt", session=session, intent=Intent.UNCLEAR))
    assert result.reply.text == 'I do not know "Qwxyzt". Please write your district or PIN code.'
    assert (result.session.question, result.session.asked) == ("weather", 2)
    server.always["search"] = Fault.DOWN
    again = places_of(weather)(asked("Qwxyzu", session=session, intent=Intent.UNCLEAR))
    assert again.reply.outcome is Outcome.ASKED_BACK


@pytest.mark.parametrize("fault", list(Fault))
def test_with_the_services_gone_an_honest_line(weather: Weather, server: WeatherServer, fault: Fault) -> None:
    server.always = {"forecast": fault, "met": fault}
    result = weather(asked("weather of Hathras"))
    assert result.reply.outcome is Outcome.ABSTAINED
    assert "will not guess" in result.reply.text
    assert result.contact.place is not None, "the place is kept all the same"


def test_an_old_forecast_says_its_age(weather: Weather, server: WeatherServer, clock: FakeClock) -> None:
    weather(asked("weather of Hathras"))
    server.always = {"forecast": Fault.DOWN, "met": Fault.BUSY}
    clock.advance(hours=2)
    fresh = weather(asked("weather of Hathras", now=clock()))
    assert "old" not in fresh.reply.short
    clock.advance(hours=4)
    old: Result = weather(asked("weather of Hathras", now=clock()))
    assert "(Forecast 6 hours old; no newer one came.)" in old.reply.short
    assert "(Forecast 6 hours old" in old.reply.text


def test_met_norway_s_forecast_reads_the_same(weather: Weather, server: WeatherServer) -> None:
    server.always["forecast"] = Fault.BROKEN
    reply = weather(asked("weather of Hathras")).reply
    assert "Tomorrow: good rain likely, 18 mm" in reply.short
    assert "MET Norway" in reply.text


def test_without_services_it_says_so(locales: Locales) -> None:
    reply = Weather(locales)(asked("weather")).reply
    assert reply.outcome is Outcome.ABSTAINED
    assert reply.text == locales.text("weather.unavailable", "en")


def test_thunder_is_warned_of(weather: Weather, server: WeatherServer) -> None:
    server.sky.code = 96
    assert "stay out of open fields" in weather(asked("weather Hathras today")).reply.short


def test_a_question_with_block_and_district_takes_the_block(weather: Weather) -> None:
    result = weather(asked("weather of shahabad block in district rampur"))
    assert result.contact.place is not None
    assert (result.contact.place.name, result.contact.place.region) == ("Shahabad", "IN-UP")


def test_the_farm_s_crop_is_known(weather: Weather) -> None:
    contact = replace(farming_at("Hathras", "IN-UP"), farm=replace(Contact("c", ADDRESS, NOW).farm, crops=("wheat",)))
    told = weather(asked("should I irrigate today", contact=contact))
    assert told.reply.steps[0].startswith("weather.irrigate")


def test_a_picture_goes_with_the_answer_where_there_is_room(weather: Weather) -> None:
    drawn: list[tuple[str, ...]] = []

    def draw(days: Sequence[DaySummary], words: Labels, english: Labels) -> bytes:
        drawn.append((words.script, words.title, words.days[0], english.title, english.days[1], str(len(days))))
        return b"PNG"

    weather.draw = draw
    assert weather(asked("मौसम हाथरस", "hi")).reply.image == b"", "not on SMS"
    assert weather(replace(asked("मौसम हाथरस", "hi"), short=False)).reply.image == b"PNG"
    assert drawn == [("Deva", "हाथरस", "आज", "Hathras", "tomorrow", "5")]
    latin = Contact("c", ADDRESS, NOW, script=ScriptChoice.LATIN)
    weather(replace(asked("mausam hathras", "hi", contact=latin), short=False))
    assert drawn[1] == ("Latn", "hathras", "aaj", "Hathras", "tomorrow", "5")


def test_a_chart_that_cannot_be_drawn_costs_no_answer(weather: Weather) -> None:
    def draw(days: Sequence[DaySummary], words: Labels, english: Labels) -> bytes:
        raise OSError("cannot open resource")

    weather.draw = draw
    reply = weather(replace(asked("मौसम हाथरस", "hi"), short=False)).reply
    assert (reply.image, reply.text.startswith("हाथरस")) == (b"", True)
