"""The way from an alert to the outbox rows of all its readers, in transactions that stay short.

Each row's key is the order's id and the contact's: a doubled, late or repeated order adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from bot.domain.weather import Cell
from bot.storage.alert_tables import alerts, subscriptions
from bot.storage.letters import (
    FIRST_LANGUAGE,
    FIRST_SCRIPT,
    Order,
    Readers,
    letter_values,
    letters_to_rows,
    order_values,
    overtake,
)
from bot.storage.store import Store
from bot.storage.subscribed import REFERENCE
from bot.storage.subscriptions import Area, columns_of, here, key_of
from bot.storage.tables import contacts, outbox

PAGE = 10_000
"""Rows in one transaction: about a second for which a single-writer database is busy."""


class Mailings(Store):
    """The way from alerts to the outbox."""

    def readers(self, areas: Sequence[Area], *, digest: bool = False) -> dict[Area, list[Readers]]:
        """Who reads what where, with numbers of contacts."""
        found: dict[Area, list[Readers]] = {area: [] for area in areas}
        if not areas:
            return found
        language = func.coalesce(contacts.c.language, FIRST_LANGUAGE)
        script = func.coalesce(contacts.c.script, FIRST_SCRIPT)
        same = (*columns_of(subscriptions), language, script, contacts.c.channel, subscriptions.c.place)
        query = select(*same, func.count()).join_from(subscriptions, contacts).where(within(areas)).group_by(*same)
        if digest:
            query = query.where(subscriptions.c.digest)
        with self.database.read() as connection:
            for north, east, region, *readers in connection.execute(query):
                found[Area(Cell(north, east), region)].append(Readers(*readers))
        return found

    def queue(self, orders: Sequence[Order]) -> int:
        """Queues what is ordered, PAGE rows or so in a transaction; what was queued before stays as it is.

        Returns how many rows are new. After a crash the same orders complete what the first attempt has begun.
        """
        bundle: list[Order] = []
        queued = 0
        for order in orders:
            if bundle and sum(one.size for one in bundle) + order.size > PAGE:
                queued += self.queue_bundle(bundle)
                bundle = []
            if order.size > PAGE:
                queued += self.queue_large(order)
            else:
                bundle.append(order)
        return queued + (self.queue_bundle(bundle) if bundle else 0)

    def queue_bundle(self, orders: Sequence[Order]) -> int:
        """Small orders, all in one transaction; in their order, since a later one may overtake an earlier one."""
        queued = 0
        with self.database.write_much() as connection:
            self.lock(connection, orders)
            for order in orders:
                overtake(connection, order, self.clock())
                queued += self.write_letters(connection, order)
            self.finish(connection, orders)
        return queued

    def queue_large(self, order: Order) -> int:
        """One order for very many, a page of contacts a transaction; done when the last one is."""
        queued = 0
        for after, until in self.pages(order.area):
            with self.database.write_much() as connection:
                self.lock(connection, [order], after, until)
                overtake(connection, order, self.clock())
                queued += self.write_letters(connection, order, after, until)
        with self.database.write() as connection:
            self.finish(connection, [order])
        return queued

    def pages(self, area: Area) -> Iterator[tuple[str, str]]:
        """Ranges of contact ids, the first excluded, the last included."""
        after = ""
        while True:
            ids = select(subscriptions.c.contact_id).where(here(subscriptions, area))
            page = ids.where(subscriptions.c.contact_id > after).order_by(subscriptions.c.contact_id).limit(PAGE)
            with self.database.read() as connection:
                until = connection.execute(select(func.max(page.subquery().c.contact_id))).scalar_one()
            if until is None:
                return
            yield after, until
            after = until

    def lock(self, connection: Connection, orders: Sequence[Order], after: str = "", until: str = "") -> None:
        """Locks the contacts in the order of all others who do (bot.storage.store.lock_contacts), where there are
        several writers."""
        if self.database.sqlite:
            return
        rows = select(contacts.c.id).join(subscriptions).where(within([order.area for order in orders]))
        if until:
            rows = rows.where(subscriptions.c.contact_id > after, subscriptions.c.contact_id <= until)
        rows = rows.order_by(contacts.c.channel, contacts.c.address).with_for_update(key_share=True, of=contacts)
        connection.execute(select(func.count()).select_from(rows.subquery()))

    def write_letters(self, connection: Connection, order: Order, after: str = "", until: str = "") -> int:
        """Inserts the rows of an order for contacts in a range; all without one."""
        now = self.clock()
        shared = order_values(order) | {"now": now, "id_start": f"{int(now.timestamp() * 1_000_000):016x}"}
        if until:
            shared |= {"after": after, "until": until}
        parts: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
        for letter in order.letters:
            for place, part in enumerate(letter.parts):
                parts[place > 0].append(shared | letter_values(letter, place, part))
        options = {"preserve_rowcount": True}
        return sum(
            connection.execute(
                letters_to_rows(self.database.sqlite, order.shape, bool(until), follows),
                rows,
                execution_options=options,
            ).rowcount
            for follows, rows in parts.items()
            if rows
        )

    def finish(self, connection: Connection, orders: Sequence[Order]) -> None:
        """Ends the alerts that were ordered, with the number of their messages."""
        ids = [order.id.removeprefix(REFERENCE) for order in orders]
        rows = select(func.count()).where(outbox.c.reference == REFERENCE + alerts.c.id, outbox.c.reference != "")
        done = update(alerts).where(alerts.c.id.in_(ids), alerts.c.done_at.is_(None))
        connection.execute(done.values(done_at=self.clock(), queued=rows.scalar_subquery()))


def within(areas: Sequence[Area]) -> ColumnElement[bool]:
    """Subscriptions in any of these areas."""
    return key_of(subscriptions).in_([(area.cell.north, area.cell.east, area.region) for area in areas])
