"""Real servers for tests: each starts in a temporary folder, on a free port, and ends by its own pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_SECONDS = 60


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installed(program: str, package: str, *folders: Path) -> str:
    """The path of a program; skips the test, with the install line, where there is none."""
    for folder in folders:
        if (folder / program).exists():
            return str(folder / program)
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} not installed: apt-get install {package}")
    return found


def end(process: subprocess.Popen[bytes], sign: signal.Signals = signal.SIGTERM) -> None:
    """Ends a server that a test started and waits for it."""
    if process.poll() is None:
        process.send_signal(sign)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


class RedisServer:
    """A redis-server on a unix socket in `folder`; it can be stopped and started again within a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts and waits until it listens."""
        program = installed("redis-server", "redis-server")
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.folder)]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        wait_until_listening(self.socket, self.process)

    def stop(self) -> None:
        """Stops; a second call does nothing."""
        if self.process is not None:
            end(self.process)
            self.process = None


def wait_until_listening(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Waits for a unix socket that takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                time.sleep(0.02)
            else:
                return
    raise RuntimeError(f"{process.args!r} did not start")


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="khetdoot-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def postgres_folders() -> list[Path]:
    """Where Debian and Ubuntu put PostgreSQL's programs, the newest version first."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)


class PostgresServer:
    """A PostgreSQL cluster of its own, without fsync. `database_url(name)` is the address of one of its databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def database_url(self, name: str) -> str:
        """SQLAlchemy address, over the unix socket."""
        return f"postgresql://postgres@/{name}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Makes the cluster, starts it and waits until it answers."""
        initdb = installed("initdb", "postgresql", *postgres_folders())
        postgres = installed("postgres", "postgresql", *postgres_folders())
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        common = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*as_postgres(), initdb, "-D", str(self.data), *common], check=True, capture_output=True)
        options = ["-k", str(self.folder), "-p", str(self.port), "-c", "listen_addresses=", "-F"]
        with (self.folder / "postgres.log").open("wb") as log:
            command = [*as_postgres(), postgres, "-D", str(self.data), *options, "-c", "max_connections=200"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until_listening(self.folder / f".s.PGSQL.{self.port}", self.process)
        self.wait_until_answering()

    def wait_until_answering(self) -> None:
        """It listens a moment before it takes clients."""
        ready = installed("pg_isready", "postgresql", *postgres_folders())
        command = [ready, "-q", "-h", str(self.folder), "-p", str(self.port), "-t", str(START_SECONDS)]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(command, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not answer")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops at once (SIGINT: fast shutdown)."""
        if self.process is not None:
            end(self.process, signal.SIGINT)
            self.process = None

    def create_database(self, name: str, template: str = "template1") -> str:
        """Makes a database and returns its address."""
        self.command(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Drops a database, also from under its clients."""
        self.command(f'DROP DATABASE "{name}" WITH (FORCE)')

    def command(self, statement: str) -> None:
        """Runs one statement outside of transactions."""
        import psycopg

        address = f"postgresql://postgres@/postgres?host={self.folder}&port={self.port}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def as_postgres() -> list[str]:
    """PostgreSQL refuses root: the prefix that runs a command as its own user."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="khetdoot-postgres-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
