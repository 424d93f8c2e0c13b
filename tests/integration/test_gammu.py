"""SMS through the real gammu-smsd with its dummy phone, on its own schema in SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels.segments import split
from bot.storage.database import Database
from tests.gammu_server import SCHEMAS, GammuServer
from tests.kannel_server import wait_for
from tests.processes import free_port, running
from tests.servers import installed, postgres_folders, postgres_server

pytestmark = pytest.mark.integration
ASHA = "+919876543210"


class Box:
    """gammu-smsd and the program beside it."""

    def __init__(self, folder: Path, modem: GammuServer, address: str) -> None:
        self.folder, self.modem = folder, modem
        self.gammu = Database(address)

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "khetdoot.db", timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def modem_rows(self, query: str, **values: str) -> list[tuple[Any, ...]]:
        with self.gammu.read() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def wait_for_state(self, number: int, state: str) -> str:
        """The text of the `number`-th message out once it has this state."""
        query = "select state, text from outbox where address = ? order by number"
        wait_for(lambda: [row[0] for row in self.rows(query, ASHA)][number : number + 1] == [state], state, 60)
        return str(self.rows(query, ASHA)[number][1])


def sqlite_place(folder: Path) -> tuple[str, str]:
    """A new gammu database: its address and the daemon's lines."""
    with closing(sqlite3.connect(folder / "smsd.db")) as connection:
        connection.executescript((SCHEMAS / "sqlite.sql").read_text())
    return f"sqlite:///{folder / 'smsd.db'}", f"driver = sqlite3\ndbdir = {folder}/\ndatabase = smsd.db"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def box(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder, port = tmp_path_factory.mktemp("box"), free_port()
    if request.param == "sqlite":
        yield from running_box(folder, port, *sqlite_place(folder))
        return
    with postgres_server() as server:
        address = server.create_database("smsd")
        psql = installed("psql", "postgresql-client", *postgres_folders())
        place = ["-h", str(server.folder), "-p", str(server.port), "-U", "postgres", "-d", "smsd"]
        subprocess.run([psql, *place, "-q", "-f", str(SCHEMAS / "pgsql.sql")], check=True, capture_output=True)
        lines = ["driver = native_pgsql", f"host = {server.folder}:{server.port}", "user = postgres", "database = smsd"]
        yield from running_box(folder, port, address, "\n".join(lines))


def running_box(folder: Path, port: int, address: str, driver: str) -> Iterator[Box]:
    modem = GammuServer(folder, driver)
    box = Box(folder, modem, address)
    try:
        modem.start()
        with running(folder, port, gammu_database_url=address, gammu_rate="50"):
            yield box
    finally:
        modem.stop()
        box.gammu.close()


def test_long_hindi_in_and_out_in_two_parts(box: Box) -> None:
    box.modem.receive(ASHA, "मेरे धान में तना छेदक लग गया है, पानी भरा है और पत्तियां पीली ", "050003C70201")
    box.modem.receive(ASHA, "हो रही हैं। क्या करूं?", "050003C70202")
    answer = box.wait_for_state(0, "sent")
    (said,) = box.rows("select text from inbox")[0]
    assert said == "मेरे धान में तना छेदक लग गया है, पानी भरा है और पत्तियां पीली हो रही हैं। क्या करूं?"
    assert box.modem_rows("select count(*) from inbox") == [(0,)]
    sent = 'select "TextDecoded", "UDH", "Coding" from sentitems order by "SequencePosition"'
    wait_for(lambda: len(box.modem_rows(sent)) == 2, "the modem to send both")
    parts = box.modem_rows(sent)
    assert tuple(part[0].strip() for part in parts) == tuple(part.strip() for part in split(answer))
    assert len(parts) == 2
    assert [part[1][:6] + part[1][8:] for part in parts] == ["0500030201", "0500030202"]
    assert parts[0][1][6:8] == parts[1][1][6:8]
    assert {part[2] for part in parts} == {"Unicode_No_Compression"}


def test_reports_of_all_parts_make_it_delivered(box: Box) -> None:
    report = 'update sentitems set "Status" = \'DeliveryOK\' where "SequencePosition" = :part'
    with box.gammu.write() as connection:
        connection.execute(text(report), {"part": 1})
    external = "select state from outbox_external order by external_id"
    wait_for(lambda: box.rows(external) == [("delivered",), ("sent",)], "the first part's report")
    assert box.rows("select state from outbox where number = 1") == [("sent",)]
    with box.gammu.write() as connection:
        connection.execute(text(report), {"part": 2})
    box.wait_for_state(0, "delivered")
    wait_for(lambda: box.modem_rows("select count(*) from sentitems") == [(0,)], "tidying up")


def test_latin_goes_as_septets_and_a_failure_is_one(box: Box) -> None:
    box.modem.receive(ASHA, "mere dhan me tana chedak lag gaya hai")
    answer = box.wait_for_state(1, "sent")
    sent = 'select "TextDecoded", "UDH", "Coding", "DestinationNumber" from sentitems'
    wait_for(lambda: bool(box.modem_rows(sent)), "the modem to send it")
    assert box.modem_rows(sent) == [(answer, "", "Default_No_Compression", ASHA)]
    with box.gammu.write() as connection:
        connection.execute(text('update sentitems set "Status" = \'DeliveryFailed\', "StatusError" = 64'))
    box.wait_for_state(1, "failed")
    assert box.rows("select error from outbox where number = 2") == [("DeliveryFailed 64",)]


def test_advertisers_are_left_alone(box: Box) -> None:
    before = box.rows("select count(*) from inbox")
    box.modem.receive("VK-OFFERS", "Recharge now and win")
    box.modem.receive(ASHA, "STOP")
    wait_for(lambda: box.rows("select consent from contacts") == [("stopped",)], "STOP")
    assert box.rows("select count(*) from inbox") == [(before[0][0] + 1,)]
    assert box.modem_rows("select count(*) from inbox") == [(0,)]
