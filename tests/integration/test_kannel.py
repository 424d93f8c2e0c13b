"""SMS through a real Kannel, both ways: phones are fakesmsc, the program is a child process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.channels.segments import measure, split
from tests.kannel_server import KannelServer, Sms, kannel_server, wait_for
from tests.processes import free_port, running

pytestmark = pytest.mark.integration
ASHA, RAVI = "+919876543210", "+919812345678"


def rows(data_dir: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data_dir / "khetdoot.db", timeout=30)) as connection:
        return connection.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KannelServer, Path]]:
    port, folder = free_port(), tmp_path_factory.mktemp("box")
    with kannel_server(port) as server, running(folder, port, **server.settings):
        yield server, folder


def talk(server: KannelServer, phone: str, text: str, parts: int) -> list[Sms]:
    """Writes, and waits for so many SMS more."""
    before = len(server.received(phone))
    server.send(phone, text)
    return server.wait_for_sms(phone, before + parts)[before:]


def test_romanised_hindi_in_and_out_in_one_part(kannel: tuple[KannelServer, Path]) -> None:
    server, _ = kannel
    (answer,) = talk(server, ASHA, "mere dhan me tana chedak lag gaya hai", 1)
    assert answer.text.isascii()
    assert "tana chhedak" in answer.text
    assert not answer.ucs2
    assert measure(answer.text).count == answer.total == 1


def test_devanagari_in_and_out_in_two_parts(kannel: tuple[KannelServer, Path]) -> None:
    server, folder = kannel
    parts = talk(server, RAVI, "मेरे धान में तना छेदक लग गया है", 2)
    text = "".join(part.text for part in parts)
    assert text.startswith("धान तना छेदक")
    assert all(part.ucs2 and part.total == 2 and part.reference == parts[0].reference for part in parts)
    assert [part.number for part in parts] == [1, 2]
    assert tuple(part.text for part in parts) == split(text)
    assert [queued for (queued,) in rows(folder, "select text from outbox where address = ?", RAVI)] == [text]


def test_more_goes_on_and_stop_ends_it(kannel: tuple[KannelServer, Path]) -> None:
    server, folder = kannel
    phone = "+919898989898"
    (answer,) = talk(server, phone, "mere dhan me tana chedak lag gaya hai", 1)
    more = talk(server, phone, "1", 1)
    assert more[0].text != answer.text
    assert more[0].text.isascii()
    # Nothing but the confirmation may come from here on.
    done = "select count(*) from inbox where state = 'done'"
    answered = int(str(rows(folder, done)[0][0]))
    wait_for(lambda: not waiting(folder), "the rest of MORE")
    before = len(server.received(phone))
    server.send(phone, "STOP")
    server.send(phone, "mere dhan me tana chedak lag gaya hai")
    server.send(phone, "stop")
    wait_for(lambda: int(str(rows(folder, done)[0][0])) == answered + 3, "three answers")
    wait_for(lambda: not waiting(folder), "the farewell")
    farewell = server.received(phone)[before:]
    assert len({sms.reference for sms in farewell}) == 1
    assert len(farewell) == farewell[0].total
    assert "shuru" in "".join(sms.text for sms in farewell)
    ledger = "select e.action, e.words from consent_events e join contacts c on c.id = e.contact_id where c.address = ?"
    assert rows(folder, ledger, phone) == [("stop", "STOP"), ("stop", "stop")]
    # The word that it names takes her back.
    assert talk(server, phone, "shuru", 1)
    wait_for(lambda: rows(folder, "select consent from contacts where address = ?", phone) == [("active",)], "START")


def test_reports_end_in_delivered(kannel: tuple[KannelServer, Path]) -> None:
    server, folder = kannel
    wait_for(lambda: {state for (state,) in rows(folder, "select state from outbox")} == {"delivered"}, "reports", 60)
    texts = rows(folder, "select address, text from outbox order by number")
    sent = [(sms.to, sms.text) for sms in server.received()]
    assert sorted(sent) == sorted((str(to), part) for to, text in texts for part in split(str(text)))
    assert rows(folder, "select sum(uncertain) from outbox") == [(0,)]


def waiting(folder: Path) -> bool:
    """Whether something is still to be sent."""
    return rows(folder, "select count(*) from outbox where state in ('queued', 'sending')") != [(0,)]
