"""Knowledge cards: what may be advised, and the words for it in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class StepKind(StrEnum):
    """What kind of action a step is; chemical ones need an official source."""

    SCOUT = "scout"
    CULTURAL = "cultural"
    BIOLOGICAL = "biological"
    CHEMICAL = "chemical"
    SAFETY = "safety"
    CALL = "call"


BINDING = frozenset({StepKind.SAFETY, StepKind.CALL})
"""Steps that are never left out of a card: protection, first aid, whom to ask before spraying."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a text may carry: a value or range, its unit, what it is per, and the source that states it."""

    name: str
    low: float
    high: float
    unit: str
    per: str | None
    source: str
    also: tuple[tuple[float, str, str | None], ...] = ()
    """The same converted to local units, (value, unit, per)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact stands, and when it was read there."""

    id: str
    title: str
    publisher: str
    url: str
    read: date


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A telephone number or address that a card may name, with the regions it serves and its source id."""

    name: str
    value: str
    regions: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a step holds; an empty field holds always."""

    problems: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Chemical:
    """What a chemical step advises, as its official source states it."""

    ingredient: str
    formulation: str
    pre_harvest_days: int
    ppe: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `shared` is the shared step's name where several cards refer to it."""

    id: str
    kind: StepKind
    when: Conditions = Conditions()
    quantities: tuple[Quantity, ...] = ()
    sources: tuple[str, ...] = ()
    chemical: Chemical | None = None
    shared: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as farmers ask it; `tag` is its language and script (`hi`, `hi-Latn`)."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class CardText:
    """A card's words in one language; `steps` maps step ids to texts, shared ones included."""

    language: str
    title: str
    sms: str
    look: str
    avoid: str
    call: str
    steps: Mapping[str, str]
    questions: tuple[Question, ...]
    translated_from: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Whether an agronomist has signed: `drafted` or `reviewed` with a name and date."""

    state: str
    by: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A unit of knowledge. Empty `crops` = general. `texts` by language."""

    id: str
    crops: tuple[str, ...]
    topics: tuple[str, ...]
    problems: tuple[str, ...]
    regions: tuple[str, ...]
    review: Review
    review_by: date | None
    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    texts: Mapping[str, CardText] = field(default_factory=dict)
    quantities: tuple[Quantity, ...] = ()
    contacts: tuple[ContactLine, ...] = ()
    inputs: tuple[str, ...] = ()
    """Inputs that the card is about, such as urea; who names one of them is more likely to mean this card."""
    valid_from: date | None = None
    valid_until: date | None = None
    path: str = ""

    @property
    def general(self) -> bool:
        """Serves any crop."""
        return not self.crops

    def steps_for(
        self, problems: tuple[str, ...], stages: tuple[str, ...] = (), region: str | None = None
    ) -> tuple[Step, ...]:
        """Steps whose conditions do not contradict what is known; unknown leaves them in."""
        return tuple(step for step in self.steps if step_applies(step.when, problems, stages, region))


def region_matches(regions: tuple[str, ...], region: str | None) -> bool:
    """Whether `region` (IN-UP) lies in one of `regions` (IN, KE); an unknown region matches only an empty list's."""
    if not regions:
        return True
    return region is not None and any(region == code or region.startswith(code + "-") for code in regions)


def step_applies(when: Conditions, problems: tuple[str, ...], stages: tuple[str, ...], region: str | None) -> bool:
    """Problem and stage conditions exclude only on contrary evidence; a region must be known to match."""
    if when.problems and problems and not set(when.problems) & set(problems):
        return False
    if when.stages and stages and not set(when.stages) & set(stages):
        return False
    return region_matches(when.regions, region)


@dataclass(frozen=True, slots=True)
class Hit:
    """A card found for a question; `crop` and `topic` are those it was found for, score in 0..1."""

    card: Card
    score: float
    crop: str | None
    topic: str
