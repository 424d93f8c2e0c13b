"""Every storage test runs on SQLite and PostgreSQL, every session test on fakeredis and a real Redis."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.messages import Address, Inbound
from bot.storage.contacts import Contacts
from bot.storage.database import Database
from bot.storage.messages import Messages
from bot.storage.redis import RedisConnection, connect
from tests.servers import PostgresServer, RedisServer, postgres_server, redis_server

NUMBERS = itertools.count(1)
Make = Callable[..., Inbound]
"""The type of the fixture `inbound`."""


class FrozenClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 7, 1, 6, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> datetime:
        """Moves on by a timedelta's parts and returns the new time."""
        self.now += timedelta(**parts)
        return self.now


class CountedIds:
    """Unique, in the form of uuid4().hex, and known beforehand."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def __call__(self) -> str:
        return f"{next(self.numbers):032x}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One cluster for all tests, with a migrated template."""
    with postgres_server() as server:
        template = Database(server.create_database("migrated"))
        template.migrate()
        template.close()
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "khetdoot.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database."""
    if request.param == "sqlite":
        path = tmp_path / "khetdoot.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test{next(NUMBERS)}"
    yield server.create_database(name, "migrated")
    server.drop_database(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FrozenClock:
    """The time of the test."""
    return FrozenClock()


@pytest.fixture
def ids() -> CountedIds:
    """The ids of the test."""
    return CountedIds()


@pytest.fixture
def messages(database: Database, clock: FrozenClock, ids: CountedIds) -> Messages:
    """The store under test."""
    return Messages(database, clock, ids)


@pytest.fixture
def contacts(database: Database, clock: FrozenClock, ids: CountedIds) -> Contacts:
    """The contacts of the same database."""
    return Contacts(database, clock, ids)


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """One Redis for all tests."""
    with redis_server() as server:
        yield server


@pytest.fixture(params=["fakeredis", pytest.param("redis", marks=pytest.mark.integration)])
def redis(request: pytest.FixtureRequest) -> Iterator[RedisConnection]:
    """An empty Redis."""
    if request.param == "fakeredis":
        yield connect("")
        return
    connection = connect(request.getfixturevalue("redis_process").url)
    connection.client.flushall()
    yield connection
    connection.close()


@pytest.fixture
def inbound(clock: FrozenClock) -> Make:
    """Makes incoming texts: `inbound("hello", who="+91...", id="1")`."""
    numbers = itertools.count(1)

    def make(text: str = "my rice has stem borer", who: str = "+910000000001", id: str | None = None) -> Inbound:
        return Inbound(Address("sms", who), id or f"m{next(numbers)}", text, clock())

    return make
