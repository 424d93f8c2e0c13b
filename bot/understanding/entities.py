"""Crops, problems, parts, stages and inputs named in a text: exactly, by sound, or nearly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.turns import Entities
from bot.knowledge import Taxonomy
from bot.locales import DEFAULT, EntityNames, Locales, Name
from bot.understanding.lexicon import Lexicon, Meaning, plain, tokenise

OTHER_CROP: Meaning = ("other_crops", "")
OTHER: Meaning = ("others", "")
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
        self._own = {language: build_own(locales, language) for language in locales.entities}
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
        crops = crops or (() if excluded else tuple(self._implied(tokens, spans, own)))
        problems = self._refined(self._problems(spans), crops)
        entities = Entities(
            crops=crops,
            problems=problems,
            parts=ids(spans, "parts"),
            stages=ids(spans, "stages"),
            inputs=ids(spans, "inputs"),
            places=tuple(dict.fromkeys(place.name for place in places)),
            excluded_crops=excluded,
            other_crops=tuple(" ".join(tokens[s.start : s.end]) for s in spans if s.kind == "other_crops"),
        )
        terms = tuple(dict.fromkeys(token for token in tokens if token not in own.common))
        return Matched(entities, tuple(self._evidence(spans, crops, problems)), tuple(spans), terms)

    def knows(self, token: str, language: str) -> bool:
        """Whether a token is a name or an everyday word in the language, English or anywhere."""
        return self._lexicon(language).knows(token) or self._everywhere.knows(token)

    def mend(self, tokens: list[str], language: str) -> list[str]:
        """The tokens, misspelt names put right."""
        own = self._lexicon(language)
        return [self._mended(token, own) for token in tokens]

    def _lexicon(self, language: str) -> Lexicon:
        return self._own.get(language.split("-")[0]) or self._own[DEFAULT]

    def _spans(self, tokens: list[str], own: Lexicon, held: frozenset[int]) -> Iterator[Span]:
        """Names found; tokens `held` by a place count only as they are written."""
        mended = [token if at in held else self._mended(token, own) for at, token in enumerate(tokens)]
        place = 0
        while place < len(tokens):
            end, found = max(own.longest(tokens, place), own.longest(mended, place), key=lambda hit: hit[0])
            if not found and tokens[place] not in own.common:
                end, found = self._everywhere.longest(tokens, place)
            for kind, name_id in found:
                yield Span(kind, name_id, place, end)
            place = end if found else place + 1

    def _mended(self, token: str, own: Lexicon) -> str:
        """The token itself where it is known anywhere, else the known word it was meant to be."""
        if token in own.trie or token in own.common:
            return token
        if stem := own.stem(token):
            return stem
        if own.knows(token) or self._everywhere.knows(token):
            return token
        return own.corrected(token) or token

    def _implied(self, tokens: list[str], spans: list[Span], own: Lexicon) -> Iterator[str]:
        """Crops within the name of a problem: "rice blast", where no crop is named otherwise."""
        for span in spans:
            if span.kind != "problems" or span.end - span.start < 2:
                continue
            inner = tokens[span.start : span.end]
            for at in range(len(inner)):
                for words in (inner[at:-1], inner[at:]) if at else (inner[:-1],):
                    _, found = own.longest(words, 0)
                    yield from (name_id for kind, name_id in found if kind == "crops")

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
        return list(dict.fromkeys(explicit + by_part)) or list(dict.fromkeys(guessed))

    def _shown(self, sign: Span, spans: list[Span]) -> tuple[str | None, bool]:
        """The problem a sign stands for, and whether the part that shows it was named."""
        rule = self._rules.signs.get(sign.id, {})
        parts = [span for span in spans if span.kind == "parts" and span.id in rule and distance(span, sign) <= NEAR]
        if parts:
            return rule[min(parts, key=lambda span: distance(span, sign)).id], True
        return rule.get("default"), False

    def _refined(self, problems: list[str], crops: tuple[str, ...]) -> tuple[str, ...]:
        special = {general: own for crop in crops for general, own in self._rules.refine.get(crop, {}).items()}
        return tuple(dict.fromkeys(special.get(problem, problem) for problem in problems))

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
        yield from (("livestock", 2.5) for crop in crops if self._taxonomy.crops.get(crop) == "livestock")


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


def build_own(locales: Locales, language: str) -> Lexicon:
    """Names of a language and of English, which farmers of all languages mix in."""
    mine, english = locales.entities[language], locales.entities[DEFAULT]
    names = [*entries(mine.names), *unnamed(mine)]
    if language != DEFAULT:
        known = {tokens for tokens, _ in names} | {(plain(word.lower()),) for word in mine.common}
        foreign = [*entries(english.names), *unnamed(english)]
        names += [(tokens, meaning) for tokens, meaning in foreign if tokens not in known]
    common = mine.common | english.common
    listed = frozenset() if language == DEFAULT else name_words(mine)
    spoken = locales.languages[language].script != "Latn"
    everyday = frozenset(plain(word.lower()) for word in common)
    return Lexicon([name for name in names if name[0]], everyday, mine.suffixes, listed, spoken=spoken)


def name_words(names: EntityNames) -> frozenset[str]:
    """Every word of the names of a language."""
    return frozenset(token for tokens, _ in (*entries(names.names), *unnamed(names)) for token in tokens)


def build_everywhere(locales: Locales) -> Lexicon:
    """Names of all languages that mean one thing wherever they occur and are no everyday word anywhere."""
    meanings: dict[tuple[str, ...], dict[str, set[Meaning]]] = defaultdict(lambda: defaultdict(set))
    for language, file in locales.entities.items():
        for tokens, meaning in (*entries(file.names), *unnamed(file)):
            meanings[tokens][language].add(meaning)
    everyday = {plain(word.lower()) for file in locales.entities.values() for word in file.common}
    return Lexicon(
        [(tokens, meaning) for tokens, found in meanings.items() for meaning in agreed(tokens, found, everyday)],
        frozenset(everyday),
    )


def agreed(tokens: tuple[str, ...], found: Mapping[str, set[Meaning]], everyday: set[str]) -> set[Meaning]:
    """What all languages that have the name mean by it; nothing for names too short or too common to trust."""
    meanings = set.intersection(*found.values())
    if len(tokens) > 1:
        return meanings
    trusted = len(found) > 1 or any(kind == "crops" for kind, _ in meanings)
    return set() if tokens[0] in everyday or len(tokens[0]) < (3 if trusted else 4) else meanings


def entries(names: Iterable[Name]) -> Iterator[tuple[tuple[str, ...], Meaning]]:
    """Names as tokens and meaning."""
    for name in names:
        if tokens := tuple(tokenise(name.text)):
            yield tokens, (name.kind, name.id)


def unnamed(names: EntityNames) -> Iterator[tuple[tuple[str, ...], Meaning]]:
    """Names without an id."""
    yield from ((tuple(tokenise(text)), OTHER_CROP) for text in names.other_crops)
    yield from ((tuple(tokenise(text)), OTHER) for text in names.others)
