"""Answers one claimed message: loads the session, runs the pipeline, saves everything in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.domain.contacts import Consent, ConsentEvent, Contact, ScriptChoice
from bot.domain.messages import InboundKind, Outbound, Purpose
from bot.domain.turns import HandoffRequest, Intent, Outcome, Session
from bot.locales import Locales
from bot.pipeline import Handled, Pipeline
from bot.skills.handoff import Desk
from bot.storage.budget import DayBudget
from bot.storage.claims import ClaimedInbound, TurnSummary
from bot.storage.messages import Messages
from bot.storage.sessions import Sessions
from bot.understanding.romanise import romanise


class Showing(Protocol):
    """Where an answer can be watched while it is written."""

    def show(self, text: str) -> None:
        """The text so far. Never raises."""

    def end(self) -> str:
        """Nothing more comes: what the answer shall replace, as `Outbound.draft`."""


@dataclass(frozen=True, slots=True)
class Thinker:
    """The worker's thinking half. `fit` cuts a message as its channel needs."""

    pipeline: Pipeline
    locales: Locales
    messages: Messages
    sessions: Sessions
    desk: Desk
    fit: Callable[[Outbound], tuple[Outbound, ...]]
    clock: Callable[[], datetime]
    budget: DayBudget | None = None
    """Limits what a contact gets billed in a day on channels that bill."""

    def answer(self, claim: ClaimedInbound, showing: Showing | None = None) -> None:
        """`showing` lets her watch. Raises LostClaim when another worker has taken over; nothing is written then."""
        if claim.inbound.kind is InboundKind.BLOCKED:
            self._block(claim)
        elif handoff := self.desk.is_answer(claim.inbound):
            self._complete(claim, claim.contact, self.desk.answer(handoff, claim.inbound), "answer_handoff")
        elif self.desk.is_overheard(claim.inbound):
            self._complete(claim, claim.contact, (), "overheard")
        else:
            session = self.sessions.load(claim.contact.id, claim.inbox_id)
            show = showing.show if showing else None
            handled = self.pipeline.handle(claim.inbound, claim.contact, session, self.clock(), show)
            self._save(claim, session, handled, showing.end() if showing else "")

    def apologise(self, claim: ClaimedInbound) -> None:
        """Tells the contact, in her language and letters, that her message could not be answered."""
        language = claim.contact.language or "en"
        text = self._written("error.sorry", claim.contact, language)
        sorry = self._fitted((Outbound(claim.inbound.address, text, language),))
        self.messages.queue(sorry, key=f"sorry:{claim.inbox_id}")

    def _written(self, key: str, contact: Contact, language: str) -> str:
        text = self.locales.text(key, language)
        return romanise(text, language) if contact.script is ScriptChoice.LATIN else text

    def _save(self, claim: ClaimedInbound, before: Session, handled: Handled, draft: str) -> None:
        result = handled.result
        outbounds = handled.outbounds
        if result.handoff:
            opened = self.desk.open(result.handoff, claim.contact.id, claim.inbox_id, handled.language)
            outbounds = (*outbounds, *opened)
        # Before the transaction, since the contact's next message may be claimed right after it.
        if result.forget:
            self.sessions.clear(claim.contact.id)
        else:
            self.sessions.save(claim.contact.id, result.session, claim.inbox_id, before)
        fitted = self._fitted(outbounds)
        if not result.handoff and self._is_unsayable(claim, outbounds, fitted):
            request = HandoffRequest(claim.inbound.text, "not_registered")
            opened = self.desk.open(request, claim.contact.id, claim.inbox_id, handled.language)
            fitted = (*fitted, *self._fitted(opened))
        fitted = self._within_budget(claim.contact, fitted, handled)
        if draft and fitted and fitted[0].address == claim.inbound.address:
            fitted = (replace(fitted[0], draft=draft), *fitted[1:])
        turn = summary(handled)
        self.messages.complete(claim, result.contact, fitted, result.consent, turn, forget=result.forget)

    def _is_unsayable(
        self, claim: ClaimedInbound, outbounds: tuple[Outbound, ...], fitted: tuple[Outbound, ...]
    ) -> bool:
        """Whether an answer may not go out where texts must be registered: then officers get the question."""
        address = claim.contact.address
        answers = [outbound for outbound in outbounds if outbound.address == address]
        asked = any(outbound.purpose is Purpose.REPLY and outbound.text.strip() for outbound in answers)
        return asked and not any(outbound.address == address for outbound in fitted)

    def _within_budget(self, contact: Contact, fitted: tuple[Outbound, ...], handled: Handled) -> tuple[Outbound, ...]:
        """First aid always goes out; other answers beyond the day's budget give way to one note."""
        if self.budget is None or handled.understanding.intent is Intent.REPORT_EMERGENCY:
            return fitted
        note = self._written("sms.day_spent", handled.result.contact, handled.language)
        return self.budget.limit(contact, fitted, note, self.clock())

    def _block(self, claim: ClaimedInbound) -> None:
        event = ConsentEvent(claim.contact.id, "stop", "blocked", self.clock())
        stopped = replace(claim.contact, consent=Consent.STOPPED, alerts=False)
        self.messages.complete(claim, stopped, (), (event,), TurnSummary(intent="blocked"))

    def _complete(self, claim: ClaimedInbound, contact: Contact, outbounds: tuple[Outbound, ...], intent: str) -> None:
        self.messages.complete(claim, contact, self._fitted(outbounds), (), TurnSummary(intent=intent))

    def _fitted(self, outbounds: tuple[Outbound, ...]) -> tuple[Outbound, ...]:
        return tuple(part for outbound in outbounds for part in self.fit(outbound))


def summary(handled: Handled) -> TurnSummary:
    """What statistics keep of a turn: no text, nothing that names a person."""
    understanding, reply = handled.understanding, handled.result.reply
    answered = bool(reply.cards) and reply.outcome is Outcome.ANSWERED
    return TurnSummary(
        language=understanding.language.tag,
        intent=understanding.intent,
        topic=understanding.topic,
        outcome=reply.outcome,
        card_id=reply.cards[0].id if answered else None,
    )
