"""SUBSCRIBE and UNSUBSCRIBE: one word, then once the place, the crops and, where rules need it, the sowing date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from babel.dates import format_date

from bot.domain.alerts import AlertRule
from bot.domain.contacts import ConsentEvent, Contact, Farm
from bot.domain.messages import QuickReply
from bot.domain.turns import Entities, Intent, Outcome, Pending, Reply, Result, Session, Turn
from bot.domain.zones import zone_of
from bot.locales import Locales
from bot.skills.place import Places
from bot.skills.weather_units import units_of
from bot.skills.wording import label
from bot.understanding.dates import Unknown

COMMAND = "subscribe"
"""The command in English, which every language understands: what waits while the place is asked."""
WEEKLY = "weekly"
LONGEST_ANSWER = 12
"""Words of an answer to "which crops?"; a longer text is a question of its own."""
LAST_SEASON = timedelta(days=300)
"""A crop sown longer ago has been harvested since."""
ReadDate = Callable[[str, str, date], "date | Unknown | None"]
"""(text, language, today) -> as bot.understanding.dates.DateReader.read."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The skill behind `subscribe` and `unsubscribe`, and the answers to what it asks."""

    locales: Locales
    places: Places
    rules: tuple[AlertRule, ...]
    read_date: ReadDate

    def __call__(self, turn: Turn) -> Result:
        """Serves both intents; what else comes is an answer that `expects` has seen."""
        if turn.understanding.intent is Intent.UNSUBSCRIBE:
            return self.unsubscribe(turn)
        if turn.understanding.intent is Intent.SUBSCRIBE:
            return self.subscribe(turn)
        return self.note_crops(turn) if turn.session.pending is Pending.FARM_CROPS else self.note_sowing(turn)

    def expects(self, turn: Turn) -> bool:
        """Whether this message answers what was asked last."""
        understanding, pending = turn.understanding, turn.session.pending
        if understanding.entities.problems or understanding.intent in (Intent.SUBSCRIBE, Intent.UNSUBSCRIBE):
            return False
        if pending is Pending.FARM_CROPS:
            short = len(understanding.text.split()) <= LONGEST_ANSWER
            asked = understanding.intent in (Intent.ASK_ADVICE, Intent.UNCLEAR)
            return asked and short and bool(understanding.entities.crops) and not understanding.entities.parts
        return pending is Pending.SOWING and self.date_in(turn) is not None

    def subscribe(self, turn: Turn) -> Result:
        """Warnings for the place named or known; asks for what is not known yet."""
        place = self.places.of(turn)
        if not isinstance(place, Result):
            place = self.places.located(place)
        if isinstance(place, Result) or place.location is None:
            return self.ask_place(turn, place if isinstance(place, Result) else None)
        weekly = turn.understanding.argument == WEEKLY or turn.contact.digest
        crops = dict.fromkeys(
            (*turn.contact.farm.crops, *turn.understanding.entities.crops, *turn.session.entities.crops)
        )
        farm = replace(turn.contact.farm, crops=tuple(crops))
        contact = replace(turn.contact, alerts=True, digest=weekly, place=place, farm=farm)
        asked_weekly = turn.understanding.argument == WEEKLY
        key = "alerts.digest.on" if asked_weekly else "alerts.subscribed"
        text = self.locales.text(key, turn.language, place=self.places.name(place, turn.language))
        result = self.finish(turn, contact, text) if asked_weekly else self.go_on(turn, contact, text)
        return replace(result, consent=(event(turn, "subscribe"),))

    def unsubscribe(self, turn: Turn) -> Result:
        """No more warnings; answers go on."""
        contact = replace(turn.contact, alerts=False, digest=False)
        reply = Reply(self.locales.text("alerts.unsubscribed", turn.language), Outcome.ANSWERED, engine="session")
        return Result(reply, contact, Session(), consent=(event(turn, "unsubscribe"),))

    def ask_place(self, turn: Turn, question: Result | None) -> Result:
        """Which place? The subscription waits for it."""
        result = question or self.places.ask(turn, "alerts.ask_place")
        if not result.session.choices:
            reply = replace(result.reply, text=self.locales.text("alerts.ask_place", turn.language))
            result = replace(result, reply=reply)
        return replace(result, session=replace(result.session, question=COMMAND))

    def note_crops(self, turn: Turn) -> Result:
        """Keeps the crops that were named."""
        named = turn.understanding.entities.crops
        farm = replace(turn.contact.farm, crops=tuple(dict.fromkeys((*turn.contact.farm.crops, *named))))
        names = ", ".join(self.crop_name(crop, turn) for crop in named)
        text = self.locales.text("alerts.crops_noted", turn.language, crops=names)
        return self.go_on(turn, replace(turn.contact, farm=farm), text)

    def note_sowing(self, turn: Turn) -> Result:
        """Keeps the date, or goes on without one."""
        crop, *others = turn.session.entities.crops
        day = self.date_in(turn)
        if not isinstance(day, date):
            text = self.locales.text("alerts.sowing_unknown", turn.language)
            return self.go_on(turn, turn.contact, text, tuple(others))
        sown = {**dict(turn.contact.farm.sown), crop: day}
        contact = replace(turn.contact, farm=Farm(turn.contact.farm.crops, tuple(sown.items())))
        told = format_date(day, "d MMMM", locale=units_of(self.locales, turn).locale)
        text = self.locales.text("alerts.sowing_noted", turn.language, crop=self.crop_name(crop, turn), date=told)
        return self.go_on(turn, contact, text, tuple(others))

    def go_on(self, turn: Turn, contact: Contact, text: str, crops: tuple[str, ...] | None = None) -> Result:
        """Says it and asks what is still to be known: crops, then the sowing of each that a rule counts from.

        `crops` are those whose sowing is still to be asked; None: all that there are.
        """
        if crops is None:
            crops = tuple(crop for crop in contact.farm.crops if self.needs_sowing(crop, contact, turn))
        if not contact.farm.crops:
            question, session = (
                self.locales.text("alerts.ask_crops", turn.language),
                Session(pending=Pending.FARM_CROPS),
            )
        elif crops:
            question = self.locales.text("alerts.ask_sowing", turn.language, crop=self.crop_name(crops[0], turn))
            session = Session(pending=Pending.SOWING, entities=Entities(crops=crops))
        else:
            return self.finish(turn, contact, text)
        return Result(Reply(f"{text} {question}", Outcome.ASKED_BACK, engine="session"), contact, session)

    def finish(self, turn: Turn, contact: Contact, text: str) -> Result:
        """Nothing more to ask; where there are buttons the weekly message is offered."""
        if turn.short or contact.digest:
            return Result(Reply(text, Outcome.ANSWERED, engine="session"), contact, Session())
        code = f"alerts:{WEEKLY}"
        button = label(self.locales, code, turn.language)
        reply = Reply(text, Outcome.ANSWERED, quick_replies=(QuickReply(button, button),), engine="session")
        return Result(reply, contact, Session(choices=(code,)))

    def needs_sowing(self, crop: str, contact: Contact, turn: Turn) -> bool:
        """Whether a rule counts from the sowing of this crop, and no date of this season is known."""
        staged = any(rule.staged and crop in rule.crops for rule in self.rules)
        known = dict(contact.farm.sown).get(crop)
        return staged and (known is None or known < self.today(turn) - LAST_SEASON)

    def date_in(self, turn: Turn) -> date | Unknown | None:
        """The sowing date in her message."""
        return self.read_date(turn.understanding.text, turn.language, self.today(turn))

    def today(self, turn: Turn) -> date:
        """The date where she is."""
        return turn.now.astimezone(zone_of(turn.region)).date()

    def crop_name(self, crop: str, turn: Turn) -> str:
        """As she calls it."""
        return label(self.locales, f"crop:{crop}", turn.language)


def event(turn: Turn, action: str) -> ConsentEvent:
    """The line of the consent ledger."""
    return ConsentEvent(turn.contact.id, action, turn.inbound.text, turn.now)
