"""understand(text) -> Understanding: language, command or question, what it names and is about. No I/O."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.domain.turns import DetectedLanguage, Entities, Intent, Understanding
from bot.knowledge import Taxonomy
from bot.locales import DEFAULT, Locales
from bot.understanding.entities import EntityMatcher, Matched, PlaceFinder
from bot.understanding.intents import CommandMatcher, Found
from bot.understanding.language import UNKNOWN, LanguageDetector
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold, normalise
from bot.understanding.phrases import command_tokens
from bot.understanding.topics import TopicScorer

DOUBTFUL = 0.65
"""Confidence below which a language gives way to English where every word is English."""
POISONING, COLLAPSE = "pesticide-poisoning", "animal-collapse"
LATE = frozenset({"greet", "thank", "get_weather", "get_price", "subscribe", "agree", "refuse"})
"""Commands that a text naming a crop or a problem is not."""
SHORT_FOLLOW_UP = 6
LEAST_TERMS = 3
READ_AS = {"ur": "hi", "ne": "hi", "as": "bn"}
"""Languages without a folder whose farm words are mostly those of another."""


class Detector(Protocol):
    """Names the language of a text."""

    def detect(self, text: str, prior: str | None = None) -> DetectedLanguage:
        """The language, given the contact's own as a prior."""


class Understander:
    """Understands one message at a time; built once, read by all threads."""

    def __init__(
        self, locales: Locales, taxonomy: Taxonomy, detector: Detector, matcher: EntityMatcher, topics: TopicScorer
    ) -> None:
        self._locales = locales
        self._taxonomy = taxonomy
        self._detector = detector
        self._matcher = matcher
        self._topics = topics
        self._commands = CommandMatcher(locales, matcher.knows)

    @classmethod
    def build(
        cls, locales: Locales, taxonomy: Taxonomy, models_dir: Path, places: PlaceFinder | None = None
    ) -> Understander:
        """Reads the small models. Raises DataError."""
        matcher = EntityMatcher(locales, taxonomy, places)
        return cls(locales, taxonomy, LanguageDetector.load(models_dir), matcher, TopicScorer.load(models_dir))

    def understand(self, text: str, *, prior: str | None = None) -> Understanding:
        """What a text means. `prior` is the contact's own language, a tag."""
        clean = normalise(text)
        language = self._detector.detect(clean, prior)
        folded = fold(clean)
        tags = languages_of(language.tag, prior)
        own = next((tag for tag in tags if tag in self._locales.entities), DEFAULT)
        tokens = command_tokens(folded)
        if prior is None:
            language = self._or_english(language, tokens)
        mended = self._matcher.mend(tokens, own)
        if kind := self._commands.emergency(tokens) or self._commands.emergency(mended):
            matched = self._matcher.match(folded, own)
            if kind == POISONING and self._is_animal(matched) and not self._commands.names_person(tokens):
                kind = COLLAPSE
            return self._emergency(clean, language, matched, kind)
        matched = self._matcher.match(folded, own)
        farming = bool(matched.entities.crops or matched.entities.problems or matched.entities.inputs)
        command = self._commands.command(tokens, tags, farming=farming)
        if command and (command.exact or not (farming and command.command in LATE)):
            return self._commanded(clean, language, matched, command)
        return self._asked(clean, language, matched, self._commands.follows_up(tokens, tags))

    def _or_english(self, language: DetectedLanguage, tokens: list[str]) -> DetectedLanguage:
        """A text of nothing but English words is English where a doubtful classifier saw something else."""
        doubtful = language.script == "Latn" and language.tag != UNKNOWN and language.confidence < DOUBTFUL
        if doubtful and tokens and all(self._is_english(token) for token in tokens):
            return replace(language, tag=DEFAULT)
        return language

    def _is_english(self, token: str) -> bool:
        return self._matcher.has(token, DEFAULT) or self._commands.says(token, DEFAULT)

    def topic_of(self, problem: str) -> str | None:
        """The topic that a problem belongs to."""
        return self._taxonomy.problems.get(problem)

    def words(self, text: str) -> tuple[str, ...]:
        """Words of a text in the form of `Understanding.terms`."""
        return tuple(dict.fromkeys(tokenise(fold(text))))

    def _is_animal(self, matched: Matched) -> bool:
        """Whether it is an animal that is spoken of."""
        return any(self._taxonomy.crops.get(crop) == "livestock" for crop in matched.entities.crops)

    def _emergency(self, text: str, language: DetectedLanguage, matched: Matched, kind: str) -> Understanding:
        return Understanding(
            text, language, Intent.REPORT_EMERGENCY, "emergency", ("emergency",), matched.entities, matched.terms, kind
        )

    def _commanded(self, text: str, language: DetectedLanguage, matched: Matched, command: Found) -> Understanding:
        answers = {"agree", "refuse"}
        intent = Intent.UNCLEAR if command.command in answers else Intent(command.command)
        argument = command.command if command.command in answers else command.argument
        topics = tuple(topic for topic, _ in self._topics.rank(text, matched.topics, guess=False))
        if intent is Intent.GET_WEATHER:
            topics = ("weather", *(topic for topic in topics if topic != "weather"))
        elif intent is Intent.GET_PRICE:
            topics = ("market", *(topic for topic in topics if topic != "market"))
        elif intent is not Intent.ASK_ADVICE:
            topics = ()
        return Understanding(
            text, language, intent, next(iter(topics), None), topics, matched.entities, matched.terms, argument
        )

    def _asked(self, text: str, language: DetectedLanguage, matched: Matched, leans: bool) -> Understanding:
        topics = self._topics.rank(text, matched.topics, guess=says_enough(matched))
        names = tuple(topic for topic, _ in topics)
        entities = matched.entities
        intent = asked_intent(matched, topics)
        if intent is Intent.UNCLEAR and leans:
            intent = Intent.ASK_ADVICE
        if intent in (Intent.GET_WEATHER, Intent.GET_PRICE):
            lead = "weather" if intent is Intent.GET_WEATHER else "market"
            names = (lead, *(name for name in names if name != lead))
        follow_up = leans and len(matched.terms) <= SHORT_FOLLOW_UP and not (entities.crops and entities.problems)
        return Understanding(
            text, language, intent, next(iter(names), None), names, entities, matched.terms, follow_up=follow_up
        )


def languages_of(*tags: str | None) -> tuple[str, ...]:
    """The languages whose words to look for, scripts aside."""
    found = [tag.split("-")[0] for tag in tags if tag and tag != "und"]
    return tuple(dict.fromkeys(READ_AS.get(tag, tag) for tag in found))


def asked_intent(matched: Matched, topics: tuple[tuple[str, float], ...]) -> Intent:
    """Forecast and price are services of their own; the rest is advice, or unclear when nothing shows."""
    entities = matched.entities
    weights = dict(topics)
    named = {span.id for span in matched.spans if span.kind == "topics"}
    advice = max((weight for topic, weight in topics if topic not in ("weather", "market")), default=0.0)
    if "weather" in named and not entities.problems and weights["weather"] >= advice:
        return Intent.GET_WEATHER
    if "market" in named and not entities.problems and weights["market"] >= advice:
        return Intent.GET_PRICE
    return Intent.ASK_ADVICE if says_something(matched) or topics else Intent.UNCLEAR


def says_something(matched: Matched) -> bool:
    """Whether anything of farming is named."""
    return matched.entities != Entities(places=matched.entities.places)


def says_enough(matched: Matched) -> bool:
    """Whether there are words beside a crop's name from which a topic might be guessed."""
    return says_something(matched) and len(matched.terms) >= LEAST_TERMS
