"""`khetdoot alerts` against a real database and the archive's stand-in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.domain.alerts import EVERYBODY, AlertEvent, AlertRecord, EventKind, Severity
from bot.domain.errors import ConfigurationError, ProviderError
from bot.domain.weather import Cell
from bot.services import new_id, utc_now
from bot.storage.alert_tables import alert_cells
from bot.storage.alerts import Alerts, Evaluation, StoredAlert
from bot.storage.database import Database
from tests.weather_server import Fault, WeatherServer, weather_server

WET, DRY, UNTOLD = Cell(276, 781), Cell(280, 770), Cell(260, 800)
NOW = datetime(2026, 7, 25, 6, tzinfo=UTC)
RAIN_DAY = datetime(2026, 7, 11, 3, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WeatherServer]:
    with weather_server(NOW) as running:
        running.sky.rain = {RAIN_DAY + timedelta(hours=number): 6.0 for number in range(1, 13)}
        monkeypatch.setenv("KHETDOOT_OPEN_METEO_URL", running.url)
        monkeypatch.setenv("KHETDOOT_OPEN_METEO_ARCHIVE_URL", running.url)
        monkeypatch.setenv("KHETDOOT_DATABASE_URL", f"sqlite:///{tmp_path / 'khetdoot.db'}")
        yield running


def store(tmp_path: Path, *alerts: StoredAlert) -> None:
    """Alerts as the evaluator stores them."""
    database = Database(f"sqlite:///{tmp_path / 'khetdoot.db'}")
    database.migrate()
    with database.write() as connection:
        rows = [{"north": a.area.cell.north, "east": a.area.cell.east, "region": a.area.region} for a in alerts]
        connection.execute(alert_cells.insert(), rows)
    told = [Evaluation(alert.area, {}, (alert,)) for alert in alerts]
    assert Alerts(database, utc_now, new_id).keep(told, NOW - timedelta(days=20)) == len(alerts)
    database.close()


def told(cell: Cell, rule: str, starts: datetime, name: str) -> StoredAlert:
    event = AlertEvent(
        EventKind.RAISE, rule, 1, Severity.WARNING, f"alert.{rule}.warning", starts, starts + timedelta(days=1),
        starts + timedelta(days=1), (("rain_mm", 70.0),),
    )  # fmt: skip
    raised = starts - timedelta(days=1)
    return StoredAlert(
        AlertRecord(name, cell, "IN-UP", "Asia/Kolkata", EVERYBODY, event, raised, "Open-Meteo", raised), name
    )


def khetdoot(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["alerts", *arguments])


def test_verify(server: WeatherServer, tmp_path: Path) -> None:
    """One told and come; in another cell told for a day too early, and so missed the day it came."""
    store(
        tmp_path,
        told(WET, "heavy-rain", RAIN_DAY, "a1"),
        told(DRY, "heavy-rain", RAIN_DAY - timedelta(days=1), "a2"),
    )
    picture = tmp_path / "score.png"
    period = ("--from", "2026-07-05", "--to", "2026-07-15", "--rule", "heavy-rain")
    result = khetdoot("verify", *period, "--png", str(picture))
    assert result.exit_code == 0, result.output
    row = next(line for line in result.output.splitlines() if "heavy-rain" in line)
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["heavy-rain", "1", "1", "1", "0", "50 %", "50 %", "33 %", "1", "24"]
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"
    assert server.counts["archive"] == 2
    asked = server.requests[0][1]
    assert (asked["start_date"], asked["end_date"]) == ("2026-06-25", "2026-07-22")


def test_verify_all_rules_of_a_sample_of_cells(server: WeatherServer, tmp_path: Path) -> None:
    store(tmp_path, *(told(cell, "heavy-rain", RAIN_DAY, cell_name(cell)) for cell in (WET, DRY, UNTOLD)))
    result = khetdoot("verify", "--from", "2026-07-05", "--to", "2026-07-15", "--cells", "2")
    assert result.exit_code == 0, result.output
    assert server.counts["archive"] == 2
    assert "cattle-heat" in result.output
    assert "fall-armyworm" not in result.output


def cell_name(cell: Cell) -> str:
    return f"{cell.north}-{cell.east}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2026-07-15", "--to", "2026-07-05"), "in order"),
        (("--from", "2026-07-15", "--to", "2999-07-05"), "past days"),
        (("--from", "yesterday", "--to", "2026-07-05"), "YYYY-MM-DD"),
        (("--from", "2026-07-01", "--to", "2026-07-05", "--rule", "hail"), "no rule hail"),
        (("--from", "2026-07-01", "--to", "2026-07-05"), "nobody is subscribed"),
    ],
)
def test_what_verify_cannot_do(server: WeatherServer, arguments: tuple[str, ...], message: str) -> None:
    result = khetdoot("verify", *arguments)
    assert isinstance(result.exception, ConfigurationError)
    assert message in str(result.exception)


def test_cells_that_could_not_be_observed_and_a_picture_that_cannot_be_written(
    server: WeatherServer, tmp_path: Path
) -> None:
    store(tmp_path, *(told(cell, "heavy-rain", RAIN_DAY, cell_name(cell)) for cell in (WET, DRY)))
    server.faults["archive"] = deque([Fault.BROKEN])
    period = ("--from", "2026-07-05", "--to", "2026-07-15")
    result = khetdoot("verify", *period, "--png", str(tmp_path / "nowhere" / "score.png"))
    assert "1 cells could not be observed" in result.output
    assert isinstance(result.exception, ConfigurationError)


def test_an_archive_that_is_down_is_said(server: WeatherServer, tmp_path: Path) -> None:
    store(tmp_path, told(WET, "heavy-rain", RAIN_DAY, "a1"))
    server.always["archive"] = Fault.BROKEN
    result = khetdoot("verify", "--from", "2026-07-05", "--to", "2026-07-15")
    assert isinstance(result.exception, ProviderError)


def test_explain(server: WeatherServer, tmp_path: Path) -> None:
    store(tmp_path, told(WET, "heavy-rain", RAIN_DAY, "a1"))
    result = khetdoot("explain", "a1")
    assert result.exit_code == 0, result.output
    assert "Alert a1: heavy-rain version 1, warning" in result.output
    assert "found: rain 70 mm" in result.output
    gone = khetdoot("explain", "zz")
    assert isinstance(gone.exception, ConfigurationError)


def test_preview(server: WeatherServer) -> None:
    now = utc_now()
    server.now = now
    server.sky.rain = {now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=30): 150.0}
    result = khetdoot("preview", "27.6,78.1", "--region", "IN-UP", "--crop", "maize", "--sown", str(date.today()))
    assert result.exit_code == 0, result.output
    row = next(line for line in result.output.splitlines() if "heavy-rain" in line)
    assert "severe" in row
    assert "rain 150 mm" in row
    assert "fall-armyworm" in result.output
    assert "late-blight" not in result.output
    assert isinstance(khetdoot("preview", "Hathras").exception, ConfigurationError)
