"""Danger to life is answered at once, before anything else, from an authored card; no model, an officer is told."""

from __future__ import annotations

from bot.domain.contacts import Consent
from bot.domain.messages import Purpose
from bot.domain.turns import CardScore, HandoffRequest, Outcome, Reply, Result, Turn
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.skills.wording import helplines_for, remaining_parts, remembered, whole_card

KINDS_OF_LINE = {
    "pesticide-poisoning": ("ambulance", "emergency", "poison"),
    "snake-bite": ("ambulance", "emergency"),
    "animal-collapse": ("veterinary", "farm"),
    "suicide": ("suicide", "emergency"),
}
"""Which helplines an emergency names, most fitting first."""
MOST_LINES = 2
ANIMAL = "animal-collapse"


class Emergency:
    """The skill behind `report_emergency`."""

    def __init__(self, locales: Locales, knowledge: Knowledge) -> None:
        self.locales = locales
        self.helplines = knowledge.helplines
        self.cards = {
            problem: card
            for card in knowledge.cards.values()
            if "emergency" in card.topics
            for problem in card.problems
        }

    def __call__(self, turn: Turn) -> Result:
        """First aid and the numbers to call in the contact's country; in English where a translation is missing."""
        problem = turn.understanding.argument
        request = HandoffRequest(turn.inbound.text, f"emergency:{problem}")
        card = self.cards.get(problem)
        if card is None:
            calls = self.calls(problem, turn.language, turn.region)
            reply = Reply(calls, Outcome.ANSWERED)
            return Result(reply, turn.contact, turn.session, handoff=request, purpose=purpose_for(turn))
        language = turn.language if turn.language in card.texts else "en"
        calls = self.calls(problem, language, turn.region)
        text = card.texts[language]
        steps = tuple(step for step in card.steps if step.id in text.steps)
        reply = Reply(
            text=f"{calls}\n\n{whole_card(self.locales, text, steps, language)}",
            short=f"{calls} {text.sms}",
            outcome=Outcome.ANSWERED,
            cards=(CardScore(card.id, None, "emergency", 1.0),),
            steps=tuple(step.id for step in steps),
        )
        more = remaining_parts(self.locales, text, steps, language) if turn.short else ()
        session = remembered(turn, card_id=card.id, more=more)
        return Result(reply, turn.contact, session, handoff=request, purpose=purpose_for(turn))

    def calls(self, problem: str, language: str, region: str | None) -> str:
        """`Call 112 (ambulance)`, the numbers of the country; without a known country, to call the nearest hospital."""
        lines = helplines_for(self.helplines, KINDS_OF_LINE.get(problem, ("emergency",)), region)[:MOST_LINES]
        if not lines:
            return self.locales.text("emergency.vet" if problem == ANIMAL else "emergency.call_nearest", language)
        return self.locales.text("emergency.call", language, numbers=" / ".join(line.number for line in lines))


def purpose_for(turn: Turn) -> Purpose:
    """First aid goes out even to a contact who has stopped."""
    return Purpose.FAREWELL if turn.contact.consent is Consent.STOPPED else Purpose.REPLY
