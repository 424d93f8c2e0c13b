"""Keeps the forecasts of subscribed cells fresh: a few each time, so that calls are spread over the hours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import structlog

from bot.clients.forecasts import FRESH, Forecasts
from bot.domain.errors import ProviderError
from bot.domain.weather import Cell
from bot.storage.subscriptions import Subscriptions

log = structlog.get_logger()
TICK = timedelta(minutes=5)
"""How often it is done."""
AT_ONCE = 4
"""Requests at the same time."""
FEWEST = 20
"""Cells each time, where there are so few that this is not yet much."""
PATIENCE = 8
"""Cells in a row that got nothing, after which the rest waits for the next time."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """The fetch job. `calls_an_hour` is what the sources allow: with more cells each is fetched less often."""

    subscriptions: Subscriptions
    forecasts: Forecasts
    clock: Callable[[], datetime]
    calls_an_hour: int

    def run(self) -> int:
        """Fetches the forecasts that are due now, oldest first; returns how many cells have a new one."""
        now = self.clock()
        cells = self.subscriptions.follow_cells()
        period = max(FRESH, timedelta(hours=cells / self.calls_an_hour))
        share = max(ceil(cells * (TICK / period)), FEWEST)
        due = self.subscriptions.cells_to_fetch(now - period, now, share)
        fetched: dict[Cell, datetime] = {}
        failures = 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="forecast") as pool:
            for start in range(0, len(due), PATIENCE):
                if failures >= PATIENCE:
                    break
                part = due[start : start + PATIENCE]
                found = {cell: at for cell, at in zip(part, pool.map(self.fetch, part), strict=True) if at}
                failures = 0 if found else failures + len(part)
                fetched |= found
        self.subscriptions.note_fetched(fetched)
        if len(fetched) < len(due):
            log.warning("forecasts missing", cells=len(due) - len(fetched))
        return len(fetched)

    def fetch(self, cell: Cell) -> datetime | None:
        """When the newest forecast of a cell was fetched, if that is within the hour; None when there is no such."""
        try:
            forecast = self.forecasts.of(cell)
        except ProviderError:
            return None
        return forecast.fetched_at if self.forecasts.is_fresh(forecast) else None
