"""The way of one message over the real data: languages, scripts, places, media, STOP, emergencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain.contacts import Consent, Contact, Place, ScriptChoice
from bot.domain.messages import Address, Inbound, InboundKind, Location, Purpose
from bot.domain.turns import Intent, Outcome, Pending, Session
from bot.mind import Mind
from bot.pipeline import LONGEST_TEXT, Handled


class Talk:
    """One contact's conversation with the pipeline."""

    def __init__(self, mind: Mind, now: datetime, channel: str = "telegram", **contact: object) -> None:
        self.mind, self.now = mind, now
        self.contact = replace(Contact("c", Address(channel, "c"), now), **contact)  # type: ignore[arg-type]
        self.session = Session()

    def say(self, text: str, **inbound: object) -> Handled:
        message = replace(Inbound(self.contact.address, "1", text, self.now), **inbound)  # type: ignore[arg-type]
        handled = self.mind.pipeline.handle(message, self.contact, self.session, self.now)
        self.contact, self.session = handled.result.contact, handled.result.session
        return handled

    def script(self) -> ScriptChoice | None:
        return self.contact.script

    def consent(self) -> Consent:
        return self.contact.consent

    def text(self, text: str, **inbound: object) -> str:
        return "\n".join(outbound.text for outbound in self.say(text, **inbound).outbounds)


@pytest.fixture
def talk(mind: Mind, now: datetime) -> Talk:
    return Talk(mind, now)


def test_the_answer_comes_in_the_letters_that_were_written(talk: Talk) -> None:
    assert talk.text("mere dhan me tana chedak lag gaya hai").isascii()
    assert talk.contact.language == "hi"
    assert talk.script() is ScriptChoice.LATIN
    assert "धान" in talk.text("मेरे धान में तना छेदक लग गया है")
    assert talk.script() is ScriptChoice.NATIVE


def test_script_can_be_chosen(talk: Talk) -> None:
    talk.say("मेरे धान में तना छेदक लग गया है")
    assert talk.say("ABC").understanding.intent is Intent.SET_SCRIPT
    assert talk.script() is ScriptChoice.LATIN


def test_a_chosen_language_yields_only_to_strong_evidence(talk: Talk) -> None:
    talk.say("hindi")
    assert (talk.contact.language, talk.contact.language_chosen) == ("hi", True)
    assert talk.say("wheat rust").language == "hi"
    assert talk.say("what is the best way to control stem borer in my rice field").language == "en"


def test_an_unknown_language_is_asked_for_and_then_the_question_is_answered(talk: Talk) -> None:
    asked = talk.say("🙏")
    assert asked.result.reply.outcome is Outcome.ASKED_BACK
    assert talk.session.pending is Pending.LANGUAGE
    assert {"English", "हिन्दी", "తెలుగు", "Kiswahili"} <= {reply.label for reply in asked.outbounds[0].quick_replies}


def test_the_question_that_waited_for_a_language_is_answered_after_the_choice(talk: Talk) -> None:
    talk.session = Session(pending=Pending.LANGUAGE, question="dhan me jhonka rog", choices=("language:hi",))
    answered = talk.say("1")
    assert talk.contact.language == "hi"
    assert answered.result.reply.cards[0].id == "rice/blast"


def test_a_language_that_is_known_but_not_spoken_is_named(talk: Talk) -> None:
    refused = talk.text("какое удобрение нужно для картофеля весной")
    assert "English" in refused
    assert talk.contact.language is None


def test_the_region_decides_about_schemes(mind: Mind, now: datetime) -> None:
    question = "PM KISAN money has not come"
    at_home = Talk(mind, now).say(question)
    assert at_home.result.reply.cards[0].id == "schemes/pm-kisan"
    abroad = Talk(mind, now, place=Place("Kitale", "KE-42")).say(question)
    assert abroad.result.reply.outcome is not Outcome.ANSWERED


def test_a_location_is_noted_and_the_waiting_weather_question_answered(talk: Talk) -> None:
    talk.contact = replace(talk.contact, language="en")
    asked = talk.say("will it rain tomorrow")
    assert talk.session.pending is Pending.PLACE
    assert asked.outbounds[0].ask_location
    talk.say("", kind=InboundKind.LOCATION, location=Location(29.15, 75.72))
    assert talk.contact.place
    assert talk.contact.place.region == "IN-HR"


@pytest.mark.parametrize(
    "kind", [InboundKind.PHOTO, InboundKind.VOICE, InboundKind.STICKER, InboundKind.EDIT, InboundKind.OTHER]
)
def test_media_get_a_useful_reply(talk: Talk, kind: InboundKind) -> None:
    said = talk.text("", kind=kind)
    assert said == talk.mind.locales.text(f"media.{kind}", "en")


def test_a_text_that_is_too_long_is_not_half_understood(talk: Talk) -> None:
    handled = talk.say("my rice has stem borer " * LONGEST_TEXT)
    assert handled.result.reply.text == talk.mind.locales.text("input.long", "en")


def test_after_stop_only_first_aid_goes_out(talk: Talk) -> None:
    assert talk.say("STOP").outbounds[0].purpose is Purpose.FAREWELL
    assert talk.consent() is Consent.STOPPED
    assert talk.say("my rice has stem borer").outbounds == ()
    assert talk.say("MORE").outbounds == ()
    aid = talk.say("snake bite! help, she was bitten by a snake")
    assert aid.outbounds[0].purpose is Purpose.FAREWELL
    assert "112" in aid.outbounds[0].text or "108" in aid.outbounds[0].text
    assert talk.consent() is Consent.STOPPED
    assert talk.say("START").outbounds
    assert talk.consent() is Consent.ACTIVE


def test_an_emergency_is_told_to_an_officer(talk: Talk) -> None:
    handled = talk.say("मेरे भाई ने कीटनाशक पी लिया है")
    assert handled.understanding.intent is Intent.REPORT_EMERGENCY
    assert handled.result.handoff
    assert handled.result.handoff.reason == "emergency:pesticide-poisoning"


def test_after_two_questions_back_the_bot_stops_asking(talk: Talk) -> None:
    outcomes = [talk.say("fertiliser dose").result.reply.outcome for _ in range(3)]
    assert outcomes == [Outcome.ASKED_BACK, Outcome.ASKED_BACK, Outcome.ABSTAINED]


def test_sms_keeps_to_its_budget_and_more_goes_on_to_the_end(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, channel="sms")
    talk.say("मेरे धान में तना छेदक लग गया है")
    parts = []
    while talk.session.more:
        parts.append(talk.text("1"))
        assert len(parts[-1]) <= 134
    assert len(parts) >= 4
    assert talk.text("और") == mind.locales.text("more.none", "hi")


def test_numbers_choose_where_there_are_no_buttons(mind: Mind, now: datetime) -> None:
    talk = Talk(mind, now, channel="sms")
    asked = talk.say("गेहूं")
    assert asked.outbounds[0].quick_replies
    chosen = talk.say("1")
    assert chosen.result.reply.outcome is Outcome.ANSWERED
    assert chosen.result.reply.cards[0].crop == "wheat"
