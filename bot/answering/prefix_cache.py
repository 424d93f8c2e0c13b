"""States (keys and values) of prompts' prefixes, in memory and on disk, each under a budget of bytes, LRU.

Keys: fingerprint of the weights, library version and SHA-256 of the prefix's text, in which rules and card stand whole:
a new version of either is another prefix. A file that is corrupted or foreign is deleted and computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"KHETKV1\n"
HEADER = struct.Struct(">II")
SAMPLES, SAMPLE = 256, 4096


@dataclass(frozen=True, slots=True)
class PrefixState:
    """The state after the first `tokens` tokens of a prefix: all of it, or as far as there was time."""

    tokens: int
    data: bytearray


class CorruptedState(Exception):
    """A file of the cache that cannot be used; never leaves this module."""


def fingerprint(path: Path) -> str:
    """Names the weights of a file of gigabytes in milliseconds: size, first MiB and 256 samples, as SHA-256.

    Raises OSError. (The header holds shape, tokenizer and the place of each tensor; a copy keeps its name.)
    """
    size = path.stat().st_size
    found = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        found.update(file.read(1 << 20))
        for number in range(SAMPLES):
            file.seek(size * number // SAMPLES)
            found.update(file.read(SAMPLE))
    return found.hexdigest()[:32]


class PrefixCache:
    """Used by the model process only, by one thread; several processes may share a folder."""

    def __init__(self, model: str, folder: Path | None, *, memory_bytes: int, disk_bytes: int) -> None:
        self.model = model
        self.folder = folder if folder and disk_bytes > 0 else None
        self.memory_bytes = memory_bytes
        self.disk_bytes = disk_bytes
        self.memory: OrderedDict[str, PrefixState] = OrderedDict()
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, prefix: str) -> PrefixState | None:
        """The longest state there is, from memory or else from disk."""
        key = self.key(prefix)
        if key in self.memory:
            self.memory.move_to_end(key)
            return self.memory[key]
        state = self.load(key)
        if state:
            self.remember(key, state)
        return state

    def tokens(self, prefix: str) -> int:
        """Tokens of the prefix whose state is kept, read or not; 0 for none."""
        key = self.key(prefix)
        if key in self.memory:
            return self.memory[key].tokens
        try:
            with self.path(key).open("rb") as file:
                return self.read_header(file, key)[0]
        except (OSError, CorruptedState):
            return 0

    def room(self, prefix: str, size: int) -> None:
        """Frees memory for a state of this size before it is made, so that the peak stays under the budget."""
        self.memory.pop(self.key(prefix), None)
        self.make_room(size)

    def put(self, prefix: str, state: PrefixState, *, whole: bool) -> None:
        """Keeps a state; on disk, too, when it is whole."""
        key = self.key(prefix)
        self.remember(key, state)
        if whole and self.folder and len(state.data) <= self.disk_bytes:
            self.save(key, state)

    def drop(self, prefix: str) -> None:
        """Forgets a state that the model did not take."""
        key = self.key(prefix)
        self.memory.pop(key, None)
        if self.folder:
            self.path(key).unlink(missing_ok=True)

    def key(self, prefix: str) -> str:
        """Names weights, library and text together."""
        return hashlib.sha256(f"{self.model}\n{prefix}".encode()).hexdigest()[:40]

    def remember(self, key: str, state: PrefixState) -> None:
        """Keeps it in memory, unless it alone is larger than the budget."""
        self.memory.pop(key, None)
        self.make_room(len(state.data))
        if len(state.data) <= self.memory_bytes:
            self.memory[key] = state

    def make_room(self, size: int) -> None:
        """Drops what was used longest ago."""
        used = sum(len(state.data) for state in self.memory.values())
        while self.memory and used + size > self.memory_bytes:
            used -= len(self.memory.popitem(last=False)[1].data)

    def path(self, key: str) -> Path:
        """Where a state lies; nowhere without a folder."""
        return self.folder / f"{key}.kv" if self.folder else Path(os.devnull) / key

    def load(self, key: str) -> PrefixState | None:
        """Reads a file and marks it as used; one that cannot be trusted is deleted."""
        path = self.path(key)
        try:
            with path.open("rb") as file:
                state = self.read(file, key)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, CorruptedState):
            path.unlink(missing_ok=True) if self.folder else None
            return None
        return state

    def read(self, file: BinaryIO, key: str) -> PrefixState:
        """Reads and checks. Raises CorruptedState and OSError."""
        tokens, size, checksum = self.read_header(file, key)
        self.make_room(size)
        data = bytearray(size)
        if file.readinto(data) != size or zlib.crc32(data) != checksum:  # type: ignore[attr-defined]
            raise CorruptedState
        return PrefixState(tokens, data)

    def read_header(self, file: BinaryIO, key: str) -> tuple[int, int, int]:
        """Tokens, bytes and checksum. Raises CorruptedState for another file than ours, or cut off."""
        if file.read(len(MAGIC)) != MAGIC:
            raise CorruptedState
        try:
            length, checksum = HEADER.unpack(file.read(HEADER.size))
            raw = file.read(min(length, 4096))
            header = json.loads(raw)
            found = int(header["tokens"]), int(header["bytes"]), int(header["crc32"])
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise CorruptedState from error
        here = os.fstat(file.fileno()).st_size - file.tell()
        if zlib.crc32(raw) != checksum or header.get("key") != key or here != found[1] or found[0] <= 0:
            raise CorruptedState
        return found

    def save(self, key: str, state: PrefixState) -> None:
        """Writes aside and renames, then drops the oldest files. A full disk only costs the file."""
        aside = self.path(f"{key}.{os.getpid()}")
        header = {"key": key, "tokens": state.tokens, "bytes": len(state.data), "crc32": zlib.crc32(state.data)}
        raw = json.dumps(header).encode()
        try:
            self.shrink(len(state.data))
            with aside.open("wb") as file:
                file.write(MAGIC + HEADER.pack(len(raw), zlib.crc32(raw)) + raw)
                file.write(state.data)
            aside.replace(self.path(key))
        except OSError:
            aside.unlink(missing_ok=True)

    def shrink(self, size: int) -> None:
        """Deletes the files used longest ago, of whatever model, until `size` bytes more fit."""
        files = sorted(self.files())
        used = sum(bytes_ for _, bytes_, _ in files)
        for _, bytes_, path in files:
            if used + size <= self.disk_bytes:
                return
            path.unlink(missing_ok=True)
            used -= bytes_

    def files(self) -> Iterator[tuple[float, int, Path]]:
        """Time of last use, bytes and path of each file; another process may delete one meanwhile."""
        for path in self.folder.glob("*.kv") if self.folder else ():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield status.st_mtime, status.st_size, path
