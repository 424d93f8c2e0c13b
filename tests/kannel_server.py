"""A real Kannel on free ports: bearerbox, smsbox and fakesmsc, which plays the network with all its phones."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

import httpx

from tests.processes import free_port
from tests.servers import end, installed

SHIPPED = Path(__file__).resolve().parent.parent / "deploy" / "kannel" / "kannel.conf"
USER, PASSWORD, TOKEN = "tester", "tested", "kannel-token"
NUMBER = "56070"
GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (.*)>$")


@dataclass(frozen=True)
class Sms:
    """One SMS as a phone got it. `reference`, `total` and `number` are those of its concatenation header."""

    to: str
    text: str
    ucs2: bool
    reference: int = 0
    total: int = 1
    number: int = 1


class KannelServer:
    """`send` is a phone writing in; `received` what phones got so far."""

    def __init__(self, folder: Path, bot_port: int) -> None:
        self.folder = folder
        self.admin, self.boxes, self.sendsms, self.phones_in, self.phones_out = (free_port() for _ in range(5))
        self.bot_port = bot_port
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """For KHETDOOT_KANNEL_SENDSMS_URL."""
        return f"http://127.0.0.1:{self.sendsms}/cgi-bin/sendsms"

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a program that uses this Kannel."""
        return {
            "kannel_sendsms_url": self.url,
            "kannel_username": USER,
            "kannel_password": PASSWORD,
            "sms_token": TOKEN,
            "sms_sender": NUMBER,
        }

    def start(self) -> None:
        """Starts all three, one after the other."""
        (self.folder / "kannel.conf").write_text(self.configuration())
        with closing(sqlite3.connect(self.folder / "dlr.db")) as reports:
            reports.executescript((SHIPPED.parent / "dlr.sql").read_text())
        self.run(installed("bearerbox", "kannel"), "-v", "1", "kannel.conf")
        wait_for(lambda: self.status().startswith("Kannel"), "bearerbox")
        self.run(installed("smsbox", "kannel"), "-v", "1", "kannel.conf")
        wait_for(lambda: "smsbox" in self.status() and answers(self.url), "smsbox")
        self.run(self.fakesmsc, "-H", "127.0.0.1", "-r", str(self.phones_out), "-m", "0", "1 2 text nothing")
        wait_for(lambda: re.search(r"out\[out\].*online", self.status()) is not None, "fakesmsc")

    @property
    def fakesmsc(self) -> str:
        """The program's path."""
        return installed("fakesmsc", "kannel-extras", Path("/usr/lib/kannel/test"))

    def configuration(self) -> str:
        """The shipped configuration with ports and passwords of the test, and two fake connections to the network."""
        text = SHIPPED.read_text(encoding="utf-8")
        core, _, rest = text.partition("# --- network")
        _, _, boxes = rest.partition("# --- boxes")
        changed = core + FAKES.format(phones_in=self.phones_in, phones_out=self.phones_out) + boxes
        for before, after in (
            ("13000", str(self.admin)),
            ("13001", str(self.boxes)),
            ("13013", str(self.sendsms)),
            ("127.0.0.1:8080", f"127.0.0.1:{self.bot_port}"),
            ("CHANGE-USER", USER),
            ("CHANGE-PASSWORD", PASSWORD),
            ("CHANGE-TOKEN", TOKEN),
            ("CHANGE-ADMIN", "admin"),
            ("/var/log/kannel", str(self.folder)),
            ("/var/spool/kannel", str(self.folder)),
        ):
            assert before in changed, before
            changed = changed.replace(before, after)
        return changed

    def run(self, program: str, *arguments: str) -> None:
        """Starts one program; its output goes to a file of its name."""
        with (self.folder / f"{Path(program).name}.out").open("ab") as output:
            process = subprocess.Popen([program, *arguments], cwd=self.folder, stdout=output, stderr=output)
        self.processes.append(process)

    def stop(self) -> None:
        """Stops in reverse order, by pid."""
        for process in reversed(self.processes):
            end(process)
        self.processes.clear()

    def status(self) -> str:
        """What bearerbox says of itself; empty while it does not."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.admin}/status.txt?password=admin", timeout=5).text
        except httpx.TransportError:
            return ""

    def send(self, sender: str, text: str) -> None:
        """A phone writes: a fakesmsc of its own hands over one SMS and leaves."""
        taken = self.taken_in()
        plain = text.isascii()
        body = f"text {text}" if plain else f"ucs2 {quote_from_bytes(text.encode('utf-16-be'), safe='')}"
        arguments = ["-H", "127.0.0.1", "-r", str(self.phones_in), "-i", "0.01", "-m", "1", f"{sender} {NUMBER} {body}"]
        deadline = time.monotonic() + 30
        # bearerbox takes the next phone only once it has seen the last one leave.
        while self.taken_in() == taken and time.monotonic() < deadline:
            phone = subprocess.Popen([self.fakesmsc, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while self.taken_in() == taken and phone.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            end(phone)
        assert self.taken_in() == taken + 1

    def taken_in(self) -> int:
        """How many SMS bearerbox has had from phones."""
        found = re.search(r"in\[in\].*?rcvd: sms (\d+)", self.status())
        return int(found.group(1)) if found else -1

    def received(self, phone: str = "") -> list[Sms]:
        """What phones got, in order."""
        log = (self.folder / "fakesmsc.out").read_text(errors="replace")
        found = [read_sms(*match.groups()) for line in log.splitlines() if (match := GOT.search(line))]
        return [sms for sms in found if sms.to == phone or not phone]

    def wait_for_sms(self, phone: str, number: int, seconds: float = 60) -> list[Sms]:
        """The first `number` SMS of a phone."""
        wait_for(lambda: len(self.received(phone)) >= number, f"{number} SMS", seconds)
        return self.received(phone)[:number]


FAKES = """
group = smsc
smsc = fake
smsc-id = in
port = {phones_in}
connect-allow-ip = 127.0.0.1
allowed-smsc-id = "nothing"

group = smsc
smsc = fake
smsc-id = out
port = {phones_out}
connect-allow-ip = 127.0.0.1

"""


def read_sms(sender: str, to: str, rest: str) -> Sms:
    """A line of fakesmsc: `text ...`, `data ...` (UCS-2) or `udh HEADER text|data ...`."""
    assert sender == NUMBER
    kind, _, body = rest.partition(" ")
    if kind != "udh":
        return Sms(to, decoded(kind, body), kind == "data")
    header, _, body = body.partition(" ")
    kind, _, body = body.partition(" ")
    reference, total, number = unquote_to_bytes(header)[3:6]
    return Sms(to, decoded(kind, body), kind == "data", reference, total, number)


def decoded(kind: str, body: str) -> str:
    """The text of a body; `data` is percent-escaped with + for a space."""
    return body if kind == "text" else unquote_to_bytes(body.replace("+", " ")).decode("utf-16-be")


def answers(url: str) -> bool:
    """Whether an HTTP server is there."""
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Waits for something to become true; a safety limit, no measurement."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


@contextmanager
def kannel_server(bot_port: int) -> Iterator[KannelServer]:
    """A running Kannel, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="khetdoot-kannel-") as folder:
        server = KannelServer(Path(folder), bot_port)
        try:
            server.start()
            yield server
        finally:
            server.stop()
