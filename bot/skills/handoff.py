"""A person behind the bot: hands a question to the officers and an officer's words back to the farmer."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.contacts import ScriptChoice
from bot.domain.messages import Address, Inbound, Outbound, Purpose
from bot.domain.turns import HandoffRequest, Outcome, Reply, Result, Turn
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.skills.wording import helplines_for
from bot.storage.contacts import Contacts
from bot.storage.handoffs import Handoffs
from bot.storage.messages import Messages
from bot.understanding.romanise import romanise

REFERENCE = "handoff:"


class TalkToPerson:
    """The skill behind `talk_to_person`: the last question goes to the officers, or a number is given."""

    def __init__(self, locales: Locales, knowledge: Knowledge, *, has_officers: bool) -> None:
        self.locales = locales
        self.helplines = knowledge.helplines
        self.has_officers = has_officers

    def __call__(self, turn: Turn) -> Result:
        """Says what happens now; never promises a person who is not there."""
        lines = helplines_for(self.helplines, ("farm",), turn.region)
        number = lines[0].number if lines else ""
        if not self.has_officers:
            key = "person.call" if number else "person.none"
            text = self.locales.text(key, turn.language, number=number)
            return Result(Reply(text, Outcome.ABSTAINED, engine="session"), turn.contact, turn.session)
        question = turn.session.question or turn.inbound.text
        reply = Reply(self.locales.text("person.asked", turn.language), Outcome.HANDED_OFF, engine="session")
        request = HandoffRequest(question, "asked")
        return Result(reply, turn.contact, replace(turn.session, pending=None, choices=()), handoff=request)


class Desk:
    """The officers' side, which needs the database: opens handoffs and carries answers back."""

    def __init__(
        self,
        officers: tuple[Address, ...],
        locales: Locales,
        handoffs: Handoffs,
        contacts: Contacts,
        messages: Messages,
    ) -> None:
        self.officers = officers
        self.locales = locales
        self.handoffs = handoffs
        self.contacts = contacts
        self.messages = messages

    def open(self, request: HandoffRequest, contact_id: str, inbox_id: int, language: str) -> tuple[Outbound, ...]:
        """Records the handoff (once for an inbound) and returns what the officers get to read."""
        handoff = self.handoffs.open(contact_id, inbox_id, request.question, request.reason)
        text = self.locales.text(
            "officer.new", "en", id=handoff.id, reason=request.reason, language=language, question=request.question
        )
        reference = f"{REFERENCE}{handoff.id}"
        return tuple(Outbound(officer, text, purpose=Purpose.HANDOFF, reference=reference) for officer in self.officers)

    def is_answer(self, inbound: Inbound) -> str | None:
        """The id of the handoff that an officer replies to; None when this is no such reply."""
        if inbound.address not in self.officers or not inbound.in_reply_to:
            return None
        reference = self.messages.find_reference(inbound.address.channel, inbound.in_reply_to) or ""
        return reference.removeprefix(REFERENCE) if reference.startswith(REFERENCE) else None

    def is_overheard(self, inbound: Inbound) -> bool:
        """Talk among officers in their group that answers no handoff: none of the bot's business."""
        return inbound.address in self.officers and inbound.address.id.startswith("-")

    def answer(self, handoff_id: str, inbound: Inbound) -> tuple[Outbound, ...]:
        """The officer's words for the farmer on her own channel, and a receipt for the officer."""
        handoff = self.handoffs.get(handoff_id)
        contact = self.contacts.get(handoff.contact_id) if handoff else None
        answered = contact and self.handoffs.answer(handoff_id, officer=inbound.sender_id or inbound.address.id)
        if contact is None or not answered:
            return (Outbound(inbound.address, self.locales.text("officer.gone", "en", id=handoff_id)),)
        language = contact.language or "en"
        # The officer's own words go out as they were written; only ours around them change letters.
        said = self.locales.text("officer.says", language, text="{text}")
        words = romanise(said, language) if contact.script is ScriptChoice.LATIN else said
        words = words.replace("{text}", inbound.text)
        receipt = self.locales.text("officer.sent", "en", id=handoff_id)
        return (
            Outbound(contact.address, words, language=language, reference=f"{REFERENCE}{handoff_id}"),
            Outbound(inbound.address, receipt),
        )
