"""Places named in a text: districts, towns and PIN codes, in any script, misspelt, and never a crop or a farm word.

A name counts when what stands around it allows it: plain names of districts always, names that are also words ("Sagar",
"Mau", "Mandi") only beside a district word or in a question about weather or prices, misspelt ones only there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.domain.contacts import Place
from bot.knowledge.places import Gazetteer, NamedPlace
from bot.locales.weather import WeatherWords
from bot.understanding import phonetic
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold
from bot.understanding.surroundings import (
    About,
    Around,
    ends_with,
    holds,
    lookup,
    phrases,
    region_names,
    sounds_like_weather,
    starts_with,
    tokens_of,
)

LONGEST_NAME = 5
"""Tokens of the longest name that is looked for."""
SHORTEST_FUZZY = 5
LARGE, MIDDLE = 100, 50
"""Thousands of inhabitants: a large town is taken as readily as a district, a middle one also misspelt."""
NAME_ENDINGS = (
    "",
    "\u0c02",
    "\u0c41",
    "\u0c4d",
    "\u0bcd",
    "\u0bae\u0bcd",
    "\u0b9f\u0bc1",
    "\u0d02",
    "\u0d4d",
    "\u0ccd",
    "\u0cc1",
)
"""What a name may end in that a case ending has displaced: Telugu m u, vowel killer; Tamil vowel killer, m, du; ..."""
MUCH_LARGER = 4
ALIKE = 80
"""Least likeness (0-100) of a misspelt name to the name it sounds like."""
MOST_WORDS_OF_A_NAME = 8
"""A longer answer to "which place?" is a message of its own, read with the usual care."""


@dataclass(frozen=True, slots=True)
class Found:
    """A name at tokens start..end, as it is to be shown, and the places that bear it, likeliest first."""

    name: str
    places: tuple[NamedPlace, ...]
    start: int
    end: int
    exact: bool = True
    region: str | None = None
    """The state named beside it."""
    pin: Place | None = None

    def resolved(self, home: str | None = None, place: Place | None = None) -> tuple[Place, ...]:
        """The place meant; several where neither a state in the text, the contact's nor size decides."""
        if self.pin:
            return (self.pin,)
        for region in (self.region, place.region if place else None, home):
            within = [named for named in self.places if region and named.place.region == region]
            if within:
                return (self._shown(max(within, key=rank)),)
        districts = [named for named in self.places if named.is_district] or list(self.places)
        first, *others = sorted(districts, key=rank, reverse=True)
        if first.is_district or not others:
            likely = [first, *others]
        else:
            likely = [first, *(other for other in others if other.thousands * MUCH_LARGER > first.thousands)]
        return tuple(self._shown(named) for named in likely)

    def _shown(self, named: NamedPlace) -> Place:
        return Place(self.name, named.place.region, named.place.location)


def rank(named: NamedPlace) -> tuple[bool, int]:
    """Districts before towns, large before small."""
    return named.is_district, named.thousands


class PlaceMatcher:
    """Finds the places that a tokenised text names. `known` are words that are never a misspelt place."""

    def __init__(self, gazetteer: Gazetteer, words: Iterable[WeatherWords], known: frozenset[str]) -> None:
        self.gazetteer = gazetteer
        words = tuple(words)
        self.never = tokens_of(words)
        self.known = known | self.never
        self._spelling: dict[str, tuple[str, ...]] = {}
        self._names: dict[tuple[str, ...], list[tuple[NamedPlace, str]]] = defaultdict(list)
        self._sky = phrases(text for group in words for text in group.weather)
        self._subject = self._sky | phrases(text for group in words for text in group.market)
        self._district = phrases(text for group in words for text in group.district)
        self._before = phrases(text for group in words for text in group.before)
        self._after = phrases(text for group in words for text in group.after)
        self._suffixes = tuple(sorted({s for group in words for s in group.suffixes}, key=len, reverse=True))
        for named in gazetteer.places:
            for name, shown in spelt(named):
                self._add(name, named, shown)
        self._regions, self._short = region_names(gazetteer, short=False), region_names(gazetteer, short=True)
        self._sounds, self._shapes = self._fuzzy_index()
        self._nearly = lru_cache(maxsize=10_000)(self._misspelt)

    def __call__(self, tokens: list[str]) -> tuple[str, ...]:
        """English names of the places, in order of appearance."""
        return tuple(dict.fromkeys(found.name for found in self.find(tokens)))

    def find_in(self, text: str, *, asked: bool = False, weather: bool = False) -> tuple[Found, ...]:
        """Places of an untreated text; `asked`: it answers "which place?"; `weather`: it is known to ask for that."""
        return self.find(tokenise(fold(text)), asked=asked, weather=weather)

    def place_named(self, name: str, home: str | None = None) -> Place | None:
        """The likeliest place of a name given on its own, as on the command line; None when it is not known."""
        found = self.find_in(name, asked=True)
        return found[0].resolved(home)[0] if found else None

    def find(self, tokens: list[str], *, asked: bool = False, weather: bool = False) -> tuple[Found, ...]:
        """Places named, in order of appearance; one for the same span."""
        sky = weather or holds(tokens, self._sky) or any(map(sounds_like_weather, tokens))
        about = About(sky, sky or holds(tokens, self._subject), asked and len(tokens) <= MOST_WORDS_OF_A_NAME)
        found: list[Found] = []
        at = 0
        while at < len(tokens):
            hit = self._at(tokens, at, about)
            found += [hit] if hit else []
            at = hit.end if hit else at + 1
        return tuple(found)

    def _at(self, tokens: list[str], start: int, about: About) -> Found | None:
        if pin := self._pin(tokens, start, about.subject or about.asked):
            return pin
        for end in range(min(len(tokens), start + LONGEST_NAME), start, -1):
            if pairs := self._exact(tokens[start:end]):
                around = self._around(tokens, start, end, about)
                word = " ".join(tokens[start:end])
                if allowed := [pair for pair in pairs if self._allowed(pair[0], word, around)]:
                    return found_at(allowed, start, end, around, exact=True)
        for end in range(min(start + 2, len(tokens)), start, -1):
            around = self._around(tokens, start, end, about)
            if (around.likely or about.subject) and (pairs := self._fuzzy(tokens[start:end], around)):
                return found_at(pairs, start, end, around, exact=False)
        return None

    def _pin(self, tokens: list[str], start: int, expected: bool) -> Found | None:
        token = tokens[start]
        if len(token) == 3 and start + 1 < len(tokens) and token.isdigit() and len(tokens[start + 1]) == 3:
            token, end = token + tokens[start + 1], start + 2  # 204 101
        else:
            end = start + 1
        if len(token) != 6 or not (expected or "pin" in tokens or "pincode" in tokens):
            return None
        place = self.gazetteer.pins.get(token)
        return Found(place.name, (), start, end, pin=place) if place else None

    def _around(self, tokens: list[str], start: int, end: int, about: About) -> Around:
        at_edge = start == 0 or end == len(tokens)
        beside = ends_with(tokens, start, self._before) or starts_with(tokens, end, self._after)
        district = ends_with(tokens, start, self._district) or starts_with(tokens, end, self._district)
        likely = about.asked or district
        return Around(about, likely, beside, beside or at_edge, self._region_beside(tokens, start, end))

    def _region_beside(self, tokens: list[str], start: int, end: int) -> str | None:
        """The state named soon after the name, abbreviated only right after it, or right before it."""
        for place in range(end, min(end + 4, len(tokens))):
            if code := lookup(tokens, place, self._regions)[0]:
                return code
            beside = place == end or (tokens[place - 1],) in self._district
            if beside and (code := lookup(tokens, place, self._short)[0]):
                return code
        for place in range(max(start - 3, 0), start):
            code, stop = lookup(tokens, place, self._regions)
            if code and start - 1 <= stop <= start:
                return code
        return None

    def _exact(self, tokens: list[str]) -> list[tuple[NamedPlace, str]]:
        found = self._names.get(tuple(tokens))
        if not found and len(tokens) > 1 and all(len(t) > 2 for t in tokens) and not self.known.issuperset(tokens):
            found = self._names.get(("".join(tokens),))
        return found or self._stemmed(tokens)

    def _stemmed(self, tokens: list[str]) -> list[tuple[NamedPlace, str]]:
        """The name without a case ending ("hyderabadlo", "ఏలూరులో")."""
        *first, last = tokens
        if last in self.known:
            return []
        for suffix in self._suffixes:
            stem = last[: -len(suffix)]
            if not last.endswith(suffix) or len(stem) < (5 if last.isascii() else 2):
                continue
            for form in (stem + ending for ending in NAME_ENDINGS):
                if (*first, form) in self._names:
                    return self._names[(*first, form)]
        return []

    def _allowed(self, named: NamedPlace, word: str, around: Around) -> bool:
        """Whether what stands around an exact name lets it be this place."""
        if around.likely or (around.region and around.region == named.place.region):
            return True
        if word in self.never:
            return False
        if word in self.known:
            return around.about.sky and around.placed and named.is_district
        if word in self.gazetteer.words or len(word) < (5 if word.isascii() else 3):
            return around.placed if around.about.sky else around.about.subject and around.beside
        if named.is_district or named.thousands >= LARGE:
            return True
        return around.about.subject and (around.placed or named.thousands >= MIDDLE)

    def _fuzzy(self, tokens: list[str], around: Around) -> list[tuple[NamedPlace, str]]:
        word = "".join(tokens)
        if len(word) < SHORTEST_FUZZY or any(self._no_name(token) for token in tokens):
            return []
        name = self._nearly(word)
        if name is None:
            return []
        found = self._names[name]
        return [pair for pair in found if pair[0].is_district or pair[0].thousands >= MIDDLE or around.likely]

    def _no_name(self, token: str) -> bool:
        return token in self.known or token.isdigit() or sounds_like_weather(token)

    def _misspelt(self, word: str) -> tuple[str, ...] | None:
        """The name that the word sounds or looks like."""
        heard = phonetic.sound(word)
        near = self._sounds.get(phonetic.key(heard), {})
        best = process.extractOne(heard, near, scorer=fuzz.ratio, score_cutoff=ALIKE)
        slips = 1 if len(word) < 9 else 2
        shapes = [
            name for size in range(len(word) - slips, len(word) + slips + 1)
            for name in self._shapes.get((word[0], size), ())
        ]  # fmt: skip
        seen = process.extractOne(word, shapes, scorer=OSA.distance, score_cutoff=slips)
        if seen and (best is None or seen[1] <= 1):
            return self._spelling[str(seen[0])]
        return self._spelling[str(best[2])] if best else None

    def _add(self, name: str, named: NamedPlace, shown: str) -> None:
        tokens = tuple(tokenise(fold(name)))
        forms = {tokens, ("".join(tokens),)} if len(tokens) > 1 else {tokens}
        for form in forms:
            if form and form[0] and not any(known is named for known, _ in self._names[form]):
                self._names[form].append((named, shown))

    def _fuzzy_index(self) -> tuple[dict[str, dict[str, str]], dict[tuple[str, int], list[str]]]:
        sounds: dict[str, dict[str, str]] = defaultdict(dict)
        shapes: dict[tuple[str, int], list[str]] = defaultdict(list)
        for tokens, places in self._names.items():
            word = "".join(tokens)
            if len(word) < SHORTEST_FUZZY or not any(n.is_district or n.thousands >= 20 for n, _ in places):
                continue
            self._spelling.setdefault(word, tokens)
            shapes[word[0], len(word)].append(word)
            heard = phonetic.sound(word)
            if key := phonetic.key(heard):
                sounds[key][word] = heard
        return dict(sounds), dict(shapes)


def found_at(pairs: list[tuple[NamedPlace, str]], start: int, end: int, around: Around, *, exact: bool) -> Found:
    """The find for the places that bear a name; shown as the likeliest of them is."""
    likeliest = max(pairs, key=lambda pair: rank(pair[0]))
    places = tuple(named for named, _ in pairs)
    return Found(likeliest[1], places, start, end, exact, around.region)


def spelt(named: NamedPlace) -> Iterator[tuple[str, str]]:
    """(spelling, name to show) of a place."""
    yield named.place.name, named.place.name
    yield from ((name, name) for name in named.also)
    yield from ((spelling, named.place.name) for spelling in named.spellings)
