"""Crops, problems, parts, stages and inputs named in a text: exactly, by sound, or nearly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from bot.domain.turns import Entities
from bot.knowledge import Taxonomy
from bot.locales import DEFAULT, Locales
from bot.understanding.dictionaries import build_everywhere, build_own
from bot.understanding.lexicon import Lexicon, tokenise

ANIMAL_TOPICS = frozenset({"livestock", "scheme", "emergency"})
NEAR = 5
"""How many words may stand between a sign and the part it shows on."""


class NamedPlace(Protocol):
    """A place in a text: its English name, and the tokens that name it."""

    @property
    def name(self) -> str:
        """The name in English."""

    @property
    def start(self) -> int:
        """First token."""

    @property
    def end(self) -> int:
        """The token after."""


class PlaceFinder(Protocol):
    """Finds places in tokens, as bot.understanding.places does."""

    def find(self, tokens: list[str]) -> Sequence[NamedPlace]:
        """Places named, in order."""


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens start..end of a text and what they mean; `kind` is a section of entities.yaml."""

    kind: str
    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Matched:
    """What a text names. `topics` are (topic, weight) for the words that point to one; `terms` its content words."""

    entities: Entities
    topics: tuple[tuple[str, float], ...]
    spans: tuple[Span, ...]
    terms: tuple[str, ...]


class EntityMatcher:
    """Finds names of all languages in a text, those of its own language and English first."""

    def __init__(self, locales: Locales, taxonomy: Taxonomy, places: PlaceFinder | None = None) -> None:
        self._locales = locales
        self._taxonomy = taxonomy
        self._places = places
        self._rules = locales.rules
        self._everywhere = build_everywhere(locales)
        self._own = {DEFAULT: build_own(locales, DEFAULT)}
        self._negation = {
            language: tuple(
                frozenset(tuple(tokenise(text)) for text in texts)
                for texts in (names.negation_before, names.negation_after)
            )
            for language, names in locales.entities.items()
        }

    def match(self, text: str, language: str) -> Matched:
        """What a normalised text names, read as `language` (a tag, its script ignored)."""
        tokens = tokenise(text)
        own = self._lexicon(language)
        places = self._places.find(tokens) if self._places else ()
        held = frozenset(at for place in places for at in range(place.start, place.end))
        spans = sorted(self._spans(tokens, own, held), key=lambda span: (span.start, span.end))
        crops, excluded = self._split_negated(tokens, spans, language.split("-")[0])
        crops = crops or (() if excluded else tuple(dict.fromkeys(self._implied(tokens, spans, own))))
        stages = ids(spans, "stages")
        problems = self._refined(self._problems(spans), crops + stages, ids(spans, "topics"))
        entities = Entities(
            crops=crops,
            problems=problems,
            parts=ids(spans, "parts"),
            stages=stages,
            inputs=ids(spans, "inputs"),
            places=tuple(dict.fromkeys(place.name for place in places)),
            excluded_crops=excluded,
            other_crops=tuple(" ".join(tokens[s.start : s.end]) for s in spans if s.kind == "other_crops"),
        )
        everyday = self._everywhere.common
        terms = (token for token in tokens if token not in own.common and (own.names(token) or token not in everyday))
        return Matched(
            entities, tuple(self._evidence(spans, crops, problems)), tuple(spans), tuple(dict.fromkeys(terms))
        )

    def knows(self, token: str, language: str) -> bool:
        """Whether a token is a name or an everyday word in the language, English or anywhere."""
        return self._lexicon(language).knows(token) or self._everywhere.knows(token)

    def has(self, token: str, language: str) -> bool:
        """Whether a token is a name or an everyday word of the language itself."""
        return language in self._locales.entities and self._lexicon(language).knows(token)

    def mend(self, tokens: list[str], language: str) -> list[str]:
        """The tokens, misspelt names put right."""
        own = self._lexicon(language)
        return [self._mended(token, own) for token in tokens]

    def _lexicon(self, language: str) -> Lexicon:
        """A language's names, gathered when it is first written in; English for those without a file."""
        tag = language.split("-")[0]
        if tag not in self._own:
            self._own[tag] = build_own(self._locales, tag) if tag in self._locales.entities else self._own[DEFAULT]
        return self._own[tag]

    def _spans(self, tokens: list[str], own: Lexicon, held: frozenset[int]) -> Iterator[Span]:
        """Names found; tokens `held` by a place count only as they are written and in the text's own language."""
        mended = [token if at in held else self._mended(token, own) for at, token in enumerate(tokens)]
        place = 0
        while place < len(tokens):
            end, found = max(own.longest(tokens, place), own.longest(mended, place), key=lambda hit: hit[0])
            if not found and place not in held and tokens[place] not in own.common:
                end, found = self._everywhere.longest(tokens, place)
            for kind, name_id in found:
                yield Span(kind, name_id, place, end)
            place = end if found else place + 1

    def _mended(self, token: str, own: Lexicon) -> str:
        """The token itself where it is known anywhere, else the known word it was meant to be."""
        if own.names(token) or token in own.common:
            return token
        if stem := own.stem(token):
            return stem
        if own.knows(token) or self._everywhere.knows(token):
            return token
        return own.corrected(token) or token

    def _implied(self, tokens: list[str], spans: list[Span], own: Lexicon) -> Iterator[str]:
        """Crops within the name of something else, where none is named otherwise: "rice blast", "drying of maize"."""
        for span in spans:
            if span.kind in ("problems", "topics"):
                for start, end in combinations(range(span.start, span.end + 1), 2):
                    stop, found = own.longest(tokens[:end], start)
                    if stop == end:
                        yield from (crop for kind, crop in found if kind == "crops" and not self._is_animal(crop))

    def _split_negated(
        self, tokens: list[str], spans: list[Span], language: str
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Crops meant, and crops ruled out."""
        crops = [span for span in spans if span.kind == "crops"]
        before, after = self._negation.get(language, (frozenset(), frozenset()))
        several = len({span.id for span in crops}) > 1
        excluded = [
            span.id
            for span in crops
            if (adjacent(tokens, span.start, before, -1) and (several or len(tokens) <= 3))
            or (adjacent(tokens, span.end, after, 1) and several)
        ]
        kept = tuple(dict.fromkeys(span.id for span in crops if span.id not in excluded))
        return kept, tuple(dict.fromkeys(excluded))

    def _problems(self, spans: list[Span]) -> list[str]:
        explicit = list(ids(spans, "problems"))
        shown = [self._shown(span, spans) for span in spans if span.kind == "signs"]
        by_part = [problem for problem, sure in shown if problem and sure]
        guessed = [problem for problem, sure in shown if problem and not sure]
        found = list(dict.fromkeys(explicit + by_part)) or list(dict.fromkeys(guessed))
        special = [problem for problem in found if problem not in self._rules.general]
        return special or found

    def _shown(self, sign: Span, spans: list[Span]) -> tuple[str | None, bool]:
        """The problem a sign stands for, and whether the part that shows it was named."""
        rule = self._rules.signs.get(sign.id, {})
        parts = [span for span in spans if span.kind == "parts" and span.id in rule and distance(span, sign) <= NEAR]
        if parts:
            return rule[min(parts, key=lambda span: distance(span, sign)).id], True
        return rule.get("default"), False

    def _refined(self, problems: list[str], named: tuple[str, ...], topics: tuple[str, ...]) -> tuple[str, ...]:
        """Problems as they are called in what is named (crops, their groups, stages); for animals only theirs."""
        kin = [name for crop in named for name in reversed(self._taxonomy.lineage(crop))]
        special = {general: own for name in kin for general, own in self._rules.refine.get(name, {}).items()}
        found = problems or [topic for topic in topics if topic in special]
        refined = dict.fromkeys(special.get(problem, problem) for problem in found)
        if "livestock" in kin and all(self._is_animal(crop) for crop in named):
            refined = {p: None for p in refined if self._taxonomy.problems.get(p) in ANIMAL_TOPICS}
        return tuple(refined)

    def _is_animal(self, crop: str) -> bool:
        return self._taxonomy.crops.get(crop) == "livestock"

    def _evidence(
        self, spans: list[Span], crops: tuple[str, ...], problems: tuple[str, ...]
    ) -> Iterator[tuple[str, float]]:
        rules = self._rules
        yield from ((topic, 3.0) for problem in problems if (topic := self._taxonomy.problems.get(problem)))
        for span in spans:
            if span.kind == "topics":
                yield span.id, 2.0
            elif span.kind == "hints":
                yield span.id, 1.0
            elif span.kind == "inputs" and (topic := rules.input_topics.get(span.id)):
                yield topic, 1.2
            elif span.kind == "stages" and (topic := rules.stage_topics.get(span.id)):
                yield topic, 0.6
            elif span.kind == "signs" and (topic := rules.signs.get(span.id, {}).get("topic")):
                yield topic, 1.5
        yield from (("livestock", 2.5) for crop in crops if self._is_animal(crop))


def ids(spans: Iterable[Span], kind: str) -> tuple[str, ...]:
    """Ids of one kind in order of appearance."""
    return tuple(dict.fromkeys(span.id for span in spans if span.kind == kind))


def distance(one: Span, other: Span) -> int:
    """Words between two spans."""
    return max(one.start - other.end, other.start - one.end, 0)


def adjacent(tokens: list[str], place: int, phrases: frozenset[tuple[str, ...]], step: int) -> bool:
    """Whether one of the phrases ends at (step -1) or starts at (step 1) `place`."""
    return any(
        tuple(tokens[max(place - len(phrase), 0) : place] if step < 0 else tokens[place : place + len(phrase)])
        == phrase
        for phrase in phrases
    )
