"""Reads the taxonomy, the restricted ingredients and the cards of knowledge/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.cards import Card, Chemical, Conditions, ContactLine, Quantity, Review, Source, Step
from bot.domain.errors import DataError
from bot.knowledge.schema import (
    CardFile,
    ConditionsFile,
    HelplinesFile,
    QuantityFile,
    RestrictedFile,
    SharedStepFile,
    SourceFile,
    StepFile,
    UseFile,
    line_of_text,
    read_yaml,
    validated,
)
from bot.knowledge.texts import read_card_text, shared_text

SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Ids that cards, entities and outside tools share. `crops` maps an id to its group, `problems` to its topic."""

    topics: tuple[str, ...]
    crops: Mapping[str, str]
    problems: Mapping[str, str]
    parts: tuple[str, ...]
    stages: tuple[str, ...]
    inputs: tuple[str, ...]

    def lineage(self, crop: str) -> tuple[str, ...]:
        """The crop and the crop groups above it: bottle-gourd, cucurbits, vegetables."""
        chain = [crop]
        while (group := self.crops.get(chain[-1])) and group not in chain:
            chain.append(group)
        return tuple(chain)


@dataclass(frozen=True, slots=True)
class Restricted:
    """One active ingredient that a country bans, refuses or restricts, and every name it goes by."""

    ingredient: str
    country: str
    status: str
    names: tuple[str, ...]
    order: str


@dataclass(frozen=True, slots=True)
class Helpline:
    """A number to call in a country (ISO 3166): `kind` is emergency, ambulance, poison, suicide, veterinary or farm."""

    kind: str
    name: str
    region: str
    number: str
    hours: str
    source: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything in knowledge/, read once at start."""

    taxonomy: Taxonomy
    cards: Mapping[str, Card]
    restricted: tuple[Restricted, ...]
    helplines: tuple[Helpline, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Knowledge:
        """Reads all. Raises DataError (`path:line: message`) at the first file that cannot be used."""
        taxonomy = read_taxonomy(folder / "taxonomy.yaml")
        shared = read_shared_steps(folder / "cards" / SHARED)
        cards = {card.id: card for card in (read_card(path, shared) for path in card_folders(folder / "cards"))}
        helplines = read_helplines(folder / "helplines.yaml")
        return cls(taxonomy, cards, tuple(read_restricted(folder / "restricted")), helplines)


@dataclass(frozen=True, slots=True)
class SharedStep:
    """A step that several cards use, with its sources and its text by language."""

    step: Step
    sources: tuple[Source, ...]
    texts: Mapping[str, str]
    path: str = ""


def card_folders(cards: Path) -> Iterator[Path]:
    """Folders of cards, in a fixed order."""
    return (path.parent for path in sorted(cards.glob("*/*/card.yaml")))


def read_taxonomy(path: Path) -> Taxonomy:
    """Reads taxonomy.yaml. Raises DataError."""
    data = read_yaml(path)
    try:
        return Taxonomy(
            topics=tuple(data["topics"]),
            crops=dict(data["crops"]),
            problems=dict(data["problems"]),
            parts=tuple(data["parts"]),
            stages=tuple(data["stages"]),
            inputs=tuple(data["inputs"]),
        )
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}:1: taxonomy lacks or misshapes {error}") from error


def read_restricted(folder: Path) -> Iterator[Restricted]:
    """Reads restricted/*.yaml. Raises DataError."""
    for path in sorted(folder.glob("*.yaml")):
        file = validated(RestrictedFile, path)
        for entry in file.entries:
            names = tuple(dict.fromkeys([entry.ingredient, *entry.names]))
            yield Restricted(entry.ingredient, file.country, entry.status, names, entry.order)


def read_helplines(path: Path) -> tuple[Helpline, ...]:
    """Reads helplines.yaml. Raises DataError."""
    file = validated(HelplinesFile, path)
    return tuple(Helpline(e.kind, e.name, e.region, e.number, e.hours, e.source) for e in file.entries)


def read_shared_steps(folder: Path) -> dict[str, SharedStep]:
    """Reads cards/shared/*/step.yaml with their texts. Raises DataError."""
    return {path.parent.name: read_shared_step(path) for path in sorted(folder.glob("*/step.yaml"))}


def read_shared_step(path: Path) -> SharedStep:
    """Reads one shared step. Raises DataError."""
    file = validated(SharedStepFile, path)
    texts = {text.stem: shared_text(text) for text in sorted(path.parent.glob("*.md"))}
    step = replace(build_step(file.step), shared=path.parent.name)
    return SharedStep(step, tuple(build_source(item) for item in file.sources), texts, str(path))


def read_card(folder: Path, shared: Mapping[str, SharedStep]) -> Card:
    """Reads one card with all its texts. Raises DataError."""
    path = folder / "card.yaml"
    file = validated(CardFile, path)
    used = [shared_step(entry, shared, path) for entry in file.steps if isinstance(entry, UseFile)]
    sources = {source.id: source for item in used for source in item.sources}
    sources |= {item.id: build_source(item) for item in file.sources}
    steps = tuple(
        replace(shared_step(entry, shared, path).step, when=build_conditions(entry.when))
        if isinstance(entry, UseFile)
        else build_step(entry)
        for entry in file.steps
    )
    words = {item.step.id: item.texts for item in used}
    texts = {text.stem: read_card_text(text, words) for text in sorted(folder.glob("*.md"))}
    return Card(
        id=f"{folder.parent.name}/{folder.name}",
        crops=tuple(file.crops),
        topics=tuple(file.topics),
        problems=tuple(file.problems),
        regions=tuple(file.regions),
        review=Review(file.review.state, file.review.by, file.review.on),
        review_by=file.review_by,
        steps=steps,
        sources=tuple(sources.values()),
        texts=texts,
        quantities=tuple(build_quantity(item) for item in file.quantities),
        contacts=tuple(ContactLine(c.name, c.value, tuple(c.regions), c.source) for c in file.contacts),
        inputs=tuple(file.inputs),
        valid_from=file.valid_from,
        valid_until=file.valid_until,
        path=str(path),
    )


def shared_step(entry: UseFile, shared: Mapping[str, SharedStep], path: Path) -> SharedStep:
    """The shared step that `use: shared/<name>` refers to. Raises DataError."""
    name = entry.use.removeprefix(f"{SHARED}/")
    if name not in shared:
        raise DataError(f"{path}:{line_of_text(path, entry.use)}: there is no cards/{SHARED}/{name}/step.yaml")
    return shared[name]


def build_step(item: StepFile) -> Step:
    """A step of a card or a shared one."""
    drug = item.chemical
    chemical = Chemical(drug.ingredient, drug.formulation, drug.pre_harvest_days, tuple(drug.ppe)) if drug else None
    return Step(
        id=item.id,
        kind=item.kind,
        when=build_conditions(item.when),
        quantities=tuple(build_quantity(quantity) for quantity in item.quantities),
        sources=tuple(item.sources),
        chemical=chemical,
    )


def build_conditions(item: ConditionsFile) -> Conditions:
    """When a step holds."""
    return Conditions(tuple(item.problems), tuple(item.stages), tuple(item.regions), item.severity)


def build_quantity(item: QuantityFile) -> Quantity:
    """A number with its range made explicit."""
    low, high = item.value if isinstance(item.value, tuple) else (item.value, item.value)
    also = tuple((other.value, other.unit, other.per) for other in item.also)
    return Quantity(item.name, low, high, item.unit, item.per, item.source, also)


def build_source(item: SourceFile) -> Source:
    """Where a fact stands."""
    return Source(item.id, item.title, item.publisher, item.url, item.read)
