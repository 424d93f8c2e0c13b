"""The two ways to run one box: all embedded, and over a real PostgreSQL with a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.servers import RedisServer, postgres_server


@dataclass(frozen=True)
class Backend:
    """Settings of a box, and a look into its database."""

    name: str
    settings: dict[str, str]
    database: str

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives; an empty list before the tables exist."""
        engine = create_engine(self.database)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()


@pytest.fixture(params=["embedded", "postgresql-redis"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A box's database and Redis."""
    if request.param == "embedded":
        yield Backend("embedded", {}, f"sqlite:///{tmp_path / 'khetdoot.db'}")
        return
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        with postgres_server() as server:
            url = server.create_database("box")
            settings = {"database_url": url, "redis_url": redis.url}
            yield Backend("postgresql-redis", settings, url.replace("postgresql://", "postgresql+psycopg://"))
    finally:
        redis.stop()
