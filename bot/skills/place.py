"""Where a contact farms: the place she names, sends or has told before; asked back when it is unknown or not clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.contacts import Place
from bot.domain.errors import ProviderError
from bot.domain.messages import InboundKind, QuickReply
from bot.domain.turns import Outcome, Pending, Reply, Result, Session, Turn
from bot.knowledge.places import kilometres
from bot.locales import Locales
from bot.understanding.places import Found, PlaceMatcher

MOST_CHOICES = 5
NEAR_KM = 80.0
"""How far a town may lie from the middle of the district that is named with it."""
LONGEST_NAME = 4
"""Words of a name that is looked for online."""
LETTERS = {
    "Deva": (0x0900, 0x097F),
    "Beng": (0x0980, 0x09FF),
    "Guru": (0x0A00, 0x0A7F),
    "Gujr": (0x0A80, 0x0AFF),
    "Orya": (0x0B00, 0x0B7F),
    "Taml": (0x0B80, 0x0BFF),
    "Telu": (0x0C00, 0x0C7F),
    "Knda": (0x0C80, 0x0CFF),
    "Mlym": (0x0D00, 0x0D7F),
}
"""First and last code point of the scripts in which places have names of their own."""
Search = Callable[[str, str], tuple[Place, ...]]
"""(name, language) -> places found online. Raises ProviderError."""


def town_of_district(found: tuple[Found, ...]) -> Place | None:
    """The town named together with a district in which, or near which, it lies."""
    districts = [(named, one) for one in found for named in one.places if named.is_district]
    pairs = [
        (kilometres(named.place.location, district.place.location), one.name, named)
        for district, owner in districts
        for one in found
        if one is not owner
        for named in one.places
        if not named.is_district and named.place.location and district.place.location
    ]
    if not pairs:
        return None
    away, name, named = min(pairs, key=lambda pair: pair[0])
    return Place(name, named.place.region, named.place.location) if away < NEAR_KM else None


@dataclass(frozen=True, slots=True)
class Places:
    """The skill behind `set_place` and shared locations, and how other skills learn the place. `search` is online."""

    locales: Locales
    matcher: PlaceMatcher
    search: Search | None = None

    def __call__(self, turn: Turn) -> Result:
        """Notes the place; the question that waited for it stays in the session for the caller to answer."""
        if turn.inbound.kind is InboundKind.LOCATION and turn.inbound.location:
            where = turn.inbound.location
            near = self.matcher.gazetteer.nearest(where)
            return self.noted(turn, near or Place(f"{where.latitude:.2f}, {where.longitude:.2f}", "", where))
        name = turn.understanding.argument or turn.inbound.text
        found = self.matcher.find_in(name, asked=True) or self.matcher.find_in(turn.inbound.text)
        places = self.likely(found, turn) if found else self.searched(name, turn)
        if len(places) == 1:
            return self.noted(turn, places[0])
        if places:
            return self.ask_which(turn, places)
        return self.ask(turn, "weather.place_unknown" if turn.session.pending is Pending.PLACE else "weather.ask_place")

    def of(self, turn: Turn) -> Place | Result:
        """The place that a question names, else the contact's; or the question back."""
        found = self.matcher.find_in(turn.understanding.text, weather=True)
        places = self.likely(found, turn) if found else ()
        if len(places) > 1:
            return self.ask_which(turn, places)
        if places:
            return places[0]
        return self.located(turn.contact.place) if turn.contact.place else self.ask(turn, "weather.ask_place")

    def likely(self, found: tuple[Found, ...], turn: Turn) -> tuple[Place, ...]:
        """The places meant by the names of a text; a town is chosen by the district named with it."""
        if town := town_of_district(found):
            return (town,)
        first = next((one for one in found if one.pin or any(named.is_district for named in one.places)), found[0])
        home = turn.region if turn.region and "-" in turn.region else None
        return first.resolved(home, turn.contact.place)[:MOST_CHOICES]

    def searched(self, name: str, turn: Turn) -> tuple[Place, ...]:
        """Places found online; none when offline."""
        if self.search is None or len(name.split()) > LONGEST_NAME:
            return ()
        try:
            return self.search(name, turn.language)[:MOST_CHOICES]
        except ProviderError:
            return ()

    def located(self, place: Place) -> Place:
        """The place with coordinates, looked up by its name where it has none."""
        if place.location:
            return place
        named = self.matcher.gazetteer.find(place.name, place.region)
        if named:
            return replace(place, location=named.place.location)
        found = self.matcher.find_in(place.name, asked=True)
        return found[0].resolved(place.region)[0] if found else place

    def noted(self, turn: Turn, place: Place) -> Result:
        """Keeps the place."""
        text = self.locales.text("weather.place_set", turn.language, place=self.name(place, turn.language))
        session = replace(turn.session, pending=None, choices=(), asked=0)
        reply = Reply(text, Outcome.ANSWERED, engine="session")
        return Result(reply, replace(turn.contact, place=place), session)

    def ask(self, turn: Turn, key: str) -> Result:
        """Which district? With a button that sends the location where the channel has one."""
        text = self.locales.text(key, turn.language, name=turn.understanding.argument or turn.understanding.text[:40])
        reply = Reply(text, Outcome.ASKED_BACK, ask_location=True, engine="session")
        return Result(reply, turn.contact, self.waiting(turn, ()))

    def ask_which(self, turn: Turn, places: tuple[Place, ...]) -> Result:
        """Which of several places of one name?"""
        labels = [self.full_name(place, turn.language) for place in places]
        text = self.locales.text("weather.which_place", turn.language, name=self.name(places[0], turn.language))
        buttons = tuple(QuickReply(label, label) for label in labels)
        codes = tuple(f"place:{place.name}, {self.matcher.gazetteer.region_name(place.region)}" for place in places)
        reply = Reply(text, Outcome.ASKED_BACK, quick_replies=buttons, engine="session")
        return Result(reply, turn.contact, self.waiting(turn, codes))

    def waiting(self, turn: Turn, choices: tuple[str, ...]) -> Session:
        """The session in which the question waits for its place."""
        waits = turn.session.pending is Pending.PLACE and turn.session.question
        return replace(
            turn.session,
            pending=Pending.PLACE,
            choices=choices,
            question=turn.session.question if waits else turn.inbound.text,
            topics=turn.session.topics if waits else turn.understanding.topics,
            entities=turn.session.entities if waits else turn.understanding.entities,
            more=(),
            asked=turn.session.asked + 1,
        )

    def name(self, place: Place, language: str) -> str:
        """The place in the language's own letters where it has such a name."""
        known = self.locales.languages.get(language)
        letters = LETTERS.get(known.script) if known else None
        return self.matcher.gazetteer.name_in(place, *letters) if letters else place.name

    def full_name(self, place: Place, language: str) -> str:
        """The name with its state, in English letters as states are."""
        region = self.matcher.gazetteer.region_name(place.region)
        return f"{place.name}, {region}" if region else self.name(place, language)
