"""One forecast a cell and hour, whoever asks: cached, fetched once, from a second source if need be, stale at worst."""

from __future__ import annotations

import base64
import threading
import time
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.errors import ProviderError, StorageError
from bot.domain.messages import Location
from bot.domain.weather import SERIES, Cell, Forecast, HourlySeries, Series

FRESH = timedelta(hours=1)
OLDEST = timedelta(hours=48)
"""An older forecast is not served, not even as stale."""
REST = timedelta(seconds=60)
"""After a failure neither the source nor the cell is tried again for this long."""
POLL_SECONDS = 0.05
IN_MEMORY = 256
FORMAT = 1
NOTHING = -32768
SCALES = {"evapotranspiration": 1000.0, "code": 1.0, "rain": 50.0}
"""Steps in which values are kept: 0.001 mm, 1, 0.02 mm; a tenth for all others."""


class Cache(Protocol):
    """What is needed of bot.storage.cache.Cache."""

    def get(self, key: str) -> Any: ...

    def set(self, key: str, value: Any, ttl: timedelta) -> bool: ...

    def once(self, key: str, ttl: timedelta) -> bool: ...

    def allow(self, key: str, rate: float, burst: float = 1.0) -> bool: ...


class Provider(Protocol):
    """A source of forecasts."""

    @property
    def source(self) -> str: ...

    def fetch(self, cell: Cell, seconds: float, known: Forecast | None = None) -> Forecast: ...


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls that a source's terms allow: `burst` at once, then `rate` a second."""

    name: str
    rate: float
    burst: float


BUDGETS = {
    "Open-Meteo": (
        Budget("minute", rate=4.0, burst=300),
        Budget("day", rate=0.09, burst=1500),
    ),
    "MET Norway": (Budget("second", rate=10.0, burst=10),),
}
"""Open-Meteo's free tier: below 600 a minute, 5,000 an hour, 10,000 a day; MET Norway: below 20 a second."""


class Forecasts:
    """Forecasts by cell. `providers` are asked in order; `seconds` is what one answer may take in all."""

    def __init__(
        self,
        providers: Sequence[Provider],
        cache: Cache,
        clock: Callable[[], datetime],
        *,
        budgets: Mapping[str, tuple[Budget, ...]] = BUDGETS,
        seconds: float = 6.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.providers = tuple(providers)
        self.cache = cache
        self.clock = clock
        self.budgets = budgets
        self.seconds = seconds
        self.monotonic = monotonic
        self.sleep = sleep
        self._memory: OrderedDict[Cell, Forecast] = OrderedDict()
        self._locks: dict[Cell, threading.Lock] = {}
        self._guard = threading.Lock()

    def at(self, location: Location) -> Forecast:
        """The forecast of a point's cell; may be stale (see `age`). Raises ProviderError when there is none."""
        return self.of(Cell.of(location))

    def of(self, cell: Cell) -> Forecast:
        """The same of a cell."""
        known = self.known(cell)
        if known and self.is_fresh(known):
            return known
        fetched = self._fetch_once(cell, known, self.monotonic() + self.seconds)
        if fetched:
            return fetched
        if known and self.age(known) <= OLDEST:
            return known
        raise ProviderError("no forecast")

    def known(self, cell: Cell) -> Forecast | None:
        """What is kept of a cell, however old; asks no source."""
        return decode(self.cache.get(key(cell))) or self._memory.get(cell)

    def age(self, forecast: Forecast) -> timedelta:
        """How long ago it was fetched."""
        return self.clock() - forecast.fetched_at

    def is_fresh(self, forecast: Forecast) -> bool:
        """Within the hour, or the source has nothing newer yet."""
        unexpired = forecast.expires_at is not None and self.clock() < forecast.expires_at
        return self.age(forecast) < FRESH or (unexpired and self.age(forecast) < 3 * FRESH)

    def _fetch_once(self, cell: Cell, known: Forecast | None, deadline: float) -> Forecast | None:
        """A new forecast, fetched here or, at the same time, by another thread or process; None when none comes."""
        with self._guard:
            lock = self._locks.setdefault(cell, threading.Lock())
        if not lock.acquire(timeout=max(deadline - self.monotonic(), 0)):
            return None
        try:
            found = self.known(cell)
            if found and self.is_fresh(found):
                return found
            if self.cache.get(failed_key(cell)):
                return None
            if self._may_fetch(cell, known):
                return self._fetch(cell, known, deadline)
            return self._await(cell, deadline)
        finally:
            lock.release()

    def _may_fetch(self, cell: Cell, known: Forecast | None) -> bool:
        """Whether no other process is fetching what follows `known`; without Redis each process fetches for itself."""
        after = f"{known.fetched_at:%Y%m%d%H%M%S}" if known else "nothing"
        try:
            return self.cache.once(f"forecast:{cell}:{after}", timedelta(seconds=self.seconds + 1))
        except StorageError:
            return True

    def _await(self, cell: Cell, deadline: float) -> Forecast | None:
        while self.monotonic() < deadline:
            self.sleep(POLL_SECONDS)
            found = self.known(cell)
            if found and self.is_fresh(found):
                return found
            if self.cache.get(failed_key(cell)):
                return None
        return None

    def _fetch(self, cell: Cell, known: Forecast | None, deadline: float) -> Forecast | None:
        for number, provider in enumerate(self.providers):
            left = deadline - self.monotonic()
            # The first sources leave time for those after them.
            seconds = left / 2 if number + 1 < len(self.providers) else left
            if seconds <= 0 or self.cache.get(rest_key(provider.source)) or not self._affords(provider.source):
                continue
            try:
                forecast = provider.fetch(cell, seconds, known)
            except ProviderError as error:
                rest = timedelta(seconds=error.retry_after) if error.retry_after else REST
                self.cache.set(rest_key(provider.source), 1, max(rest, REST))
                continue
            self._keep(forecast)
            return forecast
        self.cache.set(failed_key(cell), 1, REST)
        return None

    def _affords(self, source: str) -> bool:
        return all(
            self.cache.allow(f"forecast:{source}:{budget.name}", budget.rate, budget.burst)
            for budget in self.budgets.get(source, ())
        )

    def _keep(self, forecast: Forecast) -> None:
        self.cache.set(key(forecast.cell), encode(forecast), OLDEST)
        with self._guard:
            self._memory[forecast.cell] = forecast
            while len(self._memory) > IN_MEMORY:
                self._memory.popitem(last=False)


def key(cell: Cell) -> str:
    """Where a cell's forecast is kept."""
    return f"forecast:{cell}"


def failed_key(cell: Cell) -> str:
    """Set while a cell is not to be tried again."""
    return f"forecast-failed:{cell}"


def rest_key(source: str) -> str:
    """Set while a source is to be left alone."""
    return f"forecast-rest:{source}"


def encode(forecast: Forecast) -> dict[str, Any]:
    """JSON of some 3 kB: series as packed 16-bit steps."""
    hours = forecast.hours
    packed = b"".join(pack(getattr(hours, name), SCALES.get(name, 10.0)) for name in SERIES)
    return {
        "format": FORMAT,
        "cell": [forecast.cell.north, forecast.cell.east],
        "start": hours.start.isoformat(),
        "hours": len(hours),
        "series": base64.b85encode(zlib.compress(packed, 6)).decode(),
        "fetched_at": forecast.fetched_at.isoformat(),
        "source": forecast.source,
        "attribution": forecast.attribution,
        "expires_at": forecast.expires_at.isoformat() if forecast.expires_at else None,
        "last_modified": forecast.last_modified,
    }


def decode(value: Any) -> Forecast | None:
    """The forecast of a kept value; None for anything else."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return None
    try:
        count = int(value["hours"])
        packed = zlib.decompress(base64.b85decode(value["series"]))
        series = {
            name: unpack(packed[2 * count * place : 2 * count * (place + 1)], SCALES.get(name, 10.0))
            for place, name in enumerate(SERIES)
        }
        expires = value["expires_at"]
        return Forecast(
            Cell(*value["cell"]),
            HourlySeries(start=datetime.fromisoformat(value["start"]), **series),
            datetime.fromisoformat(value["fetched_at"]),
            value["source"],
            value["attribution"],
            datetime.fromisoformat(expires) if expires else None,
            value["last_modified"],
        )
    except (KeyError, TypeError, ValueError, zlib.error):
        return None


def pack(values: Series, scale: float) -> bytes:
    """Values as 16-bit steps of 1/scale."""
    steps = (NOTHING if value is None else max(min(round(value * scale), 32767), -32767) for value in values)
    return array("h", steps).tobytes()


def unpack(data: bytes, scale: float) -> Series:
    """The values of `pack`."""
    return tuple(None if step == NOTHING else step / scale for step in array("h", data))
