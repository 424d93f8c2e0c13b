"""Gets a large file over a bad line: goes on where it broke off, also after a restart; hashed while it comes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bot.clients.hub import Location
from bot.domain.errors import ConfigurationError, DataError, ProviderError

CHUNK = 1 << 20
ATTEMPTS = 6
"""Breaks in a row without one new byte, after which it is left for later."""
LONGEST_PAUSE = 30.0
PATIENCE = httpx.Timeout(30.0)
BUSY = frozenset({408, 425, 429})

Progress = Callable[[int, int | None], None]
"""Told how many bytes are there, and of how many where that is known."""


class Part:
    """A file on its way, locked, and the SHA-256 of what is there. What an earlier run got is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.digest = hashlib.sha256()

    def __enter__(self) -> Self:
        self.file = self.path.open("a+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.file.close()
            raise ConfigurationError(f"{self.path.name} is being written by another `khetdoot model pull`") from error
        self.file.seek(0)
        while piece := self.file.read(CHUNK):
            self.digest.update(piece)
            self.size += len(piece)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def write(self, piece: bytes) -> None:
        """Appends. Raises ConfigurationError when the disk is full."""
        try:
            self.file.write(piece)
            self.file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ConfigurationError(f"no space left in {self.path.parent}: make room, then pull again") from error
        self.digest.update(piece)
        self.size += len(piece)

    def restart(self) -> None:
        """Forgets what is there."""
        self.file.truncate(0)
        self.size = 0
        self.digest = hashlib.sha256()


@dataclass(frozen=True, slots=True)
class Downloader:
    """Streams addresses and files into a Part. `sleep` waits between attempts, in seconds."""

    client: httpx.Client
    sleep: Callable[[float], None]
    progress: Progress

    def get(self, location: Location, part: Part) -> None:
        """All of the file. Raises ProviderError (what came is kept), DataError and ConfigurationError."""
        breaks = 0
        while location.size is None or part.size < location.size or not part.size:
            before = part.size
            reason = self._attempt(location, part)
            if not reason:
                break
            breaks = 0 if part.size > before else breaks + 1
            if breaks >= ATTEMPTS:
                host = httpx.URL(location.url).host
                raise ProviderError(f"{host}: {reason}. Pull again: {part.size:,} bytes are kept")
            self.sleep(min(2.0**breaks, LONGEST_PAUSE))
        if location.size is not None and part.size != location.size:
            part.restart()
            raise DataError(f"{part.path}:0: longer than the {location.size:,} bytes that its server states")

    def _attempt(self, location: Location, part: Part) -> str:
        """One request; what went wrong, or nothing."""
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={part.size}-"} if part.size else {})
        try:
            with self.client.stream(
                "GET", location.url, headers=headers, timeout=PATIENCE, follow_redirects=True
            ) as response:
                if response.status_code == 416:  # past the end: not the file that was begun
                    part.restart()
                    return "other length than before"
                if reason := refusal(response):
                    return reason
                if first_byte(response) != part.size:
                    part.restart()
                    if first_byte(response):
                        return "it does not go on where asked"
                self._receive(response, location.size, part)
        except httpx.TransportError as error:
            return f"the connection broke ({type(error).__name__})"
        if location.size is not None and part.size < location.size:
            return "the answer was too short"
        return ""

    def _receive(self, response: httpx.Response, size: int | None, part: Part) -> None:
        length = response.headers.get("Content-Length", "")
        total = size or (part.size + int(length) if length.isdecimal() else None)
        for piece in response.iter_raw():  # as they come: a chunk half filled would be lost with the line
            part.write(piece)
            self.progress(part.size, total)
            if size is not None and part.size > size:
                return

    def copy(self, source: Path, part: Part) -> None:
        """All of a local file. Raises DataError and ConfigurationError."""
        part.restart()
        try:
            with source.open("rb") as file:
                total = source.stat().st_size
                for piece in pieces(file.read):
                    part.write(piece)
                    self.progress(part.size, total)
        except OSError as error:
            raise DataError(f"{source}:0: {error.strerror}") from error


def pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """A file in chunks."""
    while piece := read(CHUNK):
        yield piece


def first_byte(response: httpx.Response) -> int:
    """Where in the file the answer begins; 0 for all of it."""
    given = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(given) if response.status_code == httpx.codes.PARTIAL_CONTENT and given.isdecimal() else 0


def refusal(response: httpx.Response) -> str:
    """Why it sends no file, where another attempt may help. Raises ProviderError where none will."""
    if response.status_code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        return ""
    reason = f"status {response.status_code}"
    if response.status_code < 500 and response.status_code not in BUSY:
        raise ProviderError(f"{response.url.host}: {reason}", retryable=False)
    return reason
