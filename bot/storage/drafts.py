"""Answers while they are being written, for as long as that takes: a lost one costs a look, never an answer."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from bot.domain.messages import Address
from bot.storage.cache import Cache

KEEP = timedelta(minutes=5)
"""Longer than a crashed worker's message waits for its next attempt."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text so far of the answer to a message of the inbox, and what the channel calls the message that shows it.

    The text is empty once the answer is about to be queued.
    """

    inbox_id: int
    text: str
    shown: str = ""

    @property
    def version(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(self.text.encode(errors="surrogatepass")).hexdigest()[:12]


DRAFT = TypeAdapter(Draft)


class Drafts:
    """One draft an address."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def keep(self, address: Address, draft: Draft) -> None:
        """Replaces what was kept; failing to is no error."""
        self.cache.set(key_of(address), asdict(draft), KEEP)

    def of(self, address: Address) -> Draft | None:
        """What is being written to an address now, as far as known."""
        try:
            return DRAFT.validate_python(self.cache.get(key_of(address)))
        except ValidationError:
            return None


def key_of(address: Address) -> str:
    """A digest, since Redis need not know who she is."""
    return f"draft:{hashlib.sha256(str(address).encode(errors='surrogatepass')).hexdigest()}"
