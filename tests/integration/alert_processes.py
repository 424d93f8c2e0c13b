"""What the kill tests run as processes of their own: `python -m tests.integration.alert_processes ROLE DATABASE`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from uuid import uuid4

from sqlalchemy import Connection

from bot.alerting.dispatching import Dispatching
from bot.alerting.wording import AlertTexts
from bot.domain.alerts import AlertEvent, AlertRecord, EventKind, Group, Severity
from bot.domain.messages import Outbound
from bot.domain.weather import Cell
from bot.domain.zones import QuietHours
from bot.knowledge.places import Gazetteer
from bot.locales import Locales
from bot.skills.place import Places
from bot.storage import mailings
from bot.storage.alerts import Alerts, StoredAlert
from bot.storage.database import Database
from bot.storage.letters import Order
from bot.storage.mailings import Mailings
from bot.understanding.places import PlaceMatcher
from tests.processes import ROOT

PAGE = 40
"""Rows in one transaction, few, so that there is a middle."""
AFTER = 3
"""Transactions before the process hangs."""
CHUNK = 4


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def new_id() -> str:
    """A real id."""
    return uuid4().hex


def say(word: str) -> None:
    """Tells the test how far this process is."""
    print(word, flush=True)


class HangingMailings(Mailings):
    """Stops after some transactions, within the next one, until killed."""

    bundles = 0

    def finish(self, connection: Connection, orders: Sequence[Order]) -> None:
        self.hang_within()
        super().finish(connection, orders)

    def write_letters(self, connection: Connection, order: Order, after: str = "", until: str = "") -> int:
        done = super().write_letters(connection, order, after, until)
        if until:  # a page of a large order
            self.hang_within()
        return done

    def hang_within(self) -> None:
        """The rows are written and not yet committed."""
        self.bundles += 1
        if self.bundles > AFTER:
            say("hanging")
            time.sleep(600)


def dispatching(database: Database, kind: type[Mailings]) -> Dispatching:
    """The dispatch job with real texts."""
    locales = Locales.load(ROOT / "locales")
    matcher = PlaceMatcher(Gazetteer.load(ROOT / "knowledge/places"), (), frozenset())

    def whole(outbound: Outbound) -> tuple[Outbound, ...]:
        return (outbound,)

    stores = (database, now, new_id)
    texts = AlertTexts(locales, Places(locales, matcher), {}, whole, frozenset())
    never_quiet = QuietHours(time_of_day(0), time_of_day(0))
    return Dispatching(Alerts(*stores), kind(*stores), texts, never_quiet.until, now)


def hang(database: Database) -> None:
    """Dispatches and hangs in the middle."""
    dispatching(database, HangingMailings).run()


def finish(database: Database) -> None:
    """Dispatches what is left."""
    say(str(dispatching(database, Mailings).run()))


def alert(number: int, moment: datetime) -> StoredAlert:
    """An alert for one of the test's cells."""
    tomorrow = moment + timedelta(days=1)
    event = AlertEvent(
        EventKind.RAISE,
        "heavy-rain",
        1,
        Severity.WARNING,
        "alert.heavy-rain.warning",
        moment,
        tomorrow,
        tomorrow,
        (("rain_mm", 80.0),),
    )
    identity = f"{number:032x}"
    record = AlertRecord(
        identity, Cell(100 + number, 780), "IN-TN", "Asia/Kolkata", Group(), event, moment, "test", moment
    )
    return StoredAlert(record, identity)


ROLES = {"hang": hang, "finish": finish}


def main(role: str, url: str) -> None:
    """Runs one role."""
    mailings.PAGE = PAGE
    database = Database(url)
    say("ready")
    ROLES[role](database)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
