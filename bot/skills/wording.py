"""Turns a card into what a farmer reads: the whole card, the SMS, the parts that MORE continues with."""

from __future__ import annotations

from bot.domain.cards import BINDING, Card, CardText, Step
from bot.domain.turns import Pending, Session, Turn
from bot.knowledge import Helpline
from bot.locales import Locales

MOST_STEPS = 6


def label(locales: Locales, code: str, language: str) -> str:
    """What a choice such as `crop:rice`, `topic:pest` or `language:hi` is called on a button."""
    kind, _, name = code.partition(":")
    if kind == "language":
        return locales.languages[name].native
    if kind == "alerts":
        return locales.text("button.digest" if name == "weekly" else "button.alerts", language)
    if kind == "topic":
        return locales.text(f"topic.{name}", language)
    return first_name(locales, f"{kind}s", name, language) or first_name(locales, f"{kind}s", name, "en") or name


def first_name(locales: Locales, kind: str, name: str, language: str) -> str:
    """The first name that entities.yaml of the language lists for an id: the one to show; empty when it has none."""
    names = locales.entities[language].names if language in locales.entities else ()
    return next((entry.text for entry in names if entry.kind == kind and entry.id == name), "")


def card_text(card: Card, language: str) -> CardText | None:
    """The card's words in the language; None when it has none, so that nothing goes out in a wrong language."""
    return card.texts.get(language)


def whole_card(locales: Locales, text: CardText, steps: tuple[Step, ...], language: str, told: str = "") -> str:
    """Title, what to look for, numbered steps (or `told` in their place), what to avoid, whom to call."""
    numbered = [f"{number}. {text.steps[step.id]}" for number, step in enumerate(steps, start=1)]
    blocks = [
        text.title,
        text.look and f"{locales.text('answer.look', language)}: {text.look}",
        "\n".join([f"{locales.text('answer.steps', language)}:", *([told] if told else numbered)]),
        text.avoid and f"{locales.text('answer.avoid', language)}: {text.avoid}",
        text.call and f"{locales.text('answer.call', language)}: {text.call}",
    ]
    return "\n\n".join(block for block in blocks if block)


def remaining_parts(locales: Locales, text: CardText, steps: tuple[Step, ...], language: str) -> tuple[str, ...]:
    """What MORE sends after the SMS, one message at a time: look, then the steps two by two, then avoid and call."""
    lines = [f"{number}. {text.steps[step.id]}" for number, step in enumerate(steps, start=1)]
    pairs = ["\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
    ends = [
        text.avoid and f"{locales.text('answer.avoid', language)}: {text.avoid}",
        text.call and f"{locales.text('answer.call', language)}: {text.call}",
    ]
    return tuple(part for part in [text.look, *pairs, *ends] if part)


def fitting_steps(card: Card, text: CardText, turn: Turn) -> tuple[Step, ...]:
    """Steps that fit what is known and have words in the language."""
    entities = turn.understanding.entities
    fitting = card.steps_for(entities.problems, entities.stages, turn.region)
    return tuple(step for step in fitting if step.id in text.steps)


def first_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """At most six, in the card's order; where there are more, binding ones (safety, whom to ask) stay."""
    binding = [step for step in steps if step.kind in BINDING]
    others = [step for step in steps if step.kind not in BINDING][: max(MOST_STEPS - len(binding), 0)]
    return tuple(step for step in steps if step in binding or step in others)


def remembered(
    turn: Turn,
    *,
    pending: Pending | None = None,
    choices: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    card_id: str = "",
    asked: int = 0,
) -> Session:
    """The session after this turn: what was asked, so that a follow-up finds it."""
    understanding = turn.understanding
    question = turn.session.question if turn.session.pending else turn.inbound.text
    return Session(
        question=question or turn.inbound.text,
        topics=understanding.topics,
        entities=understanding.entities,
        pending=pending,
        choices=choices,
        more=more,
        card_id=card_id,
        asked=asked,
    )


def helplines_for(helplines: tuple[Helpline, ...], kinds: tuple[str, ...], region: str | None) -> list[Helpline]:
    """Lines of the contact's country in the order of `kinds`."""
    country = (region or "").partition("-")[0]
    own = [line for line in helplines if line.region == country]
    return [line for kind in kinds for line in own if line.kind == kind]
