"""The SQL database: SQLite (WAL) in a file or in memory, or PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.errors import ConfigurationError, StorageError

SETTING = "KHETDOOT_DATABASE_URL"
BUSY_SECONDS = 30
USUAL_KILOBYTES, BULK_KILOBYTES = 2_000, 128_000
"""Page caches of SQLite: its default, and for transactions of thousands of rows."""
MIGRATION_LOCK = 0x6B686574
"""Key of the PostgreSQL advisory lock under which one process migrates while the others wait."""


class Database:
    """An open database. `url` is an SQLAlchemy address; ConfigurationError when it cannot be one of ours.

    At most twice `pool_size` connections; who waits `pool_timeout` seconds for one gets a StorageError.
    """

    def __init__(self, url: str, *, pool_size: int = 10, pool_timeout: float = 30.0) -> None:
        self.url = parse_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = open_engine(self.url, pool_size, pool_timeout)
        self.writer = self.engine.execution_options(immediate=True)
        # SQLite has one writer at a time and makes the others poll; within the process a lock queues them instead.
        # In memory all threads share one connection, so that readers queue as well.
        lock = threading.RLock()
        self.write_lock: AbstractContextManager[Any] = lock if self.sqlite else nullcontext()
        self.read_lock: AbstractContextManager[Any] = lock if in_memory(self.url) else nullcontext()

    @property
    def name(self) -> str:
        """The address without its password, for start-up lines."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries in one transaction. Raises StorageError for what the database refuses."""
        with self.read_lock, typed_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that writes: committed at the end, rolled back by any error."""
        with self.write_lock, typed_errors(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def write_much(self) -> Iterator[Connection]:
        """The same for thousands of rows: SQLite gets room to keep the pages of all indexes until the end, which it
        would otherwise write out again and again."""
        with self.write() as connection:
            if self.sqlite:
                connection.exec_driver_sql(f"PRAGMA cache_size = -{BULK_KILOBYTES}")
            try:
                yield connection
            finally:
                if self.sqlite:
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{USUAL_KILOBYTES}")

    def migrate(self) -> None:
        """Brings the schema up to date; safe when several processes start at once. Raises ConfigurationError."""
        # Here because Alembic takes 0.3 s to import.
        from bot.storage.migrations import upgrade

        try:
            with self.write_lock, self.writer.begin() as connection:
                if not self.sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                upgrade(connection)
        except DBAPIError as error:
            raise ConfigurationError(f"{SETTING}: cannot use {self.name}: {reason_of(error)}") from None

    def ping(self) -> None:
        """Raises StorageError unless the database answers."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Lets all connections go."""
        self.engine.dispose()


def parse_url(url: str) -> URL:
    """Reads the address; `postgresql://` and `postgres://` get the psycopg driver."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise ConfigurationError(f"{SETTING}: no database address (sqlite:///… or postgresql://…)") from None
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise ConfigurationError(f"{SETTING}: {backend} is not supported, only sqlite and postgresql")
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def in_memory(url: URL) -> bool:
    """Whether the database is SQLite without a file."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def open_engine(url: URL, pool_size: int, pool_timeout: float) -> Engine:
    """An engine that never puts parameters, which name people, into its errors."""
    options: dict[str, Any] = {"hide_parameters": True}
    if in_memory(url):
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        sizes = {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": pool_timeout}
        options |= sizes | {"pool_pre_ping": True}
    if url.get_backend_name() == "sqlite":
        make_folder(url)
    try:
        engine = create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{SETTING}: {error.name} is missing: pip install 'khetdoot[postgresql]'") from None
    except (ArgumentError, TypeError) as error:
        raise ConfigurationError(f"{SETTING}: {error}") from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_sqlite)
    return engine


def make_folder(url: URL) -> None:
    """Makes the folder of an SQLite file. Raises ConfigurationError where that is not allowed."""
    if in_memory(url) or not url.database or url.database.startswith("file:"):
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{SETTING}: cannot make the folder of {url.database}: {error.strerror}") from None


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside a writer (WAL); each commit on the disk (FULL), for boxes whose power fails."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a lock taken later, after a read, may fail without waiting."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def typed_errors() -> Iterator[None]:
    """The database's errors as StorageError, stripped of the values that they would quote."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StorageError(reason_of(error)) from None
    except PoolTimeout:
        raise StorageError("no free database connection") from None
    except DBAPIError as error:
        raise StorageError(reason_of(error), retryable=False) from None


def reason_of(error: DBAPIError) -> str:
    """The first line of the driver's message; PostgreSQL quotes values only in the following ones."""
    lines = str(error.orig).strip().splitlines() or [""]
    return f"{type(error.orig).__name__}: {lines[0]}"
