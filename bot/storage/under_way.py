"""Warnings that are under way when somebody subscribes: handed over once more, so that she gets them, too."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from bot.domain.alerts import EventKind
from bot.domain.weather import Cell
from bot.storage.alert_tables import alert_states, alerts


def hand_over_again(connection: Connection, cell: Cell, region: str, crops: Collection[str]) -> None:
    """Opens the last word of each warning under way there, if it is for everybody or for growers of one of the crops.

    Who has got it gets nothing, since rows of the outbox have keys; what is too late by now is dropped as usual."""
    here = (alert_states.c.north == cell.north, alert_states.c.east == cell.east, alert_states.c.region == region)
    states = connection.execute(select(alert_states.c.state, alert_states.c.episode).where(*here))
    episodes = [row.episode for row in states if not row.state["over"]]
    if not episodes:
        return
    words = select(alerts.c.id, alerts.c.episode, alerts.c.kind, alerts.c.crop).where(alerts.c.episode.in_(episodes))
    last = {row.episode: row for row in connection.execute(words.order_by(alerts.c.raised_at, alerts.c.id))}
    for_her = [
        row.id for row in last.values() if row.kind != EventKind.CLEAR and (row.crop is None or row.crop in crops)
    ]
    if for_her:
        connection.execute(update(alerts).where(alerts.c.id.in_(for_her)).values(done_at=None))
