"""Opening databases: what works, and what is refused with a clear word."""

from __future__ import annotations

import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from bot.domain.errors import ConfigurationError, StorageError
from bot.storage.columns import KEY_LENGTH, storable, storable_key
from bot.storage.database import Database
from bot.storage.tables import runs


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "no database address"),
        ("nonsense", "no database address"),
        ("mysql://localhost/x", "mysql is not supported"),
        ("postgresql://localhost/x?plugin=none", "Can't load plugin"),
        ("sqlite:////proc/none/khetdoot.db", "cannot make the folder"),
    ],
)
def test_what_is_no_address_is_refused(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"KHETDOOT_DATABASE_URL: {told}"):
        Database(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_spoken_through_psycopg(scheme: str) -> None:
    database = Database(f"{scheme}://user:secret@localhost/khetdoot")
    assert database.name == "postgresql+psycopg://user:***@localhost/khetdoot"
    database.close()


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    database = Database(f"postgresql://user:secret@/khetdoot?host={tmp_path}")
    with pytest.raises(ConfigurationError, match="cannot use postgresql") as caught:
        database.migrate()
    assert "secret" not in str(caught.value)
    with pytest.raises(StorageError) as down:
        database.ping()
    assert down.value.retryable
    database.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "khetdoot.db"
    path.write_text("this is not a database, only a text that stands where one should be" * 50)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(ConfigurationError, match="not a database"):
        database.migrate()
    with pytest.raises(StorageError) as caught:
        database.ping()
    assert not caught.value.retryable
    database.close()


def test_the_folder_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a/b/khetdoot.db")
    database.migrate()
    database.ping()
    database.close()


def test_sqlite_is_set_up_for_power_cuts_and_readers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/khetdoot.db")
    with database.read() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    database.close()


def test_a_locked_database_is_worth_a_retry(tmp_path: Path) -> None:
    path = tmp_path / "khetdoot.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    with pytest.raises(StorageError, match="locked") as caught, database.write():
        pass
    assert caught.value.retryable
    other.close()
    database.close()


def test_a_missing_driver_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"psycopg is missing: pip install 'khetdoot\[postgresql\]'"):
        Database("postgresql://localhost/khetdoot")


def test_too_many_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/khetdoot.db", pool_size=1, pool_timeout=0.01)
    with database.read(), database.read(), pytest.raises(StorageError, match="no free") as caught, database.read():
        pass
    assert caught.value.retryable
    database.close()


def test_an_error_rolls_back(database: Database) -> None:
    row = {"key": "a", "state": "done", "attempts": 1, "started_at": datetime(2025, 7, 1, tzinfo=UTC)}

    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(runs.insert().values(row))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.read() as connection:
        assert connection.execute(select(runs)).all() == []


def test_an_error_does_not_quote_what_was_stored(database: Database) -> None:
    row = {"key": "+919876543210", "state": "done", "attempts": 1, "started_at": datetime(2025, 7, 1, tzinfo=UTC)}
    with pytest.raises(StorageError) as caught, database.write() as connection:
        connection.execute(runs.insert().values([row, row]))
    assert not caught.value.retryable
    assert "98765" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_times_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    noon = datetime(2025, 7, 1, 12, 0, 0, 123456, tzinfo=kolkata)
    with database.write() as connection:
        connection.execute(runs.insert().values(key="a", state="done", attempts=1, started_at=noon))
    with database.read() as connection:
        stored = connection.execute(select(runs.c.started_at)).scalar_one()
    assert stored == noon
    assert stored.tzinfo == UTC
    with pytest.raises(StatementError, match="zone"), database.write() as connection:
        connection.execute(runs.insert().values(key="b", state="x", attempts=1, started_at=noon.replace(tzinfo=None)))


def test_threads_share_a_database_in_memory() -> None:
    database = Database("sqlite://")
    database.migrate()

    def add(number: int) -> None:
        with database.write() as connection:
            started = datetime(2025, 7, 1, tzinfo=UTC)
            connection.execute(runs.insert().values(key=str(number), state="x", attempts=1, started_at=started))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert len(connection.execute(select(runs)).all()) == 8
    database.close()


def test_texts_become_storable() -> None:
    assert storable("ok नमस्ते 🌾") == "ok नमस्ते 🌾"
    assert storable("\ud83c\udf3e") == "🌾"
    assert storable("a\ud800\x00") == "a\ufffd\ufffd"


def test_keys_stay_short_and_apart() -> None:
    one, other = "x" * 5000 + "1", "x" * 5000 + "2"
    assert len(storable_key(one)) <= KEY_LENGTH
    assert storable_key(one) != storable_key(other)
    assert storable_key("+919876543210") == "+919876543210"
