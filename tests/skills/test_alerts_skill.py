"""Subscribing in a few messages: place, crops and sowing asked once; the answers and what is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from bot.domain.contacts import Consent, Contact, Farm, Place
from bot.domain.messages import Address, Inbound, InboundKind, Location
from bot.domain.turns import Intent, Pending, Session
from bot.mind import Mind
from bot.pipeline import Handled

HATHRAS = Place("Hathras", "IN-UP", Location(27.6, 78.05))


class Talk:
    """One contact's messages, one after the other."""

    def __init__(self, mind: Mind, now: datetime, channel: str = "telegram", **known: object) -> None:
        self.mind, self.now = mind, now
        self.contact = replace(Contact("her", Address(channel, "1"), now), **known)  # type: ignore[arg-type]
        self.session = Session()
        self.consents: list[str] = []

    def wants(self) -> tuple[bool, bool, Consent]:
        """Warnings, the weekly message, consent."""
        return self.contact.alerts, self.contact.digest, self.contact.consent

    def waits_for(self) -> Pending | None:
        """What was asked last."""
        return self.session.pending

    def say(self, text: str, where: Location | None = None) -> Handled:
        kind = InboundKind.LOCATION if where else InboundKind.TEXT
        inbound = Inbound(self.contact.address, "x", text, self.now, kind, where)
        handled = self.mind.pipeline.handle(inbound, self.contact, self.session, self.now)
        self.contact, self.session = handled.result.contact, handled.result.session
        self.consents += [event.action for event in handled.result.consent]
        return handled


def test_place_crops_and_sowing_are_asked_once(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now)
    assert talk.say("weather alerts").result.reply.ask_location
    assert not talk.wants()[0]
    talk.say("Hathras")
    assert talk.wants()[0]
    assert talk.contact.place
    assert talk.contact.place.name == "Hathras"
    assert talk.waits_for() is Pending.FARM_CROPS
    talk.say("rice, maize and onion")
    assert talk.contact.farm.crops == ("rice", "maize", "onion")
    assert talk.waits_for() is Pending.SOWING
    assert "rice" in talk.say("15 June").result.reply.text
    talk.say("I don't know")
    assert talk.waits_for() is None
    assert talk.contact.farm.sown == (("rice", date(2026, 6, 15)),)
    assert talk.consents == ["subscribe"]
    again = talk.say("ALERTS")
    assert "maize" in again.result.reply.text


def test_a_location_and_a_known_farm_leave_nothing_to_ask(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, farm=Farm(("onion",)))
    talk.say("subscribe")
    handled = talk.say("", Location(27.6, 78.05))
    assert talk.contact.alerts
    assert talk.waits_for() is None
    assert handled.result.reply.quick_replies


def test_the_weekly_message_is_a_button_away(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, place=HATHRAS, farm=Farm(("onion",)))
    (button,) = talk.say("subscribe").outbounds[0].quick_replies
    assert talk.wants()[:2] == (True, False)
    talk.say(button.text)
    assert talk.wants()[:2] == (True, True)
    talk.say("no alerts")
    assert talk.wants() == (False, False, Consent.ACTIVE)
    assert talk.consents == ["subscribe", "subscribe", "unsubscribe"]


def test_stop_ends_warnings_and_start_does_not_bring_them_back(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, "sms", place=HATHRAS, farm=Farm(("onion",)))
    talk.say("subscribe")
    assert talk.wants() == (True, False, Consent.ACTIVE)
    talk.say("STOP")
    assert talk.wants() == (False, False, Consent.STOPPED)
    talk.say("subscribe")
    assert talk.wants() == (False, False, Consent.STOPPED)
    talk.say("START")
    assert talk.wants() == (False, False, Consent.ACTIVE)


@pytest.mark.parametrize("question", ["my rice has stem borer", "tomato leaves have black spots", "price of onion"])
def test_a_question_instead_of_an_answer_is_answered(mind: Mind, now: datetime, question: str) -> None:
    talk = Talk(mind, now, place=HATHRAS, farm=Farm(("rice",)))
    talk.say("subscribe")
    assert talk.waits_for() is Pending.SOWING
    assert talk.say(question).understanding.intent is not Intent.SUBSCRIBE
    assert talk.contact.farm == Farm(("rice",))


def test_another_place_moves_the_subscription(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, place=HATHRAS, farm=Farm(("onion",)))
    talk.say("subscribe")
    talk.say("my district is Nagpur")
    assert talk.contact.place
    assert talk.contact.place.name == "Nagpur"
    assert talk.contact.alerts


@pytest.mark.parametrize(
    ("language", "word", "answer", "day"),
    [
        ("hi", "मौसम चेतावनी", "15 जून", date(2026, 6, 15)),
        ("bn", "সতর্কতা চাই", "১৫ জুন", date(2026, 6, 15)),
        ("es", "quiero alertas", "15 de junio", date(2026, 6, 15)),
    ],
)
def test_other_languages(mind: Mind, now: datetime, language: str, word: str, answer: str, day: date) -> None:
    talk = Talk(mind, now, language=language, language_chosen=True, place=HATHRAS, farm=Farm(("rice",)))
    talk.say(word)
    assert talk.contact.alerts
    talk.say(answer)
    assert dict(talk.contact.farm.sown) == {"rice": day}
    assert talk.contact.language == language


def test_buttons_say_what_they_do_in_every_language(mind: Mind, now: datetime) -> None:
    for language in mind.locales.spoken:
        talk = Talk(mind, now, language=language, language_chosen=True, place=HATHRAS, farm=Farm(("onion",)))
        talk.session = Session(choices=("alerts:on",))
        talk.say(mind.locales.text("button.alerts", language))
        assert talk.contact.alerts, language
