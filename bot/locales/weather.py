"""<lang>/weather.yaml: words of weather, days, farm work and places, as weather and place questions use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.locales.files import Reading

DAYS = ("today", "tomorrow", "later")
WORKS = ("spray", "irrigate", "sow", "harvest", "dry", "fertilise")
PLACE_WORDS = ("weather", "market", "district", "before", "after", "suffixes")


@dataclass(frozen=True, slots=True)
class WeatherWords:
    """One language's words.

    `before` and `after` stand beside a place's name ("in", "of"), `district` are words such as district or town,
    `suffixes` hang on a name; `days` and `works` hold words by the names in DAYS and WORKS.
    """

    language: str
    weather: tuple[str, ...] = ()
    market: tuple[str, ...] = ()
    district: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    days: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    works: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_weather_words(path: Path) -> tuple[WeatherWords, ...]:
    """Those of every language that has the file. Raises DataError (`path:line: message`)."""
    return tuple(_read(file) for file in sorted(path.glob("*/weather.yaml")))


def _read(path: Path) -> WeatherWords:
    reading = Reading(path)
    reading.only(reading.root, PLACE_WORDS + DAYS + WORKS)
    words = {key: reading.texts(reading.root.get(key)) for key in PLACE_WORDS + DAYS + WORKS}
    return WeatherWords(
        path.parent.name,
        weather=words["weather"],
        market=words["market"],
        district=words["district"],
        before=words["before"],
        after=words["after"],
        suffixes=words["suffixes"],
        days={day: words[day] for day in DAYS},
        works={work: words[work] for work in WORKS},
    )
