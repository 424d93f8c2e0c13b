"""Fixtures: the real data read once, a frozen clock, no environment, no network beyond this machine."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.clients.forecasts import Forecasts
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.mind import Mind, Outside, build_mind
from bot.storage.cache import Cache
from bot.storage.redis import connect

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        skip = pytest.mark.skip(reason="takes minutes: run with --slow")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's reaches a test, and what a test writes goes to its own folder."""
    for name in [name for name in os.environ if name.startswith("KHETDOOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KHETDOOT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to another machine fails the test that tries it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def locales() -> Locales:
    return Locales.load(ROOT / "locales")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load(ROOT / "knowledge")


@pytest.fixture(scope="session")
def mind(locales: Locales, knowledge: Knowledge) -> Mind:
    """The thinking part over the real data, with officers and without network."""
    outside = Outside(Forecasts((), Cache(connect(""), lambda: NOW), lambda: NOW))
    return build_mind(locales, knowledge, ROOT / "knowledge", outside=outside, has_officers=True)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real questions beside the checkout; tests that measure on them skip where they are not."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"{path} is not there: nothing to measure on")
    return path
