"""Checks of card.yaml: known ids, sources that exist, steps that fit, chemicals as the law wants them, dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from bot.check.files import Data, line_with
from bot.domain.cards import Card, Quantity, Step, StepKind
from bot.knowledge import Taxonomy
from bot.locales import Problem

MOST_STEPS = 6


def check_card(card: Card, data: Data) -> Iterator[Problem]:
    """Everything about a card but its words."""
    taxonomy = data.taxonomy
    if taxonomy is None:
        return
    for message, where in (
        *unknown_ids(card, taxonomy),
        *unknown_sources(card),
        *bad_steps(card),
        *bad_chemicals(card),
        *bad_dates(card),
    ):
        yield Problem(card.path, line_with(card.path, where), message)
    if "en" not in card.texts:
        yield Problem(card.path, 1, "en.md is missing: every card is written in English first")


def unknown_ids(card: Card, taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Ids that taxonomy.yaml does not have."""
    conditions = [step.when for step in card.steps]
    groups = set(taxonomy.crops.values())
    checks = {
        "crop": (card.crops, set(taxonomy.crops) | groups),
        "topic": (card.topics, set(taxonomy.topics)),
        "input": (card.inputs, set(taxonomy.inputs)),
        "problem": ((*card.problems, *(p for when in conditions for p in when.problems)), set(taxonomy.problems)),
        "stage": ([stage for when in conditions for stage in when.stages], set(taxonomy.stages)),
    }
    for kind, (ids, known) in checks.items():
        for name in dict.fromkeys(ids):
            if name not in known:
                yield f"unknown {kind} {name!r}", name
    for when in conditions:
        for problem in when.problems:
            if problem in taxonomy.problems and problem not in card.problems:
                yield f"a step is for {problem!r}, which the card does not name under problems", problem


def unknown_sources(card: Card) -> Iterator[tuple[str, str]]:
    """References to sources that the card does not list, and sources that nothing refers to."""
    known = {source.id for source in card.sources}
    used = [source for step in card.steps for source in step.sources]
    used += [quantity.source for quantity in all_quantities(card)]
    used += [line.source for line in card.contacts]
    for source in dict.fromkeys(used):
        if source not in known:
            yield f"source {source!r} is not among the card's sources", source


def all_quantities(card: Card) -> tuple[Quantity, ...]:
    """The card's own quantities and its steps'."""
    return (*card.quantities, *(quantity for step in card.steps for quantity in step.quantities))


def bad_steps(card: Card) -> Iterator[tuple[str, str]]:
    """Repeated ids, and more steps than a farmer reads."""
    for name, count in Counter(step.id for step in card.steps).items():
        if count > 1:
            yield f"step id {name!r} stands {count} times", name
    for problem in card.problems or ("",):
        fitting = card.steps_for((problem,) if problem else (), (), card.regions[0] if card.regions else "IN")
        if len(fitting) > MOST_STEPS:
            yield f"{len(fitting)} steps for {problem or 'the card'}; at most {MOST_STEPS}", problem or "steps:"


def bad_chemicals(card: Card) -> Iterator[tuple[str, str]]:
    """A chemical step has its facts and a region; a step of another kind has no ingredient."""
    for step in card.steps:
        if (step.kind is StepKind.CHEMICAL) != (step.chemical is not None):
            yield f"step {step.id!r}: kind chemical and the field `chemical` go together", step.id
        if step.chemical and not step.when.regions and not card.regions:
            yield f"step {step.id!r}: a chemical holds in named regions only", step.id
        if step.chemical and not has_dose(step):
            yield f"step {step.id!r}: a chemical needs its dose among the quantities", step.id


def has_dose(step: Step) -> bool:
    """Whether a quantity is per area or volume."""
    return any(quantity.per for quantity in step.quantities)


def bad_dates(card: Card) -> Iterator[tuple[str, str]]:
    """Ranges the wrong way round, cards past their review, sources read in the future."""
    for quantity in all_quantities(card):
        if quantity.low > quantity.high:
            yield f"quantity {quantity.name!r}: {quantity.low:g} is more than {quantity.high:g}", quantity.name
    if card.valid_from and card.valid_until and card.valid_from > card.valid_until:
        yield "valid_from is after valid_until", "valid_from"
    if card.review_by and any(card.review_by <= source.read for source in card.sources):
        yield "review_by is not after the date on which the sources were read", "review_by"
    if "scheme" in card.topics and card.valid_until is None:
        yield "a scheme needs valid_until: schemes end", "topics"


def overdue(card: Card, today: date) -> bool:
    """Whether the card should have been read again by now (`khetdoot knowledge stats` lists these)."""
    return card.review_by is not None and card.review_by < today
