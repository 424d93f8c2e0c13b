"""Open-Meteo's geocoding through real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clients.fetching import Fetcher
from bot.clients.places import OnlinePlaces
from bot.domain.contacts import Place
from bot.domain.errors import ProviderError
from bot.domain.messages import Location
from bot.knowledge.places import Gazetteer
from bot.storage.cache import Cache
from tests.weather_server import Fault, WeatherServer

GAZETTEER = Gazetteer.load(Path(__file__).resolve().parent.parent.parent / "knowledge/places")
PATODA = {"name": "Patoda", "latitude": 18.8, "longitude": 75.47, "country_code": "IN", "admin1": "Maharashtra"}


@pytest.fixture
def search(server: WeatherServer, fetcher: Fetcher, cache: Cache) -> OnlinePlaces:
    return OnlinePlaces(fetcher, cache, GAZETTEER, server.url, seconds=1.0)


def test_a_small_place_is_found_once(search: OnlinePlaces, server: WeatherServer) -> None:
    server.found = [PATODA, PATODA | {"country_code": "BR"}, {"name": "broken"}]
    for _ in range(2):
        assert search("Patoda", "hi") == (Place("Patoda", "IN-MH", Location(18.8, 75.47)),)
    assert server.counts == {"search": 1}


def test_nothing_found_is_remembered(search: OnlinePlaces, server: WeatherServer) -> None:
    assert search("Xyzzy", "en") == search("xyzzy", "en") == ()
    assert server.counts == {"search": 1}


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SLOW, Fault.BUSY, Fault.HALF, Fault.PAGE])
def test_faults_are_typed(search: OnlinePlaces, server: WeatherServer, fault: Fault) -> None:
    server.found = [PATODA]
    server.always["search"] = fault
    with pytest.raises(ProviderError):
        search("Patoda", "hi")
