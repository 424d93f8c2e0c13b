"""Prices of Indian markets (mandis) from data.gov.in (Agmarknet, GODL-India), cached by state and commodity.

Two of its tables: the current day of all markets, and the days before with the same facts under other column names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.clients.fetching import Fetcher
from bot.clients.forecasts import Cache
from bot.domain.errors import ProviderError
from bot.domain.prices import Price

CURRENT = "9ef84268-d588-465a-a308-a864a43d0070"
"""Current Daily Price of Various Commodities from Various Markets (Mandi)."""
HISTORY = "35985678-0d79-46b4-9ed6-6f13308a1d24"
"""Variety-wise Daily Market Prices Data of Commodity."""
MOST_RECORDS = 500
FRESH = timedelta(hours=4)
OLDEST = timedelta(days=3)
HISTORY_DAYS = 10
DATE_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d")
REST = timedelta(minutes=2)
KEPT = TypeAdapter(tuple[Price, ...])


@dataclass(frozen=True, slots=True)
class DataGovIn:
    """The service at `url`, with the operator's own key."""

    fetcher: Fetcher
    key: str
    url: str = "https://api.data.gov.in"

    def fetch(self, commodity: str, state: str, seconds: float) -> tuple[Price, ...]:
        """Today's prices of a commodity in a state, and those of the last days. Raises ProviderError."""
        today = self._records(CURRENT, {"filters[state.keyword]": state, "filters[commodity]": commodity}, seconds / 2)
        try:
            past = self._records(HISTORY, {"filters[State]": state, "filters[Commodity]": commodity}, seconds / 2)
        except ProviderError:
            past = []  # a price without a trend is still a price
        return tuple(dict.fromkeys((*read_prices(today), *read_prices(past))))

    def _records(self, table: str, filters: Mapping[str, str], seconds: float) -> list[Mapping[str, Any]]:
        params: dict[str, str | int | float] = {"api-key": self.key, "format": "json", "limit": MOST_RECORDS, **filters}
        if table == HISTORY:
            params["sort[Arrival_Date]"] = "desc"
        data = self.fetcher.get_json(f"{self.url}/resource/{table}", params, seconds).data
        records = data.get("records") if isinstance(data, dict) else None
        if not isinstance(records, list):
            raise ProviderError("data.gov.in: no records in the answer", retryable=False)
        return records


@dataclass(frozen=True, slots=True)
class KeptPrices:
    """What is kept of a commodity in a state."""

    prices: tuple[Price, ...]
    fetched_at: datetime


class Prices:
    """Prices by commodity and state; one request each four hours, stale at worst."""

    def __init__(self, source: DataGovIn, cache: Cache, clock: Callable[[], datetime], seconds: float = 6.0) -> None:
        self.source = source
        self.cache = cache
        self.clock = clock
        self.seconds = seconds

    def of(self, commodity: str, state: str) -> KeptPrices:
        """Prices of the last days, newest first. Raises ProviderError when none are to be had."""
        key = f"prices:{state}:{commodity}"
        kept = self._kept(key)
        if kept and self.clock() - kept.fetched_at < FRESH:
            return kept
        if not self.cache.get(f"prices-rest:{state}:{commodity}"):
            try:
                return self._fetch(key, commodity, state, kept)
            except ProviderError:
                self.cache.set(f"prices-rest:{state}:{commodity}", 1, REST)
        if kept and self.clock() - kept.fetched_at < OLDEST:
            return kept
        raise ProviderError("no prices")

    def _fetch(self, key: str, commodity: str, state: str, kept: KeptPrices | None) -> KeptPrices:
        fetched = self.source.fetch(commodity, state, self.seconds)
        oldest = self.clock().date() - timedelta(days=HISTORY_DAYS)
        known = {*fetched, *(kept.prices if kept else ())}
        prices = tuple(sorted((p for p in known if p.day >= oldest), key=lambda p: (p.day, p.market), reverse=True))
        value = {"prices": KEPT.dump_python(prices, mode="json"), "fetched_at": self.clock().isoformat()}
        self.cache.set(key, value, timedelta(days=HISTORY_DAYS))
        return KeptPrices(prices, self.clock())

    def _kept(self, key: str) -> KeptPrices | None:
        try:
            value = self.cache.get(key)
            return KeptPrices(KEPT.validate_python(value["prices"]), datetime.fromisoformat(value["fetched_at"]))
        except (TypeError, KeyError, ValueError, ValidationError):
            return None


def read_prices(records: list[Mapping[str, Any]]) -> Iterator[Price]:
    """Prices of records of either table; those without a price or a date are left out."""
    for record in records:
        fields = {str(name).lower(): value for name, value in record.items()}
        day = read_date(str(fields.get("arrival_date", "")))
        try:
            low, high, modal = (float(fields[name]) for name in ("min_price", "max_price", "modal_price"))
        except (KeyError, TypeError, ValueError):
            continue
        if day and modal > 0:
            market, district, state = (str(fields.get(name, "")).strip() for name in ("market", "district", "state"))
            yield Price(market, district, state, day, low, high, modal)


def read_date(text: str) -> date | None:
    """10/07/2026 and its like."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
