"""What a contact says of herself and of how we talk: language, script, place, START, STOP, FORGET, HELP, MORE, WHY."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.contacts import Consent, ConsentEvent, Contact, ScriptChoice
from bot.domain.messages import Purpose, QuickReply
from bot.domain.turns import Intent, Outcome, Pending, Reply, Result, Session, Turn
from bot.knowledge import Knowledge
from bot.locales import Locales


class Profile:
    """The skill behind all intents that are about the conversation itself."""

    def __init__(self, locales: Locales, knowledge: Knowledge) -> None:
        self.locales = locales
        self.knowledge = knowledge
        self._by_intent = {
            Intent.GREET: self.greet,
            Intent.THANK: self.thank,
            Intent.GET_HELP: self.help,
            Intent.GET_MORE: self.more,
            Intent.GET_SOURCE: self.source,
            Intent.SET_LANGUAGE: self.set_language,
            Intent.SET_SCRIPT: self.set_script,
            Intent.START: self.start,
            Intent.STOP: self.stop,
            Intent.FORGET: self.forget,
        }

    @property
    def intents(self) -> frozenset[Intent]:
        """The intents that this skill serves."""
        return frozenset(self._by_intent)

    def __call__(self, turn: Turn) -> Result:
        """Serves one of `intents`."""
        return self._by_intent[turn.understanding.intent](turn)

    def greet(self, turn: Turn) -> Result:
        """Hello, and what the bot can do; a newcomer may pick a language at once."""
        return self._say(turn, "greeting", quick_replies=self.language_buttons() if not turn.short else ())

    def thank(self, turn: Turn) -> Result:
        """You are welcome."""
        return self._say(turn, "thanks")

    def help(self, turn: Turn) -> Result:
        """The commands, in words."""
        return self._say(turn, "help")

    def more(self, turn: Turn) -> Result:
        """The next part of the last answer."""
        if not turn.session.more:
            return self._say(turn, "more.none")
        text, *rest = turn.session.more
        session = replace(turn.session, more=tuple(rest))
        reply = Reply(text, Outcome.ANSWERED, engine="session")
        return Result(reply, turn.contact, session)

    def source(self, turn: Turn) -> Result:
        """Where the last advice comes from, and whether it is reviewed."""
        card = self.knowledge.cards.get(turn.session.card_id)
        if card is None:
            return self._attribution(turn) if turn.session.attribution else self._say(turn, "source.none")
        named = "\n".join(f"- {source.publisher}: {source.title}" for source in card.sources)
        state = self.locales.text(f"review.{card.review.state}", turn.language)
        text = f"{self.locales.text('source', turn.language)}\n{named}\n{state}"
        publishers = ", ".join(dict.fromkeys(source.publisher for source in card.sources[:2]))
        short = f"{self.locales.text('source', turn.language)} {publishers}. {state}"
        return Result(Reply(text, Outcome.ANSWERED, short=short, engine="session"), turn.contact, turn.session)

    def _attribution(self, turn: Turn) -> Result:
        text = f"{self.locales.text('source.forecast', turn.language)} {turn.session.attribution}"
        return Result(Reply(text, Outcome.ANSWERED, engine="session"), turn.contact, turn.session)

    def set_language(self, turn: Turn) -> Result:
        """Switches to the language named, or offers all."""
        tag = turn.understanding.argument
        if tag not in self.locales.spoken:
            return self.ask_language(turn)
        contact = replace(turn.contact, language=tag, language_chosen=True)
        reply = Reply(self.locales.text("language.set", tag), Outcome.ANSWERED, engine="session")
        return Result(reply, contact, replace(turn.session, pending=None, choices=()))

    def ask_language(self, turn: Turn) -> Result:
        """Which language? Each in its own script; the question asked stays remembered."""
        codes = tuple(f"language:{tag}" for tag in self.locales.spoken)
        session = replace(
            turn.session, pending=Pending.LANGUAGE, choices=codes, question=turn.session.question or turn.inbound.text
        )
        reply = Reply(
            self.locales.text("language.ask", turn.language), Outcome.ASKED_BACK, quick_replies=self.language_buttons()
        )
        return Result(reply, turn.contact, session)

    def refuse_language(self, turn: Turn, tag: str) -> Result:
        """A language that is known but not spoken is named, with those that are."""
        known = self.locales.languages.get(tag.split("-")[0])
        spoken = ", ".join(self.locales.languages[name].native for name in self.locales.spoken)
        text = self.locales.text(
            "language.unspoken", turn.language, name=known.native if known else tag, languages=spoken
        )
        session = replace(
            turn.session, pending=Pending.LANGUAGE, choices=tuple(f"language:{name}" for name in self.locales.spoken)
        )
        reply = Reply(text, Outcome.ABSTAINED, quick_replies=self.language_buttons())
        return Result(reply, turn.contact, session)

    def set_script(self, turn: Turn) -> Result:
        """Latin letters or the language's own; without a choice it changes to the other."""
        named = turn.understanding.argument
        other = ScriptChoice.NATIVE if turn.contact.script is ScriptChoice.LATIN else ScriptChoice.LATIN
        script = ScriptChoice(named) if named in set(ScriptChoice) else other
        contact = replace(turn.contact, script=script)
        reply = Reply(self.locales.text(f"script.{script}", turn.language), Outcome.ANSWERED, engine="session")
        return Result(reply, contact, turn.session)

    def start(self, turn: Turn) -> Result:
        """Consent (again), and the languages to choose from."""
        contact = replace(turn.contact, consent=Consent.ACTIVE)
        key = "start.again" if turn.contact.consent is Consent.STOPPED else "greeting"
        session = Session(pending=Pending.LANGUAGE, choices=tuple(f"language:{tag}" for tag in self.locales.spoken))
        result = self._say(turn, key, contact=contact, quick_replies=self.language_buttons())
        return replace(result, session=session, consent=(self._event(turn, contact, "start"),))

    def stop(self, turn: Turn) -> Result:
        """STOP is confirmed once; a second STOP is obeyed in silence."""
        contact = replace(turn.contact, consent=Consent.STOPPED, alerts=False)
        if turn.contact.consent is Consent.STOPPED:
            result = Result(Reply("", Outcome.ANSWERED, engine="session"), contact, Session())
        else:
            result = self._say(turn, "stop.done", contact=contact)
        consent = (self._event(turn, contact, "stop"),)
        return replace(result, session=Session(), consent=consent, purpose=Purpose.FAREWELL)

    def forget(self, turn: Turn) -> Result:
        """Erases all that is known of the contact, after one question back."""
        if turn.session.pending is Pending.CONFIRM_FORGET:
            return replace(self._say(turn, "forget.done"), session=Session(), forget=True, purpose=Purpose.FAREWELL)
        yes = self.locales.text("button.forget", turn.language)
        result = self._say(turn, "forget.confirm", quick_replies=(QuickReply(yes, yes),))
        reply = replace(result.reply, outcome=Outcome.ASKED_BACK)
        return replace(result, reply=reply, session=replace(turn.session, pending=Pending.CONFIRM_FORGET))

    def language_buttons(self) -> tuple[QuickReply, ...]:
        """A button a language, in its own script."""
        names = [self.locales.languages[tag].native for tag in self.locales.spoken]
        return tuple(QuickReply(name, name) for name in names)

    def _say(
        self, turn: Turn, key: str, contact: Contact | None = None, quick_replies: tuple[QuickReply, ...] = ()
    ) -> Result:
        text = self.locales.text(key, turn.language)
        reply = Reply(text, Outcome.ANSWERED, quick_replies=quick_replies, engine="session")
        return Result(reply, contact or turn.contact, turn.session)

    def _event(self, turn: Turn, contact: Contact, action: str) -> ConsentEvent:
        return ConsentEvent(contact.id, action, turn.inbound.text, turn.now)
