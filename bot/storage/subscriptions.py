"""Where subscribers are and what they grow, by cell: what evaluating needs, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.sql.elements import Tuple

from bot.domain.weather import Cell
from bot.storage.alert_tables import alert_cells, subscribed_crops, subscriptions
from bot.storage.columns import KeyText, UtcDateTime
from bot.storage.store import Store

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """The part of a cell that lies in a region (ISO 3166, "" where unknown): what is evaluated at once."""

    cell: Cell
    region: str


Sowings = dict[Area, frozenset[tuple[str, date | None]]]
"""Crops grown in an area with their sowing dates, None where unknown."""


class Subscriptions(Store):
    """Reads by cell; rows are written with their contacts (bot.storage.subscribed)."""

    def follow_cells(self) -> int:
        """Brings the list of cells up to date with the subscriptions; returns how many there are.

        All is looked through without the write lock, which is taken for what has changed only.
        """
        lived_in = select(*columns_of(subscriptions)).distinct().subquery()
        listed = select(literal(1)).where(same_area(lived_in, alert_cells)).exists()
        inhabited = select(literal(1)).where(same_area(alert_cells, subscriptions)).exists()
        with self.database.read() as connection:
            new = connection.execute(select(lived_in).where(~listed)).all()
            empty = connection.execute(select(*columns_of(alert_cells)).where(~inhabited)).all()
            count = connection.execute(select(func.count()).select_from(alert_cells)).scalar_one()
        if new or empty:
            with self.database.write() as connection:
                if new:
                    rows = [dict(row._mapping) for row in new]
                    connection.execute(self.insert(alert_cells).on_conflict_do_nothing(), rows)
                if empty:
                    connection.execute(delete(alert_cells).where(~inhabited))
        return count + len(new) - len(empty)

    def cells_to_fetch(self, before: datetime, now: datetime, limit: int) -> list[Cell]:
        """Cells whose forecast is not newer than a time (or from the future: a clock went back), oldest first."""
        old = or_(
            alert_cells.c.fetched_at.is_(None), alert_cells.c.fetched_at <= before, alert_cells.c.fetched_at > now
        )
        oldest = func.min(func.coalesce(alert_cells.c.fetched_at, literal(NEVER, UtcDateTime)))
        query = (
            select(alert_cells.c.north, alert_cells.c.east)
            .where(old)
            .group_by(alert_cells.c.north, alert_cells.c.east)
            .order_by(oldest, alert_cells.c.north, alert_cells.c.east)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [Cell(row.north, row.east) for row in connection.execute(query)]

    def note_fetched(self, fetched: Mapping[Cell, datetime]) -> None:
        """How new the forecasts of cells are."""
        # In the order in which evaluations lock them, else PostgreSQL may have to break a deadlock.
        rows = [{"n": cell.north, "e": cell.east, "at": at} for cell, at in sorted(fetched.items())]
        if not rows:
            return
        there = and_(alert_cells.c.north == bindparam("n"), alert_cells.c.east == bindparam("e"))
        with self.database.write() as connection:
            connection.execute(update(alert_cells).where(there).values(fetched_at=bindparam("at")), rows)

    def areas_to_evaluate(self, slot: datetime, now: datetime, limit: int, after: Area | None = None) -> list[Area]:
        """Areas not yet evaluated for the hour `slot`, in order; the clock may have gone back."""
        where = or_(
            alert_cells.c.evaluated_at.is_(None), alert_cells.c.evaluated_at < slot, alert_cells.c.evaluated_at > now
        )
        query = select(alert_cells).where(where).order_by(*columns_of(alert_cells)).limit(limit)
        if after is not None:
            query = query.where(key_of(alert_cells) > values_of(after))
        with self.database.read() as connection:
            return [area_of(row) for row in connection.execute(query)]

    def areas(self) -> list[Area]:
        """All areas with subscribers as of the last evaluation, in order."""
        with self.database.read() as connection:
            rows = connection.execute(select(*columns_of(alert_cells)).order_by(*columns_of(alert_cells)))
            return [area_of(row) for row in rows]

    def sowings(self, areas: Sequence[Area]) -> Sowings:
        """What is grown in areas that follow each other, from the first to the last."""
        if not areas:
            return {}
        query = (
            select(*columns_of(subscribed_crops), subscribed_crops.c.crop, subscribed_crops.c.sown)
            .where(between(subscribed_crops, areas))
            .distinct()
        )
        found: dict[Area, set[tuple[str, date | None]]] = {}
        with self.database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(area_of(row), set()).add((row.crop, row.sown))
        return {area: frozenset(crops) for area, crops in found.items()}

    def means(self, areas: Sequence[Area]) -> dict[Area, dict[date, float]]:
        """Daily mean temperatures (°C) that were kept for areas that follow each other."""
        if not areas:
            return {}
        query = select(*columns_of(alert_cells), alert_cells.c.means).where(between(alert_cells, areas))
        with self.database.read() as connection:
            rows = connection.execute(query.where(alert_cells.c.means.is_not(None))).all()
        return {area_of(row): {date.fromisoformat(day): mean for day, mean in row.means.items()} for row in rows}

    def digest_areas(self, limit: int, after: Area | None = None) -> list[Area]:
        """Areas with subscribers of the weekly message, in order."""
        query = (
            select(*columns_of(subscriptions))
            .where(subscriptions.c.digest)
            .distinct()
            .order_by(*columns_of(subscriptions))
            .limit(limit)
        )
        if after is not None:
            query = query.where(key_of(subscriptions) > values_of(after))
        with self.database.read() as connection:
            return [area_of(row) for row in connection.execute(query)]


def columns_of(table: Any) -> tuple[Any, Any, Any]:
    """The columns that name an area."""
    return table.c.north, table.c.east, table.c.region


def key_of(table: Any) -> Tuple:
    """The same as one value that compares."""
    return tuple_(*columns_of(table))


def values_of(area: Area) -> Tuple:
    """An area as such a value."""
    return tuple_(literal(area.cell.north), literal(area.cell.east), literal(area.region, KeyText))


def between(table: Any, areas: Sequence[Area]) -> ColumnElement[bool]:
    """Rows of areas from the first to the last of a list in order."""
    return and_(key_of(table) >= values_of(areas[0]), key_of(table) <= values_of(areas[-1]))


def here(table: Any, area: Area) -> ColumnElement[bool]:
    """Rows of one area."""
    return and_(table.c.north == area.cell.north, table.c.east == area.cell.east, table.c.region == area.region)


def same_area(one: Any, other: Any) -> ColumnElement[bool]:
    """Rows of the same area in two tables."""
    return and_(*(a == b for a, b in zip(columns_of(one), columns_of(other), strict=True)))


def area_of(row: Any) -> Area:
    """The area of a row."""
    return Area(Cell(row.north, row.east), row.region)
