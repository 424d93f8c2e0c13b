"""Price answers over real data and the stand-in of data.gov.in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.clients.fetching import Fetcher
from bot.clients.prices import DataGovIn, Prices
from bot.domain.contacts import Contact, Place
from bot.domain.messages import Address, Inbound
from bot.domain.turns import DetectedLanguage, Entities, Intent, Outcome, Session, Turn, Understanding
from bot.knowledge.places import read_commodities
from bot.locales import Locales
from bot.skills.market import Market
from bot.skills.place import Places
from bot.storage.cache import Cache
from bot.storage.redis import connect
from bot.understanding.places import PlaceMatcher
from tests.benchmarks.bench_places import build_matcher
from tests.fakes import FakeClock
from tests.weather_server import Fault, WeatherServer, weather_server

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
ADDRESS = Address("sms", "+910000000000")


@pytest.fixture(scope="module")
def matcher() -> PlaceMatcher:
    return build_matcher(ROOT)


def record(market: str, district: str, day: int, modal: int, commodity: str = "Onion") -> dict[str, str]:
    return {
        "state": "Maharashtra",
        "district": district,
        "market": market,
        "commodity": commodity,
        "arrival_date": f"{day:02d}/07/2026",
        "min_price": str(modal - 300),
        "max_price": str(modal + 300),
        "modal_price": str(modal),
    }


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    with weather_server(NOW) as running:
        running.records = [
            record("Pune", "Pune", 10, 1400),
            record("Lasalgaon", "Nashik", 10, 1750),
            record("Lasalgaon", "Nashik", 6, 1500),
            record("Yeola", "Nashik", 9, 1600),
        ]
        yield running


@pytest.fixture
def market(locales: Locales, matcher: PlaceMatcher, server: WeatherServer) -> Iterator[Market]:
    clock = FakeClock(NOW)
    with httpx.Client() as client:
        source = DataGovIn(Fetcher(client, time.monotonic), "key", server.url)
        prices = Prices(source, Cache(connect(""), clock), clock, seconds=2.0)
        commodities = read_commodities(ROOT / "knowledge/prices/commodities.yaml")
        yield Market(locales, Places(locales, matcher), prices, commodities)


def asked(text: str, *crops: str, place: Place | None = None, language: str = "en") -> Turn:
    detected = DetectedLanguage(language, "Latn", 1.0)
    understanding = Understanding(text, detected, Intent.GET_PRICE, "market", ("market",), Entities(crops=crops))
    contact = Contact("c", ADDRESS, NOW, language=language, place=place)
    inbound = Inbound(ADDRESS, "1", text, NOW)
    return Turn(inbound, contact, Session(), understanding, language, NOW, short=True, region="IN")


def test_the_market_named_comes_first_with_its_trend(market: Market) -> None:
    reply = market(replace(asked("price of onion in Lasalgaon", "onion"), short=False)).reply
    assert reply.outcome is Outcome.ANSWERED
    lines = reply.text.splitlines()
    assert lines[1] == "Lasalgaon 10 Jul: ₹1,750 (1450-2050)"
    assert lines[2].startswith("Yeola 9 Jul")
    assert lines[3].startswith("Pune")
    assert "Up ₹250 in 4 days." in reply.text
    assert "data.gov.in" in reply.text
    short = market(asked("price of onion in Lasalgaon", "onion")).reply.short
    assert "Rs 1,750" in short
    assert short.isascii()
    assert len(short) < 160


def test_the_contact_s_place_is_used(market: Market) -> None:
    reply = market(asked("onion rate", "onion", place=Place("Pune", "IN-MH"))).reply
    assert reply.text.splitlines()[1].startswith("Pune 10 Jul")


def test_crop_and_place_are_asked_for(market: Market) -> None:
    assert market(asked("mandi rate")).reply.outcome is Outcome.ASKED_BACK
    back = market(asked("onion rate", "onion"))
    assert back.reply.ask_location
    assert back.session.question == "onion rate"


def test_no_price_is_said(market: Market) -> None:
    reply = market(asked("price of garlic in Nashik", "garlic")).reply
    assert reply.outcome is Outcome.ABSTAINED
    assert "Nashik" in reply.text


def test_outside_india_there_is_no_price_list(market: Market, locales: Locales) -> None:
    reply = market(asked("price of maize in Nakuru", "maize")).reply
    assert reply.text == locales.text("price.unavailable", "en")


def test_service_down(market: Market, server: WeatherServer) -> None:
    server.always["prices"] = Fault.DOWN
    reply = market(asked("price of onion in Nashik", "onion")).reply
    assert reply.outcome is Outcome.ABSTAINED
    assert "will not guess" in reply.text


def test_without_a_key_it_says_so(locales: Locales) -> None:
    assert Market(locales)(asked("onion rate", "onion")).reply.text == locales.text("price.unavailable", "en")
