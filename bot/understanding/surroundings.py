"""What stands around a name that may be a place: the kind of question, words beside it, states, and other words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.knowledge.places import Gazetteer
from bot.locales import Locales
from bot.locales.weather import WeatherWords
from bot.understanding import phonetic
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold

MAUSAM = phonetic.sound("mausam")
Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class About:
    """What a text is about: the weather, the weather or prices, or it answers "which place?"."""

    sky: bool
    subject: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class Around:
    """What speaks for a name: the kind of text, and the words beside it."""

    about: About
    likely: bool
    """Asked for, or beside a word such as district."""
    beside: bool
    placed: bool
    """Beside "in", "of" and the like, or first or last in the text."""
    region: str | None = None


def sounds_like_weather(token: str) -> bool:
    """A misspelt "weather", "forecast" or "mausam"."""
    if len(token) < 5:
        return False
    slips = min(OSA.distance(token, word, score_cutoff=2) for word in ("weather", "forecast"))
    return slips <= 2 or phonetic.sound(token) == MAUSAM


def phrases(texts: Iterable[str]) -> Phrases:
    """Texts as token tuples."""
    return frozenset(tuple(tokenise(fold(text))) for text in texts) - {()}


def tokens_of(words: Iterable[WeatherWords]) -> frozenset[str]:
    """Every word of the weather files."""
    texts: list[str] = []
    for group in words:
        texts += [*group.weather, *group.market, *group.district, *group.before, *group.after]
        texts += [text for found in (*group.days.values(), *group.works.values()) for text in found]
    return frozenset(token for text in texts for token in tokenise(fold(text)))


def known_words(locales: Locales) -> frozenset[str]:
    """Words of crops, farming and conversation in all languages: never a misspelt place."""
    texts: list[str] = []
    for names in locales.entities.values():
        texts += [name.text for name in names.names] + list(names.others) + list(names.common)
    for said in locales.utterances.values():
        commands = (*said.commands.values(), said.follow_up)
        texts += [text for command in commands for text in (*command.say, *command.anywhere)] + list(said.fillers)
    return frozenset(token for text in texts for token in tokenise(fold(text)))


def holds(tokens: list[str], wanted: Phrases) -> bool:
    """Whether one of the phrases stands in the text."""
    return any(starts_with(tokens, place, wanted) for place in range(len(tokens)))


def starts_with(tokens: list[str], place: int, wanted: Phrases) -> bool:
    """Whether a phrase begins at `place`."""
    return any(tuple(tokens[place:end]) in wanted for end in range(place + 1, min(place + 4, len(tokens)) + 1))


def ends_with(tokens: list[str], place: int, wanted: Phrases) -> bool:
    """Whether a phrase ends right before `place`."""
    return any(tuple(tokens[start:place]) in wanted for start in range(max(place - 3, 0), place))


def region_names(gazetteer: Gazetteer, *, short: bool) -> dict[tuple[str, ...], str]:
    """Names, or abbreviations, of regions as tokens."""
    found = {}
    for region in gazetteer.regions.values():
        for name in region.short if short else (region.name, *region.names):
            found[tuple(tokenise(fold(name)))] = region.code
    return found


def lookup(tokens: list[str], place: int, names: dict[tuple[str, ...], str]) -> tuple[str | None, int]:
    """(code, end) of the longest name that begins at `place`."""
    for end in range(min(place + 4, len(tokens)), place, -1):
        if code := names.get(tuple(tokens[place:end])):
            return code, end
    return None, place
