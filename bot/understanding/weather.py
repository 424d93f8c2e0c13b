"""What a weather question asks: for which day, and for what work in the field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.turns import Understanding
from bot.locales.weather import DAYS, WORKS, WeatherWords
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold

SHORTEST_STEM = 6
"""Latin letters from which a word of the file also stands for its longer forms; Indic words always do."""
READ_AS = {"ur": "hi"}
WORK_OF_TOPIC = {"water": "irrigate", "sowing": "sow", "harvest": "harvest"}
WORK_OF_INPUT = {
    "pesticide": "spray",
    "fungicide": "spray",
    "herbicide": "spray",
    "urea": "fertilise",
    "dap": "fertilise",
    "npk": "fertilise",
}


@dataclass(frozen=True, slots=True)
class WeatherQuestion:
    """`days` in the order today, tomorrow, later; empty: not said. `works` are names of WORKS."""

    days: tuple[str, ...] = ()
    works: tuple[str, ...] = ()


class WeatherReader:
    """Finds days and works by the words of locales/<lang>/weather.yaml."""

    def __init__(self, words: Iterable[WeatherWords]) -> None:
        self._words = {group.language: group for group in words}

    def asks_for_work(self, understanding: Understanding, *languages: str) -> bool:
        """Whether a text asks if a day suits some work ("can I spray today"): answered by weather, not by a card."""
        question = self.read(understanding, *languages)
        return bool(question.days and question.works) and not understanding.entities.problems

    def read(self, understanding: Understanding, *languages: str) -> WeatherQuestion:
        """Read with the words of the languages given, the detected one and English."""
        tokens = tokenise(fold(understanding.text))
        detected = understanding.language.language
        tags = dict.fromkeys((*languages, READ_AS.get(detected, detected), "en"))
        groups = [self._words[tag] for tag in tags if tag in self._words]
        days = tuple(day for day in DAYS if any(said(tokens, group.days[day]) for group in groups))
        works = [work for work in WORKS if any(said(tokens, group.works[work]) for group in groups)]
        works += [WORK_OF_INPUT[name] for name in understanding.entities.inputs if name in WORK_OF_INPUT]
        if not works:
            works = [WORK_OF_TOPIC[topic] for topic in understanding.topics if topic in WORK_OF_TOPIC]
        return WeatherQuestion(days, tuple(dict.fromkeys(works)))


def said(tokens: list[str], texts: Iterable[str]) -> bool:
    """Whether one of the texts stands in the tokens; its last word may be longer there."""
    return any(stands(tokens, tokenise(fold(text))) for text in texts)


def stands(tokens: list[str], wanted: list[str]) -> bool:
    """The same for one text as tokens."""
    size = len(wanted)
    for at in range(len(tokens) - size + 1):
        *first, last = tokens[at : at + size]
        if first == wanted[:-1] and (last == wanted[-1] or (is_stem(wanted[-1]) and last.startswith(wanted[-1]))):
            return True
    return False


def is_stem(word: str) -> bool:
    """Whether a word also stands for its longer forms."""
    return len(word) >= (SHORTEST_STEM if word.isascii() else 3)
