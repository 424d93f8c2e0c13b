"""Places by name from Open-Meteo's geocoding (GeoNames), for names that the gazetteer does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Cache
from bot.domain.contacts import Place
from bot.domain.errors import ProviderError
from bot.domain.messages import Location
from bot.knowledge.places import Gazetteer

MOST = 5
KEPT = timedelta(days=30)
COUNTRIES = ("IN", "KE", "UG", "TZ", "RW", "ET")


@dataclass(frozen=True, slots=True)
class OnlinePlaces:
    """Search at `url`; states come from the nearest place of the gazetteer. Answers are cached, also empty ones."""

    fetcher: Fetcher
    cache: Cache
    gazetteer: Gazetteer
    url: str = "https://geocoding-api.open-meteo.com"
    seconds: float = 4.0

    def __call__(self, name: str, language: str) -> tuple[Place, ...]:
        """Places of that name in the countries served. Raises ProviderError."""
        key = f"geocoding:{language}:{name.casefold()}"
        results = self.cache.get(key)
        if not isinstance(results, list):
            params: dict[str, str | int | float] = {"name": name, "count": MOST, "language": language, "format": "json"}
            data = self.fetcher.get_json(f"{self.url}/v1/search", params, self.seconds).data
            if not isinstance(data, dict):
                raise ProviderError("geocoding: no object in the answer", retryable=False)
            results = data.get("results") or []
            self.cache.set(key, results, KEPT)
        return tuple(dict.fromkeys(self._read(results)))

    def _read(self, results: list[Mapping[str, Any]]) -> Iterator[Place]:
        for result in results:
            try:
                where = Location(float(result["latitude"]), float(result["longitude"]))
                name, country = str(result["name"]), str(result["country_code"])
            except (KeyError, TypeError, ValueError):
                continue
            if country in COUNTRIES:
                near = self.gazetteer.nearest(where)
                region = near.region if near and near.region.startswith(country) else country
                yield Place(name, region, where)
