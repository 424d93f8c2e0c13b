"""What must hold for any text at all: nothing raises, one spelling is final, STOP is kept, replies can be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.ask import EPOCH, Asker
from bot.domain.contacts import Consent, Contact, ScriptChoice
from bot.domain.messages import Address
from bot.domain.turns import Intent, Outcome, Session, Understanding
from bot.mind import Mind
from bot.services import preview_channels
from bot.understanding.normalise import fold, normalise
from bot.understanding.romanise import GSM7, romanise

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
CHANNELS = ("telegram", "sms", "console", "web")
WHO = "she"
OPENINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("mere dhan me tana chhedak lag gaya hai",),
    ("khad kitni dalu",),
    ("kal barish hogi kya",),
    ("ਮੇਰਾ ਡੇਟਾ ਮਿਟਾਓ",),
    ("भाषा",),
    ("నా వరిలో కాండం తొలుచు పురుగు వచ్చింది", "telugu ABC"),
    ("hi", "stop"),
)
"""What was said before a text: nothing, an answer, a question back for the crop, for the place, a request to be
forgotten, the choice of a language, another script, STOP."""


class Broken(AssertionError):
    """Something that must hold for any text does not."""


@dataclass
class Checker:
    """Puts texts through everything that reads them; a contact for each opening waits in `standing`."""

    mind: Mind

    def __post_init__(self) -> None:
        self.asker = Asker(self.mind, preview_channels(), NOW)
        self.standing = [self._open(opening) for opening in OPENINGS]

    def check(self, text: str, prior: str | None) -> None:
        """Understanding, spelling and letters. Raises what they raise, and Broken."""
        plain = normalise(text)
        require(normalise(plain) == plain, "normalise is not idempotent")
        require(fold(fold(text)) == fold(text), "fold is not idempotent")
        language = (prior or "hi").split("-")[0]
        require(GSM7.issuperset(romanise(text, language)), "romanise leaves letters outside GSM-7")
        self._known(self.mind.understander.understand(text, prior=prior))

    def answer(self, text: str, opening: int, channel: str) -> None:
        """The whole pipeline, after an opening. Raises what it raises, and Broken."""
        contact, session = self.standing[opening % len(self.standing)]
        self.asker.known = {WHO: (contact, session)}
        answer = self.asker.ask(text, channel=channel, contact=WHO)
        for part in answer["parts"]:
            require(bool(part.strip()), "an empty message goes out")
            part.encode("utf-8")
        require(answer["outcome"] != Outcome.ERROR, "the outcome is an error")
        after = self.asker.known[WHO][0]
        if contact.consent is Consent.STOPPED and after.consent is Consent.STOPPED:
            heard = answer["intent"] in (Intent.REPORT_EMERGENCY, Intent.STOP, Intent.FORGET)
            require(heard or not answer["parts"], "something is sent after STOP")
        if contact.consent is Consent.STOPPED and after.consent is Consent.ACTIVE:
            require(answer["intent"] == Intent.START, "consent comes back without START")

    def _known(self, understanding: Understanding) -> None:
        taxonomy, entities = self.mind.knowledge.taxonomy, understanding.entities
        require(taxonomy.crops.keys() >= {*entities.crops, *entities.excluded_crops}, "a crop without an id")
        require(taxonomy.problems.keys() >= set(entities.problems), "a problem without an id")
        require(understanding.text == normalise(understanding.text), "a text that is not in the one spelling")
        understanding.text.encode("utf-8")
        require(0.0 <= understanding.language.confidence <= 1.0, "a confidence that is no probability")

    def _open(self, opening: tuple[str, ...]) -> tuple[Contact, Session]:
        self.asker.known = {WHO: (Contact(WHO, Address("telegram", WHO), EPOCH), Session())}
        for text in opening:
            self.asker.ask(text, channel="sms", contact=WHO)
        contact, session = self.asker.known[WHO]
        return replace(contact, script=contact.script or ScriptChoice.NATIVE), session


def require(holds: bool, what: str) -> None:
    """Raises Broken with `what` does not hold."""
    if not holds:
        raise Broken(what)
