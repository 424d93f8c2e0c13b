"""The migrations make exactly the tables that the program uses."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.storage.database import Database
from bot.storage.tables import metadata
from tests.servers import PostgresServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.create_database("empty")
    server.drop_database("empty")


def test_tables_and_migrations_agree(database: Database) -> None:
    with database.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_sqlite_has_the_very_same_schema(tmp_path: Path) -> None:
    """Alembic does not compare the conditions of partial indexes; SQLite's own words do."""
    migrated, made = Database(f"sqlite:///{tmp_path}/a.db"), Database(f"sqlite:///{tmp_path}/b.db")
    migrated.migrate()
    with made.write() as connection:
        metadata.create_all(connection)
    assert schema(migrated) == schema(made)


def schema(database: Database) -> dict[str, str]:
    """SQLite's statements by name, spaces and order within a table aside."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    database.close()
    words = {name: sorted(re.findall(r"[^\s,()]+", sql)) for name, sql in rows if name != "alembic_version"}
    return {name: " ".join(found) for name, found in words.items()}


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    database.migrate()
    database.migrate()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    database.close()


def test_several_may_migrate_at_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(4)]
    failures: list[BaseException] = []

    def migrate(database: Database) -> None:
        try:
            database.migrate()
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.ping()
        database.close()
    assert failures == []


def test_an_installed_package_brings_its_migrations(tmp_path: Path) -> None:
    """What the wheel would hold, copied elsewhere, migrates without the repository."""
    shutil.copytree(ROOT / "bot", tmp_path / "site" / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "from bot.storage.database import Database\n"
        f"database = Database('sqlite:///{tmp_path}/khetdoot.db')\n"
        "database.migrate()\n"
        "import bot; print(bot.__file__)\n"
    )
    # -P and the path in front: the copy is imported, not the checkout.
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{program}"
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
