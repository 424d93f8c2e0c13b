"""Starts the real `khetdoot` command in a child process and stops it by its own process id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data_dir: Path, port: int, **settings: str) -> dict[str, str]:
    """The environment of a bare machine plus settings (`redis_url="..."` sets KHETDOOT_REDIS_URL)."""
    given = {f"KHETDOOT_{name.upper()}": value for name, value in settings.items()}
    here = {"PATH": os.environ["PATH"], "HOME": str(data_dir), "LANG": "C.UTF-8"}
    return here | {"KHETDOOT_DATA_DIR": str(data_dir), "KHETDOOT_PORT": str(port)} | given


@contextmanager
def running(data_dir: Path, port: int, *command: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`khetdoot serve` (or another command) until the block ends; ready when /readyz says so."""
    with (data_dir / "serve.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *(command or ("serve",))],
            cwd=ROOT,
            env=environment(data_dir, port, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        if command in ((), ("serve",), ("web",)):
            wait_until_ready(process, port, data_dir)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, data_dir: Path) -> None:
    """Waits for /readyz. Fails with the process's own words when it ends first."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"khetdoot ended: {(data_dir / 'serve.log').read_text(errors='replace')}")
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready in {START_SECONDS} s: {(data_dir / 'serve.log').read_text(errors='replace')}")
