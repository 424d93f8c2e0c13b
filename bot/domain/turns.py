"""One exchange: what was meant, what is remembered between messages, what was decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.contacts import ConsentEvent, Contact
from bot.domain.messages import Inbound, Outbound, Purpose, QuickReply


class Intent(StrEnum):
    """What a contact wants, verb first. The ids stand in locales/intents.yaml."""

    ASK_ADVICE = "ask_advice"
    GET_WEATHER = "get_weather"
    GET_PRICE = "get_price"
    GREET = "greet"
    THANK = "thank"
    GET_HELP = "get_help"
    GET_MORE = "get_more"
    GET_SOURCE = "get_source"
    SET_LANGUAGE = "set_language"
    SET_SCRIPT = "set_script"
    SET_PLACE = "set_place"
    TALK_TO_PERSON = "talk_to_person"
    START = "start"
    STOP = "stop"
    FORGET = "forget"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    REPORT_EMERGENCY = "report_emergency"
    UNCLEAR = "unclear"


class Outcome(StrEnum):
    """How a turn ended, as `khetdoot ask` prints it."""

    ANSWERED = "answered"
    ASKED_BACK = "asked_back"
    HANDED_OFF = "handed_off"
    ABSTAINED = "abstained"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """A BCP 47 tag (`hi`, `hi-Latn`, `und`), its ISO 15924 script (`Deva`, `Latn`, `Zyyy`) and a probability."""

    tag: str
    script: str
    confidence: float

    @property
    def language(self) -> str:
        """The tag without its script: `hi` for `hi-Latn`."""
        return self.tag.split("-")[0]


@dataclass(frozen=True, slots=True)
class Entities:
    """Taxonomy ids found in a text, in order of appearance; `places` are names in English."""

    crops: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    excluded_crops: tuple[str, ...] = ()
    """Crops that were named to be ruled out ("not rice, wheat")."""
    other_crops: tuple[str, ...] = ()
    """Crops and animals that were named and have no id, as written: there is no advice on them."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text means, as far as it shows. `terms` are the normalised content words that search uses."""

    text: str
    language: DetectedLanguage
    intent: Intent
    topic: str | None = None
    topics: tuple[str, ...] = ()
    """All topics the words point to, likeliest first; `topic` is the first."""
    entities: Entities = Entities()
    terms: tuple[str, ...] = ()
    argument: str = ""
    """What a command carries: the language of `set_language`, the place of `set_place`, the kind of an emergency."""
    follow_up: bool = False
    """The text leans on what was said before ("and for wheat?", "how much?")."""


class Pending(StrEnum):
    """A question that the bot has asked and whose answer it waits for."""

    CROP = "crop"
    PROBLEM = "problem"
    PART = "part"
    LANGUAGE = "language"
    PLACE = "place"
    CONFIRM_FORGET = "confirm_forget"
    FARM_CROPS = "farm_crops"
    """Which crops she grows, to be warned for."""
    SOWING = "sowing"
    """When she sowed the first of the session's crops."""


@dataclass(frozen=True, slots=True)
class Session:
    """Short memory, kept in Redis for hours. All fields are plain so that it is stored as JSON."""

    question: str = ""
    topics: tuple[str, ...] = ()
    entities: Entities = Entities()
    pending: Pending | None = None
    choices: tuple[str, ...] = ()
    """What the buttons or numbers of the last question stand for, in order: `crop:rice`, `topic:pest`, `language:hi`"""
    more: tuple[str, ...] = ()
    """Texts that MORE continues with, first one next."""
    card_id: str = ""
    attribution: str = ""
    """Whose data the last answer told, where no card stands behind it."""
    asked: int = 0
    """How often in a row the bot has asked back about the same question."""


@dataclass(frozen=True, slots=True)
class CardScore:
    """A card as `ask` lists it: the crop and topic it was found for, score in 0..1."""

    id: str
    crop: str | None
    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What a skill decided to say, in the contact's language and native script, before romanising and fitting."""

    text: str
    outcome: Outcome
    short: str = ""
    """The same for SMS; empty: `text` is short enough."""
    quick_replies: tuple[QuickReply, ...] = ()
    ask_location: bool = False
    cards: tuple[CardScore, ...] = ()
    steps: tuple[str, ...] = ()
    engine: str = "cards"
    more: tuple[str, ...] = ()
    """Texts kept for MORE when the channel is short."""
    image: bytes = b""
    """A PNG that goes with the text where the channel shows pictures; the text says the same without it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message with all that is known when it is answered; what a skill gets."""

    inbound: Inbound
    contact: Contact
    session: Session
    understanding: Understanding
    language: str
    """The language of the answer, one that the bot speaks; native script, romanised later if need be."""
    now: datetime
    short: bool = False
    """The channel counts segments: short texts, numbers for buttons, MORE."""
    region: str | None = None
    progress: Callable[[str], None] | None = None
    """Where she can watch an answer being written: is handed the text so far, in native script. Never raises."""


@dataclass(frozen=True, slots=True)
class HandoffRequest:
    """A question for a person: why, and what the officer is to read."""

    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a skill returns: the reply, and contact and session as they shall be after it."""

    reply: Reply
    contact: Contact
    session: Session
    consent: tuple[ConsentEvent, ...] = ()
    handoff: HandoffRequest | None = None
    extra: tuple[Outbound, ...] = ()
    """Messages to others than the contact, such as an officer's answer on its way to a farmer."""
    purpose: Purpose = Purpose.REPLY
    forget: bool = False
    """Erase the contact once the reply is out."""
