"""What was told of the weather, what rules remember of it, and which alerts are still to be handed to the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, or_, select, update

from bot.domain.alerts import AlertEvent, AlertRecord, AlertState, EventKind, Group, Severity
from bot.domain.weather import Cell
from bot.storage.alert_tables import alert_cells, alert_states, alerts
from bot.storage.store import Store
from bot.storage.subscriptions import Area, area_of, between, here

STATE = TypeAdapter(AlertState)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a rule remembers of an area and group, and the id of the alert that began it."""

    state: AlertState
    episode: str


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert with its audience: who grows `crop` (None: everybody) sown between the two days (None: whenever)."""

    record: AlertRecord
    episode: str
    crop: str | None = None
    sown_from: date | None = None
    sown_until: date | None = None
    queued: int = 0
    """Messages that came of it."""

    @property
    def area(self) -> Area:
        """Where it is for."""
        return Area(self.record.cell, self.record.region or "")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of one area: all that its rules remember now (None: nothing any more), and what is to be told."""

    area: Area
    memories: dict[tuple[str, Group], Memory | None]
    alerts: tuple[StoredAlert, ...] = ()
    means: dict[date, float] | None = None
    """Daily mean temperatures (°C) to keep; None: as they are."""


class Alerts(Store):
    """Alerts and the states of rules."""

    def memories(self, areas: Sequence[Area]) -> dict[Area, dict[tuple[str, Group], Memory]]:
        """What rules remember of areas that follow each other."""
        if not areas:
            return {}
        found: dict[Area, dict[tuple[str, Group], Memory]] = {}
        with self.database.read() as connection:
            for row in connection.execute(select(alert_states).where(between(alert_states, areas))):
                memory = Memory(STATE.validate_python(row.state), row.episode)
                found.setdefault(area_of(row), {})[(row.rule_id, Group.parse(row.audience))] = memory
        return found

    def keep(self, evaluations: Sequence[Evaluation], slot: datetime) -> int:
        """Writes evaluations for the hour `slot`, in one transaction; an area that another process has evaluated for it
        meanwhile is left as it is. Returns how many alerts are to be told."""
        now = self.clock()
        with self.database.write() as connection:
            kept = [one for one in evaluations if self.claim(connection, one, slot, now)]
            for one in kept:
                self.remember(connection, one)
            rows = [alert_columns(alert) for one in kept for alert in one.alerts]
            if rows:
                connection.execute(alerts.insert(), rows)
        return len(rows)

    def claim(self, connection: Connection, one: Evaluation, slot: datetime, now: datetime) -> bool:
        """Whether nobody has evaluated the area for this hour; later hours than now are mistakes of the clock."""
        free = or_(
            alert_cells.c.evaluated_at.is_(None), alert_cells.c.evaluated_at < slot, alert_cells.c.evaluated_at > now
        )
        values: dict[str, Any] = {"evaluated_at": slot}
        if one.means is not None:
            values["means"] = {day.isoformat(): mean for day, mean in one.means.items()}
        mine = update(alert_cells).where(here(alert_cells, one.area), free)
        return connection.execute(mine.values(values)).rowcount == 1

    def remember(self, connection: Connection, one: Evaluation) -> None:
        """Replaces what the rules named in an evaluation remember."""
        north, east, region = one.area.cell.north, one.area.cell.east, one.area.region
        for (rule_id, group), memory in one.memories.items():
            key = {"north": north, "east": east, "region": region, "rule_id": rule_id, "audience": str(group)}
            if memory is None:
                gone = [alert_states.c[name] == value for name, value in key.items()]
                connection.execute(delete(alert_states).where(*gone))
                continue
            values = {"state": STATE.dump_python(memory.state, mode="json"), "episode": memory.episode}
            statement = self.insert(alert_states).values(key | values)
            connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))

    def pending(self, now: datetime, limit: int) -> list[StoredAlert]:
        """Alerts that are still to be handed to the outbox, oldest first; those past their time are ended."""
        waiting, late = alerts.c.done_at.is_(None), alerts.c.valid_until <= now
        query = select(alerts).where(waiting, ~late).order_by(alerts.c.raised_at, alerts.c.id).limit(limit)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            some_late = connection.execute(select(alerts.c.id).where(waiting, late).limit(1)).first()
        if some_late:
            with self.database.write() as connection:
                connection.execute(update(alerts).where(waiting, late).values(done_at=now))
        return [alert_from(row) for row in rows]

    def get(self, alert_id: str) -> StoredAlert | None:
        """By id; None where there is none."""
        with self.database.read() as connection:
            row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).first()
        return alert_from(row) if row else None

    def latest(
        self,
        limit: int = 50,
        *,
        rule_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[StoredAlert]:
        """The latest alerts, newest first, of one rule or of all, raised from `since` on and before `until`."""
        query = select(alerts).order_by(alerts.c.raised_at.desc(), alerts.c.id).limit(limit)
        if rule_id is not None:
            query = query.where(alerts.c.rule_id == rule_id)
        if since is not None:
            query = query.where(alerts.c.raised_at >= since)
        if until is not None:
            query = query.where(alerts.c.raised_at < until)
        with self.database.read() as connection:
            return [alert_from(row) for row in connection.execute(query)]


def alert_columns(alert: StoredAlert) -> dict[str, Any]:
    """A new alert by column."""
    record, event = alert.record, alert.record.event
    return {
        "id": record.id,
        "episode": alert.episode,
        "kind": event.kind,
        "rule_id": event.rule_id,
        "rule_version": event.rule_version,
        "severity": int(event.severity),
        "north": record.cell.north,
        "east": record.cell.east,
        "region": record.region or "",
        "zone": record.zone,
        "audience": str(record.group),
        "crop": alert.crop,
        "sown_from": alert.sown_from,
        "sown_until": alert.sown_until,
        "text": event.text,
        "inputs": [list(pair) for pair in event.inputs],
        "starts": event.starts,
        "ends": event.ends,
        "valid_until": event.valid_until,
        "source": record.source,
        "fetched_at": record.fetched_at,
        "raised_at": record.raised_at,
        "queued": 0,
    }


def alert_from(row: Any) -> StoredAlert:
    """The alert of a row."""
    event = AlertEvent(
        EventKind(row.kind),
        row.rule_id,
        row.rule_version,
        Severity(row.severity),
        row.text,
        row.starts,
        row.ends,
        row.valid_until,
        tuple((name, value) for name, value in row.inputs),
    )
    record = AlertRecord(
        row.id,
        Cell(row.north, row.east),
        row.region or None,
        row.zone,
        Group.parse(row.audience),
        event,
        row.raised_at,
        row.source,
        row.fetched_at,
    )
    return StoredAlert(record, row.episode, row.crop, row.sown_from, row.sown_until, row.queued)
