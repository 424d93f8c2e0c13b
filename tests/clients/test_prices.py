"""data.gov.in through real HTTP: both tables, the key, faults, one request in four hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from bot.clients.fetching import Fetcher
from bot.clients.prices import DataGovIn, Prices, read_date, read_prices
from bot.domain.errors import ProviderError
from bot.domain.prices import Price
from bot.storage.cache import Cache
from tests.fakes import FakeClock
from tests.weather_server import Fault, WeatherServer

TODAY: dict[str, Any] = {
    "state": "Maharashtra",
    "district": "Nashik",
    "market": "Lasalgaon",
    "commodity": "Onion",
    "variety": "Red",
    "arrival_date": "10/07/2026",
    "min_price": "900",
    "max_price": "2100",
    "modal_price": "1700",
}
BEFORE: dict[str, Any] = {
    "State": "Maharashtra",
    "District": "Nashik",
    "Market": "Lasalgaon",
    "Commodity": "Onion",
    "Arrival_Date": "06/07/2026",
    "Min_Price": 700,
    "Max_Price": 1800,
    "Modal_Price": 1500,
}


@pytest.fixture
def prices(server: WeatherServer, fetcher: Fetcher, cache: Cache, clock: FakeClock) -> Prices:
    server.records = [TODAY, BEFORE, TODAY | {"state": "Gujarat"}, BEFORE | {"Arrival_Date": "01/01/2026"}]
    return Prices(DataGovIn(fetcher, "key", server.url), cache, clock, seconds=2.0)


def test_today_and_before(prices: Prices, server: WeatherServer) -> None:
    kept = prices.of("Onion", "Maharashtra")
    assert kept.prices == (
        Price("Lasalgaon", "Nashik", "Maharashtra", date(2026, 7, 10), 900, 2100, 1700),
        Price("Lasalgaon", "Nashik", "Maharashtra", date(2026, 7, 6), 700, 1800, 1500),
    )
    assert server.counts == {"prices": 2}
    assert prices.of("Onion", "Maharashtra") == kept
    assert server.counts == {"prices": 2}


def test_stale_prices_are_kept_when_the_service_fails(prices: Prices, server: WeatherServer, clock: FakeClock) -> None:
    first = prices.of("Onion", "Maharashtra")
    clock.advance(hours=30)
    server.always["prices"] = Fault.HALF
    assert prices.of("Onion", "Maharashtra") == first
    clock.advance(days=3)
    with pytest.raises(ProviderError):
        prices.of("Onion", "Maharashtra")


def test_without_history_there_is_still_a_price(prices: Prices, server: WeatherServer) -> None:
    server.faults["prices"] = deque([None, Fault.BROKEN])
    assert [price.day for price in prices.of("Onion", "Maharashtra").prices] == [date(2026, 7, 10)]


@pytest.mark.parametrize("fault", list(Fault))
def test_faults_are_typed(prices: Prices, server: WeatherServer, fault: Fault) -> None:
    server.always["prices"] = fault
    if fault is Fault.UNITS:
        assert prices.of("Onion", "Maharashtra").prices
        return
    with pytest.raises(ProviderError):
        prices.of("Onion", "Maharashtra")


def test_a_wrong_key_is_not_tried_again(
    server: WeatherServer, fetcher: Fetcher, cache: Cache, clock: FakeClock
) -> None:
    prices = Prices(DataGovIn(fetcher, "", server.url), cache, clock)
    for _ in range(3):
        with pytest.raises(ProviderError):
            prices.of("Onion", "Maharashtra")
    assert server.counts == {"prices": 1}


def test_records_that_cannot_be_used_are_left_out() -> None:
    bad: list[Mapping[str, Any]] = [
        TODAY | {"modal_price": "NR"},
        TODAY | {"arrival_date": "soon"},
        TODAY | {"modal_price": "0"},
        {},
    ]
    assert list(read_prices(bad)) == []
    assert read_date("2026-07-10") == read_date("10-07-2026") == date(2026, 7, 10)
