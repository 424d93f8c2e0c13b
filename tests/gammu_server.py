"""The real gammu-smsd with its dummy phone: a folder of files is the SIM, its SQL database is SQLite or PostgreSQL."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers import end, installed

SCHEMAS = Path("/usr/share/doc/gammu-smsd/examples")
SHIPPED = Path(__file__).resolve().parent.parent / "deploy" / "edge" / "gammu-smsdrc"


class GammuServer:
    """`receive` puts an SMS on the SIM. `driver` are the lines of smsdrc that say where the database is."""

    def __init__(self, folder: Path, driver: str) -> None:
        self.folder = folder
        self.driver = driver
        self.count = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the daemon on the shipped configuration, its modem and database replaced."""
        (self.folder / "sim" / "sms" / "1").mkdir(parents=True)
        (self.folder / "smsdrc").write_text(self.configuration())
        program = installed("gammu-smsd", "gammu-smsd")
        with (self.folder / "gammu.out").open("ab") as output:
            command = [program, "-c", str(self.folder / "smsdrc")]
            self.process = subprocess.Popen(command, stdout=output, stderr=output)

    def configuration(self) -> str:
        """The shipped one with a dummy phone."""
        lines = SHIPPED.read_text(encoding="utf-8").splitlines()
        replaced = ("port", "device", "connection", "logfile", "service", "driver", "dbdir", "database", "host", "user",
                    "password", "runonreceive")  # fmt: skip
        kept = [line for line in lines if line.split("=")[0].strip().lower() not in replaced]
        gammu = ["[gammu]", f"device = {self.folder / 'sim'}", "connection = none", "model = dummy"]
        daemon = ["[smsd]", "service = sql", self.driver, f"logfile = {self.folder / 'smsd.log'}"]
        text = "\n".join(kept)
        return text.replace("[gammu]", "\n".join(gammu)).replace("[smsd]", "\n".join(daemon)) + "\n"

    def receive(self, sender: str, text: str, header: str = "") -> None:
        """An SMS arrives on the SIM."""
        self.count += 1
        coding = "Default_No_Compression" if text.isascii() else "Unicode_No_Compression"
        digits = text.encode("utf-16-be").hex().upper()
        lines = [
            "[SMSBackup000]", "PDU = Deliver", 'SMSC = "+919999999999"', "DateTime = 20260701T060000",
            "State = UnRead", f'Number = "{sender}"', f"Coding = {coding}", "Folder = 1", f"Length = {len(text)}",
            *(f"Text{at // 200:02} = {digits[at : at + 200]}" for at in range(0, len(digits), 200)),
            "Class = -1", "ReplySMSC = False", *([f"UDH = {header}"] if header else []),
        ]  # fmt: skip
        place = self.folder / "sim" / "sms" / "1" / str(self.count)
        hidden = self.folder / f"arriving-{self.count}"
        hidden.write_text("\n".join(lines) + "\n")
        hidden.rename(place)

    def stop(self) -> None:
        """Stops by pid."""
        if self.process is not None:
            end(self.process)
            self.process = None
