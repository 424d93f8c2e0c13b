"""Which cards are asked for most, from the turns kept: what a model reads ahead when nobody waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from bot.storage.store import Store
from bot.storage.tables import inbox


class Asked(Store):
    """Counts of answers by card."""

    def cards(self, since: datetime, limit: int) -> list[str]:
        """Ids of the cards that answered most since a time, most first."""
        times = func.count()
        query = (
            select(inbox.c.card_id)
            .where(inbox.c.card_id.is_not(None), inbox.c.done_at >= since)
            .group_by(inbox.c.card_id)
            .order_by(times.desc(), inbox.c.card_id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())
