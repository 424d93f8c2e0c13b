"""The registry of models, and getting them in over a bad line, from a stand-in of the hub."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from bot.clients.downloads import ATTEMPTS, Downloader, Part
from bot.clients.hub import Location, locate_address, locate_on_hub
from bot.clients.model_store import SPARE, Installed, ModelStore, Trust, hash_file, plain
from bot.clients.models import Model, find_model, read_models
from bot.domain.errors import ConfigurationError, DataError, ProviderError
from tests.hub_server import COMMIT, Fault, HubServer, hub_server

CONTENT = b"GGUF" + os.urandom(700_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
REPOSITORY, FILE = "owner/small-gguf", "small-q4.gguf"


def model(sha256: str | None = SHA256, size: int = len(CONTENT), *, exact: bool = True) -> Model:
    return Model(
        repository=REPOSITORY, revision=COMMIT, file=FILE, size=size, exact=exact, sha256=sha256, licence="MIT",
        context=4096, usable_tokens=2047, languages=frozenset({"en"}), template="phi-3",
    )  # fmt: skip


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as running:
        running.files[f"{REPOSITORY}/{FILE}"] = CONTENT
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as opened:
        yield opened


class Line:
    """A downloader that does not wait, with what it did."""

    def __init__(self, client: httpx.Client) -> None:
        self.pauses: list[float] = []
        self.seen: list[tuple[int, int | None]] = []
        self.downloader = Downloader(client, self.pauses.append, lambda done, total: self.seen.append((done, total)))


@pytest.fixture
def line(client: httpx.Client) -> Line:
    return Line(client)


def store_at(folder: Path, entry: Model | None = None) -> ModelStore:
    return ModelStore(folder / "models", {"small": entry or model()})


def pull(store: ModelStore, hub: HubServer, line: Line) -> Installed:
    return store.pull("small", locate_on_hub(store.models["small"], hub.url), line.downloader)


def test_the_registry() -> None:
    models = read_models()
    assert list(models) == ["phi-3-mini-4k", "phi-3-mini-128k", "phi-3.5-mini", "phi-3-medium"]
    small = models["phi-3-mini-4k"]
    assert (small.size, small.usable_tokens, small.languages) == (2_393_231_072, 2047, frozenset({"en"}))
    assert small.sha256 == "8a83c7fb9049a9b2e92266fa7ad04933bb53aa1e85136b7b30f1b8000ff2edef"
    assert len(models["phi-3.5-mini"].languages) == 23
    assert not {"hi", "te", "sw"} & models["phi-3.5-mini"].languages
    assert len({entry.file for entry in models.values()}) == len(models)
    with pytest.raises(ConfigurationError, match="phi-3-mini-4k"):
        find_model("../phi", models)


def test_a_faulty_registry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text("phi: {repository: nobody}")
    with pytest.raises(DataError, match=r"models\.yaml:1"):
        read_models(path)


def test_a_whole_file_is_verified(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path)
    found = pull(store, hub, line)
    assert found.path.read_bytes() == CONTENT
    assert (found.trust, found.size) == (Trust.VERIFIED, len(CONTENT))
    assert found.receipt
    assert found.receipt.version == COMMIT
    assert found.receipt.source == f"{hub.url}/{REPOSITORY}/resolve/{COMMIT}/{FILE}"
    assert line.seen[-1] == (len(CONTENT), len(CONTENT))
    assert store.find("small") == found
    assert store.installed() == [found]
    assert list(store.unfinished()) == []


def test_a_broken_connection_goes_on_where_it_broke(tmp_path: Path, hub: HubServer, line: Line) -> None:
    hub.faults.extend([Fault.BREAK, Fault.BREAK, Fault.STUMBLE, Fault.BUSY, Fault.BREAK])
    found = pull(store_at(tmp_path), hub, line)
    assert found.trust is Trust.VERIFIED
    assert hub.asked == ["", *[f"bytes={at}-" for at in (100_000, 200_000, 200_000, 200_000, 300_000)]]
    assert line.pauses == [1, 1, 2, 4, 1]


def test_a_later_pull_goes_on_too(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path)
    hub.faults.extend([Fault.BREAK, *[Fault.STUMBLE] * ATTEMPTS])
    with pytest.raises(ProviderError, match="100,000 bytes are kept") as failed:
        pull(store, hub, line)
    assert failed.value.retryable
    assert list(store.unfinished()) == [(FILE, 100_000)]
    assert store.find("small") is None
    hub.asked.clear()
    assert pull(store, hub, line).trust is Trust.VERIFIED
    assert hub.asked == ["bytes=100000-"]


@pytest.mark.parametrize("fault", [Fault.NO_RANGE, Fault.ELSEWHERE])
def test_a_server_that_does_not_go_on_is_read_from_the_start(
    tmp_path: Path, hub: HubServer, line: Line, fault: Fault
) -> None:
    hub.faults.extend([Fault.BREAK, fault])
    assert pull(store_at(tmp_path), hub, line).trust is Trust.VERIFIED


def test_a_file_that_changed_meanwhile_is_begun_anew(tmp_path: Path, hub: HubServer, line: Line) -> None:
    hub.head_status = 405  # a server that states nothing beforehand
    hub.files["usb/any.gguf"] = CONTENT
    hub.faults.extend([Fault.BREAK, *[Fault.STUMBLE] * ATTEMPTS])
    location = Location(f"{hub.url}/usb/any.gguf")
    store = store_at(tmp_path)
    with suppress(ProviderError):
        store.pull("any", location, line.downloader)
    hub.files["usb/any.gguf"] = CONTENT[:50_000]
    assert store.pull("any", location, line.downloader).path.read_bytes() == CONTENT[:50_000]


def test_more_than_was_stated_and_a_refusal(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path)
    hub.files["usb/any.gguf"] = CONTENT
    with pytest.raises(DataError, match="longer than the 1,000 bytes"):
        store.pull("any", Location(f"{hub.url}/usb/any.gguf", size=1000), line.downloader)
    with pytest.raises(ProviderError, match="status 404") as failed:
        store.pull("any", Location(f"{hub.url}/usb/gone.gguf", size=1000), line.downloader)
    assert not failed.value.retryable


def test_a_wrong_hash_keeps_nothing(tmp_path: Path, hub: HubServer, line: Line) -> None:
    hub.files[f"{REPOSITORY}/{FILE}"] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    store = store_at(tmp_path)
    with pytest.raises(DataError, match="SHA-256"):
        pull(store, hub, line)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wrong_size_is_refused_before_anything_is_got(tmp_path: Path, hub: HubServer, line: Line) -> None:
    hub.files[f"{REPOSITORY}/{FILE}"] = CONTENT + b"more"
    with pytest.raises(DataError, match="has 700,004"):
        pull(store_at(tmp_path), hub, line)
    assert hub.asked == []


def test_without_a_public_hash_the_hubs_own_counts(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path, model(None, 1000, exact=False))
    found = pull(store, hub, line)
    assert found.trust is Trust.UNSTATED
    assert found.receipt
    assert found.receipt.sha256 == SHA256
    store.remove("small")
    hub.stated_sha256 = "0" * 64
    with pytest.raises(DataError, match="SHA-256"):
        pull(store, hub, line)


def test_a_page_instead_of_a_model(tmp_path: Path, hub: HubServer, line: Line) -> None:
    page = b"<!DOCTYPE html><title>Please log in</title>"
    hub.files["captive.gguf"] = page
    store = store_at(tmp_path)
    location = locate_address(line.downloader.client, f"{hub.url}/captive.gguf")
    with pytest.raises(DataError, match="web page"):
        store.pull("own", location, line.downloader)


def test_missing_files_and_a_hub_that_is_away(tmp_path: Path, hub: HubServer, client: httpx.Client) -> None:
    missing = model().model_copy(update={"file": "gone.gguf"})
    with pytest.raises(ProviderError, match=r"no gone\.gguf") as failed:
        locate_on_hub(missing, hub.url)
    assert not failed.value.retryable
    with pytest.raises(ProviderError, match="no such file"):
        locate_address(client, f"{hub.url}/gone.gguf")
    hub.head_status = 503
    with pytest.raises(ProviderError, match="does not answer"):
        locate_on_hub(model(), hub.url)
    with pytest.raises(ProviderError, match="does not answer"):
        locate_on_hub(model(), "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="http://"):
        locate_address(client, "ftp://somewhere/model.gguf")


def test_an_address_whose_server_states_nothing(tmp_path: Path, hub: HubServer, line: Line) -> None:
    hub.head_status = 405
    hub.files["usb/any.gguf"] = CONTENT
    location = locate_address(line.downloader.client, f"{hub.url}/usb/any.gguf")
    assert location == Location(f"{hub.url}/usb/any.gguf")
    hub.faults.append(Fault.BREAK)
    found = store_at(tmp_path).pull("any", location, line.downloader)
    assert (found.path.read_bytes(), found.trust, found.name) == (CONTENT, Trust.UNSTATED, "any")


def test_a_full_disk_is_seen_before(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = ModelStore(tmp_path, {"small": model()}, free=lambda folder: SPARE + len(CONTENT) - 1)
    with pytest.raises(ConfigurationError, match="GB free"):
        pull(store, hub, line)
    assert hub.asked == []
    roomy = ModelStore(tmp_path, {"small": model()}, free=lambda folder: SPARE + len(CONTENT))
    assert pull(roomy, hub, line).trust is Trust.VERIFIED


def test_a_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    with Part(tmp_path / "part") as part, open("/dev/full", "a+b") as full:
        part.write(b"GGUF")
        part.file.close()
        part.file = full  # every write: no space left on device
        with pytest.raises(ConfigurationError, match="no space left"):
            part.write(b"more")
        assert part.size == 4
        with suppress(OSError):
            full.close()


def test_two_pulls_at_once(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path)
    location = locate_on_hub(model(), hub.url)
    part = store._part("small", location)
    with part, pytest.raises(ConfigurationError, match="another"):
        store.pull("small", location, line.downloader)


def test_a_file_from_a_stick(tmp_path: Path, line: Line) -> None:
    stick = tmp_path / "stick.gguf"
    stick.write_bytes(CONTENT)
    store = store_at(tmp_path)
    assert store.import_file("small", stick, line.downloader).trust is Trust.VERIFIED
    own = store.import_file("my-own", stick, line.downloader)
    assert (own.path.name, own.trust) == ("my-own.gguf", Trust.UNSTATED)
    stick.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(DataError, match="SHA-256"):
        store.import_file("small", stick, line.downloader)
    stick.write_bytes(CONTENT[:1000])
    with pytest.raises(DataError, match="1,000 bytes"):
        store.import_file("small", stick, line.downloader)
    stick.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(DataError, match="git-lfs"):
        store.import_file("my-own", stick, line.downloader)
    with pytest.raises(DataError, match="No such file"):
        store.import_file("my-own", tmp_path / "none.gguf", line.downloader)


def test_what_lies_there(tmp_path: Path, hub: HubServer, line: Line) -> None:
    store = store_at(tmp_path)
    found = pull(store, hub, line)
    (store.folder / "laid-by-hand.gguf").write_bytes(CONTENT)
    os.utime(found.path, ns=(1, 1))
    assert [(entry.name, entry.trust) for entry in store.installed()] == [
        ("laid-by-hand", Trust.FOREIGN),
        ("small", Trust.CHANGED),
    ]
    assert hash_file(found.path) == SHA256
    assert store.remove("small") > len(CONTENT)
    assert [path.name for path in store.folder.iterdir()] == ["laid-by-hand.gguf"]
    assert store.remove("small") == 0


def test_receipts_keep_no_secrets() -> None:
    assert plain("https://user:pass@host/a/b.gguf?signature=x") == "https://host/a/b.gguf"
    assert plain("/media/usb/b.gguf") == "/media/usb/b.gguf"
