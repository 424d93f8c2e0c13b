"""`khetdoot ask`: one question or a file of them through the whole pipeline, without network or stored state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from bot.channels.base import Channel
from bot.domain.contacts import Contact, Place
from bot.domain.errors import KhetdootError
from bot.domain.messages import Address, Inbound
from bot.domain.turns import Outcome, Session
from bot.mind import Mind
from bot.pipeline import Handled

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ENTITIES = ("crops", "problems", "parts", "stages", "inputs", "places")


@dataclass
class Asker:
    """Answers questions one after the other; those of one `contact` are one conversation, kept in this process only."""

    mind: Mind
    channels: dict[str, Channel]
    now: datetime
    known: dict[str, tuple[Contact, Session]] = field(default_factory=dict)

    def ask(self, text: str, *, channel: str, contact: str = "", place: Place | None = None) -> dict[str, Any]:
        """The answer as DESIGN §6 lists its fields. Raises KhetdootError for an unknown channel."""
        if channel not in self.channels:
            raise KhetdootError(f"unknown channel {channel!r}: use one of {', '.join(self.channels)}")
        start = perf_counter()
        address = Address(channel, contact or "nobody")
        fresh = (Contact("nobody", address, EPOCH, place=place), Session())
        who, session = self.known.get(contact, fresh) if contact else fresh
        if place:
            who = replace(who, place=place)
        inbound = Inbound(address, "ask", text, self.now)
        handled = self.mind.pipeline.handle(inbound, who, session, self.now)
        parts = [
            shown
            for outbound in handled.outbounds
            for fitted in self.channels[channel].fit(outbound)
            for shown in self.channels[channel].preview(fitted)
        ]
        if contact:
            self.known[contact] = (handled.result.contact, handled.result.session)
        return {**report(handled), "parts": parts, "seconds": round(perf_counter() - start, 6)}

    def ask_lines(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """JSON lines `{"id","text","contact"?,"place"?,"channel"?}` in, answers out; a bad line has outcome `error`."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            identity: Any = number
            try:
                asked = json.loads(line)
                identity = asked.get("id", number)
                answer = self.ask(
                    str(asked["text"]),
                    channel=asked.get("channel") or "console",
                    contact=str(asked.get("contact") or ""),
                    place=self.mind.find_place(str(asked["place"])) if asked.get("place") else None,
                )
            except (ValueError, KeyError, AttributeError, KhetdootError) as error:
                answer = {"outcome": Outcome.ERROR, "error": f"line {number}: {type(error).__name__}: {error}"}
            yield {"id": identity, **answer}


def report(handled: Handled) -> dict[str, Any]:
    """What was understood and decided, ready for JSON."""
    understanding, reply = handled.understanding, handled.result.reply
    return {
        "language": understanding.language.tag,
        "script": understanding.language.script,
        "intent": understanding.intent,
        "topic": understanding.topic,
        "entities": {name: list(getattr(understanding.entities, name)) for name in ENTITIES},
        "cards": [asdict(card) for card in reply.cards],
        "outcome": reply.outcome,
        "steps": list(reply.steps),
        "engine": reply.engine,
    }
