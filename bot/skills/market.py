"""Price questions: what the nearest markets paid in the last days, and whether it rises or falls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from babel.dates import format_date

from bot.clients.prices import KeptPrices, Prices
from bot.domain.contacts import Place
from bot.domain.errors import ProviderError
from bot.domain.prices import Price
from bot.domain.turns import Outcome, Reply, Result, Session, Turn
from bot.knowledge.places import kilometres
from bot.locales import Locales
from bot.skills.place import Places
from bot.skills.weather_units import Units, units_of
from bot.skills.wording import first_name

MARKETS_SHOWN, MARKETS_SHORT = 5, 2
STALE = timedelta(hours=12)
TREND_DAYS = 2
"""Least days between the two prices of a trend."""
SAME = 0.02
"""Smaller changes are none."""


class Market:
    """The skill behind `get_price`. Without `prices` (no key) it says honestly that it has none.

    `commodities` are the service's names by crop id.
    """

    def __init__(
        self,
        locales: Locales,
        places: Places | None = None,
        prices: Prices | None = None,
        commodities: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.locales = locales
        self.places = places
        self.prices = prices
        self.commodities = commodities or {}

    def __call__(self, turn: Turn) -> Result:
        """Prices of the crop named, near the place named or known; asks for what is missing."""
        if self.places is None or self.prices is None:
            return self._say(turn, "price.unavailable", Outcome.ABSTAINED)
        crops = turn.understanding.entities.crops or turn.session.entities.crops or turn.contact.farm.crops
        crop = next((name for name in crops if name in self.commodities), None)
        if crop is None:
            return self._say(turn, "price.ask_crop" if not crops else "price.unavailable", Outcome.ASKED_BACK)
        place = self.places.of(turn)
        if isinstance(place, Result):
            return place
        place = self.places.located(place)
        if not place.region.startswith("IN"):
            return self._say(turn, "price.unavailable", Outcome.ABSTAINED)
        contact = turn.contact if turn.contact.place else replace(turn.contact, place=place)
        result = self._tell(turn, crop, place, self.prices, self.places)
        return replace(result, contact=contact)

    def _tell(self, turn: Turn, crop: str, place: Place, prices: Prices, places: Places) -> Result:
        state = places.matcher.gazetteer.region_name(place.region)
        name = first_name(self.locales, "crops", crop, turn.language) or crop
        for commodity in self.commodities[crop]:
            try:
                kept = prices.of(commodity, state)
            except ProviderError:
                return self._say(turn, "price.offline", Outcome.ABSTAINED)
            if kept.prices:
                return self._answer(turn, name, near_first(kept.prices, place, places), kept, prices)
        return self._say(turn, "price.none", Outcome.ABSTAINED, crop=name, place=places.name(place, turn.language))

    def _answer(self, turn: Turn, crop: str, found: list[Price], kept: KeptPrices, prices: Prices) -> Result:
        units = units_of(self.locales, turn)
        age = prices.clock() - kept.fetched_at
        head = self._text(turn, "price.head", crop=crop)
        lines = [self._line(turn, price, units) for price in found]
        trend = self._trend(turn, found[0], kept.prices, units)
        stale = self._text(turn, "price.stale", age=units.age(age)) if age >= STALE else ""
        source = self._text(turn, "price.source")
        text = "\n".join(filter(None, [head, *lines[:MARKETS_SHOWN], trend, stale, source]))
        short = " ".join(filter(None, [head, "; ".join(lines[:MARKETS_SHORT]) + ".", trend, stale]))
        session = Session(
            question=turn.inbound.text, topics=turn.understanding.topics, entities=turn.understanding.entities
        )
        return Result(Reply(text, Outcome.ANSWERED, short=short, engine="prices"), turn.contact, session)

    def _line(self, turn: Turn, price: Price, units: Units) -> str:
        return self._text(
            turn,
            "price.line",
            market=price.market,
            day=format_date(price.day, "d MMM", locale=units.locale),
            price=units.rupees(price.modal),
            low=round(price.low),
            high=round(price.high),
        )

    def _trend(self, turn: Turn, latest: Price, prices: tuple[Price, ...], units: Units) -> str:
        """How the nearest market's price has moved since the oldest day kept."""
        own = [price for price in prices if price.market == latest.market and price.day < latest.day]
        past = min(own, key=lambda price: price.day, default=None)
        if past is None or (days := (latest.day - past.day).days) < TREND_DAYS:
            return ""
        change = latest.modal - past.modal
        if abs(change) < SAME * past.modal:
            return self._text(turn, "price.same", days=days)
        key = "price.up" if change > 0 else "price.down"
        return self._text(turn, key, amount=units.rupees(abs(change)), days=days)

    def _text(self, turn: Turn, key: str, **values: object) -> str:
        return self.locales.text(key, turn.language, **values)

    def _say(self, turn: Turn, key: str, outcome: Outcome, **values: object) -> Result:
        reply = Reply(self._text(turn, key, **values), outcome, engine="prices")
        return Result(reply, turn.contact, turn.session)


def near_first(prices: tuple[Price, ...], place: Place, places: Places) -> list[Price]:
    """The newest price of each market, nearest market first; markets of the place's own name or district lead."""
    newest: dict[str, Price] = {}
    for price in sorted(prices, key=lambda price: price.day):
        newest[price.market] = price
    gazetteer = places.matcher.gazetteer
    districts = {name.lower() for name in gazetteer.district_names(place)}

    def distance(price: Price) -> tuple[int, float]:
        if price.market.lower().startswith(place.name.lower()):
            return 0, 0.0
        if price.district.lower() in districts:
            return 1, 0.0
        named = gazetteer.find(price.market, place.region) or gazetteer.find(price.district, place.region)
        where = named.place.location if named else None
        return 2, kilometres(place.location, where) if where and place.location else 1e6

    return sorted(newest.values(), key=distance)
