"""The folder of model files: getting one in whole and checked, listing, removing. Each file has a receipt beside it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from bot.clients.downloads import Downloader, Part, pieces
from bot.clients.gguf_file import first_bytes_fault
from bot.clients.hub import Location
from bot.clients.models import Model, find_model
from bot.domain.errors import ConfigurationError, DataError

SPARE = 64 << 20
"""Bytes that stay free on the disk."""


class Trust(StrEnum):
    """What is known of a file's content."""

    VERIFIED = "verified"  # its SHA-256 is the one of the registry
    UNSTATED = "as its source sent it"  # no SHA-256 in the registry to compare with
    CHANGED = "changed since it was pulled"
    FOREIGN = "not pulled by khetdoot"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was got: bytes, SHA-256, from where, and the file's time then."""

    name: str
    sha256: str
    size: int
    source: str
    version: str | None
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Installed:
    """A model file that is there."""

    name: str
    path: Path
    size: int
    trust: Trust
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Model files in `folder`; `free` tells the bytes left on its disk."""

    folder: Path
    models: Mapping[str, Model]
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    def path(self, name: str) -> Path:
        """Where the model of this name lies or would lie. Raises ConfigurationError."""
        model = find_model(name, self.models)
        return self.folder / (model.file if model else f"{name}.gguf")

    def installed(self) -> list[Installed]:
        """All that is there, by file name."""
        return [self._look(path) for path in sorted(self.folder.glob("*.gguf"))]

    def find(self, name: str) -> Installed | None:
        """The model of this name, when it is there."""
        path = self.path(name)
        return self._look(path) if path.is_file() else None

    def _look(self, path: Path) -> Installed:
        name = next((name for name, model in self.models.items() if model.file == path.name), path.stem)
        stat, receipt, model = path.stat(), read_receipt(path), self.models.get(name)
        if receipt is None:
            trust = Trust.FOREIGN
        elif (receipt.size, receipt.modified_ns) != (stat.st_size, stat.st_mtime_ns):
            trust = Trust.CHANGED
        else:
            trust = Trust.VERIFIED if model and model.sha256 == receipt.sha256 else Trust.UNSTATED
        return Installed(name, path, stat.st_size, trust, receipt)

    def pull(self, name: str, location: Location, downloader: Downloader) -> Installed:
        """Gets a file from an address. Raises ProviderError (pull again: it goes on), DataError, ConfigurationError."""
        model = find_model(name, self.models)
        if model and model.exact and location.size not in (None, model.size):
            raise DataError(f"{location.url}:0: {location.size:,} bytes; {name} has {model.size:,}")
        wanted = location.size or (model.size if model else 0)
        if model and model.exact:
            location = replace(location, size=model.size)
        with self._part(name, location) as part:
            self._make_room(wanted - part.size)
            downloader.get(location, part)
            stated = (model.sha256 if model else None) or location.sha256
            return self._accept(name, part, stated, location.url, location.version)

    def import_file(self, name: str, source: Path, downloader: Downloader) -> Installed:
        """Copies a file in. Raises DataError and ConfigurationError."""
        model = find_model(name, self.models)
        if fault := first_bytes_fault(source):
            raise DataError(f"{source}:0: {fault}")
        if model and model.exact and source.stat().st_size != model.size:
            raise DataError(f"{source}:0: {source.stat().st_size:,} bytes; {name} has {model.size:,}")
        with self._part(name, Location(str(source.absolute()))) as part:
            self._make_room(source.stat().st_size)
            downloader.copy(source, part)
            return self._accept(name, part, model.sha256 if model else None, str(source.absolute()), None)

    def remove(self, name: str) -> int:
        """Deletes a model, also one half got; the bytes that are free now. Raises ConfigurationError."""
        path = self.path(name)
        found = [file for file in (path, receipt_path(path), *self._parts(path)) if file.is_file()]
        freed = sum(file.stat().st_size for file in found)
        for file in found:
            file.unlink()
        return freed

    def unfinished(self) -> Iterator[tuple[str, int]]:
        """Files half got: name and bytes."""
        for part in sorted(self.folder.glob(".*.gguf.*.part")):
            yield part.name[1:].rpartition(".gguf.")[0] + ".gguf", part.stat().st_size

    def _parts(self, path: Path) -> list[Path]:
        return list(self.folder.glob(f".{path.name}.*.part"))

    def _part(self, name: str, location: Location) -> Part:
        """The part for this file from this source; parts of other versions or sources would not fit, and go."""
        path = self.path(name)
        source = f"{plain(location.url)} {location.size} {location.sha256} {location.version}"
        part = self.folder / f".{path.name}.{hashlib.sha256(source.encode()).hexdigest()[:12]}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for other in self._parts(path):
                if other != part:
                    other.unlink()
            return Part(part)
        except OSError as error:
            raise ConfigurationError(f"{self.folder}: {error.strerror}") from error

    def _make_room(self, wanted: int) -> None:
        free = self.free(self.folder)
        if wanted + SPARE > free:
            raise ConfigurationError(
                f"{self.folder} has {free / 1e9:.2f} GB free and {max(wanted, 0) / 1e9:.2f} GB are still to come: "
                "make room, or set KHETDOOT_DATA_DIR to a larger disk"
            )

    def _accept(self, name: str, part: Part, stated: str | None, source: str, version: str | None) -> Installed:
        """Checks what came and puts it in place at once and whole."""
        path, found = self.path(name), part.digest.hexdigest()
        fault = first_bytes_fault(part.path)
        if not fault and stated and found != stated:
            fault = f"its SHA-256 is {found}, not {stated}: it was damaged or exchanged on the way"
        if fault:
            part.restart()
            part.path.unlink()
            raise DataError(f"{plain(source)}:0: {fault}; nothing was kept")
        os.fsync(part.file.fileno())
        stat = part.path.stat()
        receipt = Receipt(name, found, part.size, plain(source), version, stat.st_mtime_ns)
        write_receipt(path, receipt)
        part.path.replace(path)
        return self._look(path)


def plain(source: str) -> str:
    """An address without user, password and query, which may hold secrets; a path as it is."""
    if "://" not in source:
        return source
    scheme, _, rest = source.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def receipt_path(path: Path) -> Path:
    """The receipt of a model file."""
    return path.with_name(f"{path.name}.json")


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Writes it whole or not at all."""
    aside = path.with_name(f".{path.name}.json.{os.getpid()}")
    aside.write_text(json.dumps(asdict(receipt), indent=2) + "\n", encoding="utf-8")
    aside.replace(receipt_path(path))


def read_receipt(path: Path) -> Receipt | None:
    """The receipt of a model file; None where there is none that can be read."""
    with suppress(OSError, ValueError, TypeError):
        return Receipt(**json.loads(receipt_path(path).read_text(encoding="utf-8")))
    return None


def hash_file(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal. Raises DataError."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for piece in pieces(file.read):
                digest.update(piece)
    except OSError as error:
        raise DataError(f"{path}:0: {error.strerror}") from error
    return digest.hexdigest()
