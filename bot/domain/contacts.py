"""Who writes to us, and what she has told us of herself and agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.messages import Address, Location


class Consent(StrEnum):
    """Whether we may write. A contact who writes first has consented to an answer, not to alerts."""

    ACTIVE = "active"
    STOPPED = "stopped"


class ScriptChoice(StrEnum):
    """Letters that answers come in: as the contact last wrote, or as she chose."""

    NATIVE = "native"
    LATIN = "latin"


@dataclass(frozen=True, slots=True)
class Place:
    """A named place; `region` is an ISO 3166 code such as IN-UP, `name` is in English."""

    name: str
    region: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Farm:
    """What is known of a contact's fields: crops (taxonomy ids) and their sowing dates where told."""

    crops: tuple[str, ...] = ()
    sown: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an address. `language` is BCP 47 without script; None until known."""

    id: str
    address: Address
    created_at: datetime
    language: str | None = None
    language_chosen: bool = False
    """True when she picked the language herself; then evidence from a text no longer changes it silently."""
    script: ScriptChoice | None = None
    place: Place | None = None
    farm: Farm = Farm()
    consent: Consent = Consent.ACTIVE
    alerts: bool = False
    digest: bool = False
    """She wants the weather of the week, too; counts only with `alerts`."""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One line of the consent ledger: what she did, by which words, when."""

    contact_id: str
    action: str
    words: str
    at: datetime
