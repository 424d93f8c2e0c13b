"""Questions that wait for a person, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from bot.storage.store import Store
from bot.storage.tables import handoffs

ID_DIGITS = 6
"""Short enough to be said on the telephone."""


class HandoffState(StrEnum):
    """A closed handoff stays closed; an answered one may be answered again (officers add a word)."""

    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    CLOSED = "closed"


ALLOWED = {
    HandoffState.CLAIMED: (HandoffState.OPEN,),
    HandoffState.ANSWERED: (HandoffState.OPEN, HandoffState.CLAIMED, HandoffState.ANSWERED),
    HandoffState.CLOSED: (HandoffState.OPEN, HandoffState.CLAIMED, HandoffState.ANSWERED),
}
"""For each state those it may follow."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A question at the officers'. Without contact and question once the contact is forgotten."""

    id: str
    contact_id: str | None
    inbox_id: int | None
    question: str
    reason: str
    state: HandoffState
    officer: str | None
    opened_at: datetime
    claimed_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None


class Handoffs(Store):
    """Handoffs by their short id. What changes one returns False when its state does not allow that."""

    def open(self, contact_id: str, inbox_id: int | None, question: str, reason: str) -> Handoff:
        """Opens a handoff; one message opens one only, however often this is called."""
        columns = {
            "contact_id": contact_id,
            "inbox_id": inbox_id,
            "question": question,
            "reason": reason,
            "state": HandoffState.OPEN,
            "opened_at": self.clock(),
        }
        with self.database.write() as connection:
            while True:
                insert = self.insert(handoffs).values(columns | {"id": self.ids()[-ID_DIGITS:]})
                new = connection.execute(insert.on_conflict_do_nothing().returning(handoffs)).first()
                known = new or find(connection, handoffs.c.inbox_id == inbox_id)
                if known is not None:
                    return handoff_from(known)
                # Neither new nor known: the short id was taken, so another one.

    def get(self, handoff_id: str) -> Handoff | None:
        """By id."""
        with self.database.read() as connection:
            row = find(connection, handoffs.c.id == handoff_id)
        return handoff_from(row) if row is not None else None

    def list_open(self, limit: int = 100) -> list[Handoff]:
        """Those that still wait for an answer, oldest first."""
        waiting = handoffs.c.state.in_([HandoffState.OPEN, HandoffState.CLAIMED])
        query = select(handoffs).where(waiting).order_by(handoffs.c.opened_at, handoffs.c.id).limit(limit)
        with self.database.read() as connection:
            return [handoff_from(row) for row in connection.execute(query)]

    def claim(self, handoff_id: str, officer: str) -> bool:
        """An officer takes it; True also when it is hers already."""
        if self.move(handoff_id, HandoffState.CLAIMED, officer=officer, claimed_at=self.clock()):
            return True
        handoff = self.get(handoff_id)
        return handoff is not None and handoff.state == HandoffState.CLAIMED and handoff.officer == officer

    def answer(self, handoff_id: str, officer: str) -> bool:
        """It was answered, by whoever did; the time is that of the first answer."""
        first = func.coalesce(handoffs.c.answered_at, self.clock(), type_=handoffs.c.answered_at.type)
        return self.move(handoff_id, HandoffState.ANSWERED, officer=officer, answered_at=first)

    def close(self, handoff_id: str) -> bool:
        """Nothing more is to be done."""
        return self.move(handoff_id, HandoffState.CLOSED, closed_at=self.clock())

    def move(self, handoff_id: str, state: HandoffState, **values: Any) -> bool:
        """One step, if allowed; of several at the same time one wins."""
        statement = update(handoffs).where(handoffs.c.id == handoff_id, handoffs.c.state.in_(ALLOWED[state]))
        with self.database.write() as connection:
            return connection.execute(statement.values(values | {"state": state})).rowcount == 1


def find(connection: Connection, condition: Any) -> Row[Any] | None:
    """The one row."""
    return connection.execute(select(handoffs).where(condition)).first()


def handoff_from(row: Row[Any]) -> Handoff:
    """A row as a value."""
    return Handoff(**{**row._mapping, "state": HandoffState(row.state)})
