"""One message's way: understand, choose a skill, word the reply for the contact and her channel. Pure: no I/O here.

The worker loads contact and session before and saves what comes back after, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.contacts import Consent, Contact, ScriptChoice
from bot.domain.messages import Inbound, InboundKind, Outbound, QuickReply
from bot.domain.turns import Intent, Outcome, Pending, Reply, Result, Session, Turn, Understanding
from bot.locales import Locales
from bot.skills.advice import Advice
from bot.skills.profile import Profile
from bot.skills.wording import label
from bot.understanding.normalise import fold
from bot.understanding.resolve import chosen_code, with_choice, with_session
from bot.understanding.romanise import romanise
from bot.understanding.understand import Understander
from bot.understanding.weather import WeatherReader

Skill = Callable[[Turn], Result]
Progress = Callable[[str], None]
LONGEST_TEXT = 4000
"""Characters of a message that are read; a longer one is asked to be shortened rather than half understood."""
SURE = 0.9
"""Confidence at which a text in another language overrides the language that the contact has chosen herself."""
FEW_WORDS = 3
HEARD_AS = {"ur-Latn": "hi-Latn"}
"""Urdu typed in Latin letters is answered as Hindi is: spoken and typed they are one language."""
QUESTIONS = frozenset({Intent.ASK_ADVICE, Intent.GET_WEATHER, Intent.GET_PRICE, Intent.REPORT_EMERGENCY})
ALWAYS_HEARD = frozenset({Intent.START, Intent.STOP, Intent.FORGET, Intent.REPORT_EMERGENCY})


def nothing(_turn: Turn) -> bool:
    """Nobody waits for an answer."""
    return False


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of one message: what to send, and contact and session as they shall be."""

    outbounds: tuple[Outbound, ...]
    understanding: Understanding
    result: Result
    language: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """handle(inbound, contact, session) -> Handled. All parts are given; none is looked up."""

    locales: Locales
    understander: Understander
    reader: WeatherReader
    advice: Advice
    profile: Profile
    skills: Mapping[Intent, Skill]
    short_channels: frozenset[str]
    shorten: Callable[[str, str, bool], tuple[str, str]]
    """(text, hint, has_more) -> what fits a short channel's budget, and what is left for MORE."""
    home_region: str
    expects: Callable[[Turn], bool] = nothing
    """Whether a message answers what the skill of `subscribe` has asked."""

    def handle(
        self, inbound: Inbound, contact: Contact, session: Session, now: datetime, progress: Progress | None = None
    ) -> Handled:
        """Answers one message; `progress` sees an answer while it is written. Never raises for what a contact wrote."""
        prior = contact.language and (
            f"{contact.language}-Latn" if contact.script is ScriptChoice.LATIN else contact.language
        )
        understood = self.understander.understand(inbound.text[:LONGEST_TEXT], prior=prior or inbound.language_hint)
        tag = HEARD_AS.get(understood.language.tag, understood.language.tag)
        understood = replace(understood, language=replace(understood.language, tag=tag))
        understanding, session = self._in_session(understood, session, contact)
        contact = self._noted(contact, understood, inbound)
        turn = Turn(
            inbound=inbound,
            contact=contact,
            session=session,
            understanding=understanding,
            language=self._answer_language(contact, inbound),
            now=now,
            short=inbound.address.channel in self.short_channels,
            region=self._region(contact),
        )
        turn = replace(turn, progress=progress and self._in_her_letters(turn, progress))
        result = self._respond(turn)
        language = result.contact.language or turn.language
        reply, session = self._fitted(turn, result, language)
        result = replace(result, reply=reply, session=session)
        return Handled((*self._outbounds(turn, result, language), *result.extra), understanding, result, language)

    def _in_her_letters(self, turn: Turn, progress: Progress) -> Progress:
        latin = turn.contact.script is ScriptChoice.LATIN
        return (lambda text: progress(romanise(text, turn.language))) if latin else progress

    def _in_session(
        self, understanding: Understanding, session: Session, contact: Contact
    ) -> tuple[Understanding, Session]:
        if understanding.intent is Intent.STOP and session.pending is Pending.CROP and understanding.entities.crops:
            # Malayalam "venda" is okra and "not wanted": right after "which crop?" it is the crop.
            understanding = replace(understanding, intent=Intent.ASK_ADVICE)
        if understanding.intent in ALWAYS_HEARD:
            return understanding, session
        code = chosen_code(understanding.text, session, lambda name: self._labels(name, contact), fold)
        if code.startswith("language:"):
            tag = code.partition(":")[2]
            return replace(understanding, intent=Intent.SET_LANGUAGE, argument=tag), session
        if code:
            return with_choice(understanding, code, session), session
        if session.pending is Pending.CONFIRM_FORGET and self._confirms(understanding.text, contact):
            return replace(understanding, intent=Intent.FORGET), session
        if session.more and not session.choices and understanding.text.strip() == "1":
            return replace(understanding, intent=Intent.GET_MORE), session
        topic_of = self.understander.topic_of
        return with_session(understanding, session, topic_of), session

    def _labels(self, code: str, contact: Contact) -> tuple[str, ...]:
        language = contact.language or "en"
        name = label(self.locales, code, language)
        return name, romanise(name, language)

    def _confirms(self, text: str, contact: Contact) -> bool:
        language = contact.language or "en"
        yes = self.locales.text("button.forget", language)
        return fold(text) in {fold(yes), fold(romanise(yes, language)), "1"}

    def _noted(self, contact: Contact, understanding: Understanding, inbound: Inbound) -> Contact:
        """Language and script follow the evidence, unless she has chosen and the evidence is weak."""
        detected = understanding.language
        if inbound.kind is not InboundKind.TEXT:
            return contact
        if detected.script not in ("Latn", "Zyyy"):
            contact = replace(contact, script=ScriptChoice.NATIVE)
        if detected.language not in self.locales.spoken:
            return contact
        if understanding.intent not in QUESTIONS and detected.confidence < SURE:
            # "stop", "ok", "namaste" are said in many languages: no evidence for one of them.
            return contact
        if contact.language and detected.confidence < SURE and len(understanding.text.split()) < FEW_WORDS:
            # "mirchi" and "karpa" are words of neighbours, too: they change nobody's language.
            return contact
        if not contact.language_chosen or (detected.confidence >= SURE and len(understanding.text.split()) >= 4):
            contact = replace(contact, language=detected.language)
        if detected.language == contact.language and detected.tag.endswith("-Latn"):
            contact = replace(contact, script=ScriptChoice.LATIN)
        return contact

    def _answer_language(self, contact: Contact, inbound: Inbound) -> str:
        hint = (inbound.language_hint or "").split("-")[0]
        return contact.language or (hint if hint in self.locales.spoken else "en")

    def _region(self, contact: Contact) -> str | None:
        if contact.place:
            return contact.place.region
        language = self.locales.languages.get(contact.language or "")
        return (language and language.region) or self.home_region

    def _respond(self, turn: Turn) -> Result:
        understanding = turn.understanding
        if understanding.intent in ALWAYS_HEARD:
            return self.skills[understanding.intent](turn)
        if turn.contact.consent is Consent.STOPPED:
            # STOP is sacred: until she says START nothing is sent, not even an answer; first aid alone goes out.
            return Result(Reply("", Outcome.ABSTAINED, engine="session"), turn.contact, turn.session)
        if turn.inbound.kind is InboundKind.LOCATION:
            return self._then_answer(turn, self.skills[Intent.SET_PLACE](turn))
        if key := unreadable(turn):
            return self._say(turn, key)
        if understanding.intent is Intent.SET_LANGUAGE:
            waits = turn.session.pending is Pending.LANGUAGE
            return self._then_answer(turn, self.profile(turn)) if waits else self.profile(turn)
        return self._speak(turn)

    def _speak(self, turn: Turn) -> Result:
        """Answers in a language the bot speaks, or says honestly that it does not speak hers."""
        detected, contact = turn.understanding.language, turn.contact
        if contact.language is None and detected.tag == "und" and not turn.understanding.entities.crops:
            return self.profile.ask_language(turn)
        if contact.language is None and detected.tag != "und" and detected.language not in self.locales.spoken:
            return self.profile.refuse_language(turn, detected.tag)
        if self.expects(turn):
            return self.skills[Intent.SUBSCRIBE](turn)
        if names_place(turn):
            return self._then_answer(turn, self.skills[Intent.SET_PLACE](turn))
        return self._serve(turn)

    def _serve(self, turn: Turn) -> Result:
        """The skill of the intent; "can I spray today" is asked of the weather, not of a card."""
        understanding = turn.understanding
        asked = understanding.intent in (Intent.ASK_ADVICE, Intent.UNCLEAR)
        if asked and self.reader.asks_for_work(understanding, turn.language):
            return self.skills[Intent.GET_WEATHER](turn)
        return self.skills.get(understanding.intent, self.advice)(turn)

    def _then_answer(self, turn: Turn, result: Result) -> Result:
        """After the choice of a language or place, the question that was waiting for it is answered at once."""
        waiting = turn.session.question if turn.session.pending else ""
        if not waiting or result.reply.outcome is not Outcome.ANSWERED:
            return result
        language = result.contact.language or turn.language
        understanding = self.understander.understand(waiting, prior=language)
        if understanding.intent not in (Intent.ASK_ADVICE, Intent.GET_WEATHER, Intent.GET_PRICE, Intent.SUBSCRIBE):
            return result
        contact = result.contact
        session = Session(question=waiting)
        turn = replace(turn, contact=contact, session=session, understanding=understanding, language=language)
        return self._serve(replace(turn, region=self._region(contact)))

    def _say(self, turn: Turn, key: str) -> Result:
        reply = Reply(self.locales.text(key, turn.language), Outcome.ASKED_BACK, engine="session")
        return Result(reply, turn.contact, turn.session)

    def _fitted(self, turn: Turn, result: Result, language: str) -> tuple[Reply, Session]:
        """In the letters she writes; on short channels within the budget, the rest kept for MORE."""
        reply, session = result.reply, result.session
        latin = result.contact.script is ScriptChoice.LATIN
        write = (lambda text: romanise(text, language)) if latin else str
        text = write((reply.short or reply.text) if turn.short else reply.text)
        # An answer's buttons are conveniences that cost a segment; only a question back needs its choices.
        wanted = reply.quick_replies if not turn.short or reply.outcome is Outcome.ASKED_BACK else ()
        buttons = tuple(QuickReply(write(button.label), write(button.text)) for button in wanted)
        if turn.short and text:
            hint = write(self.locales.text("more.hint", language))
            text, rest = self.shorten(text, hint, bool(session.more) and not buttons)
            session = replace(session, more=(rest, *session.more)) if rest else session
        return replace(reply, text=text, quick_replies=buttons), session

    def _outbounds(self, turn: Turn, result: Result, language: str) -> tuple[Outbound, ...]:
        if not result.reply.text:
            return ()
        return (
            Outbound(
                address=turn.inbound.address,
                text=result.reply.text,
                language=language,
                quick_replies=result.reply.quick_replies,
                purpose=result.purpose,
                ask_location=result.reply.ask_location,
                image=b"" if turn.short else result.reply.image,
            ),
        )


def unreadable(turn: Turn) -> str:
    """The message id of what to say to input that is no question; empty when it is one."""
    inbound = turn.inbound
    if inbound.kind is not InboundKind.TEXT:
        return f"media.{inbound.kind}"
    if len(inbound.text) > LONGEST_TEXT:
        return "input.long"
    return "" if turn.understanding.text.strip() else "input.empty"


def names_place(turn: Turn) -> bool:
    """Whether this is the answer to "which district?", or the contact says where she farms."""
    understanding = turn.understanding
    entities = understanding.entities
    if understanding.intent is Intent.SET_PLACE:
        return True
    open_question = understanding.intent is Intent.UNCLEAR or (
        understanding.intent is Intent.ASK_ADVICE and not entities.crops and not entities.problems
    )
    return turn.session.pending is Pending.PLACE and open_question
