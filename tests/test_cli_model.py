"""`khetdoot model`: what an operator types and reads."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from bot import cli_model
from bot.__main__ import main, plain_exit
from bot.clients.gguf_file import read_facts
from bot.domain.errors import ConfigurationError, DataError
from tests.hub_server import HubServer, hub_server
from tests.phi3_model import TINY, tiny_model, write_model

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "owner/tiny-gguf"


def khetdoot(*words: str) -> Result:
    return CliRunner().invoke(cli_model.app, list(words))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """A mirror that has a tiny model under a registry's name."""
    content = tiny_model().read_bytes()
    entry = {
        "repository": REPOSITORY, "file": "tiny-q4.gguf", "size": len(content), "template": "phi-3", "licence": "MIT",
        "sha256": hashlib.sha256(content).hexdigest(), "context": 4096, "usable_tokens": 2047, "languages": ["en"],
    }  # fmt: skip
    registry = tmp_path / "own.yaml"
    registry.write_text(yaml.safe_dump({"tiny": entry}))
    monkeypatch.setenv("KHETDOOT_MODEL_REGISTRY", str(registry))
    with hub_server() as running:
        running.files[f"{REPOSITORY}/tiny-q4.gguf"] = content
        monkeypatch.setenv("KHETDOOT_MODEL_MIRROR", running.url)
        yield running


def test_pull_list_path_doctor_remove(hub: HubServer, tmp_path: Path) -> None:
    assert isinstance(khetdoot("path", "tiny").exception, ConfigurationError)
    pulled = khetdoot("pull", "tiny")
    assert pulled.exit_code == 0, pulled.output
    assert "SHA-256 verified, licence MIT" in pulled.output
    assert "is there" in khetdoot("pull", "tiny").output
    assert len(hub.asked) == 1
    path = Path(khetdoot("path", "tiny").output.strip())
    assert path == tmp_path / "data" / "models" / "tiny-q4.gguf"
    assert re.search(r"tiny +8\.1 MB +MIT +en +verified", khetdoot("list").output)
    examined = khetdoot("doctor", "tiny")
    assert examined.exit_code == 0, examined.output
    assert examined.output.count("well") == 4
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    examined = khetdoot("doctor", "tiny")
    assert examined.exit_code == 1
    assert "not the SHA-256 of the registry" in examined.output
    assert "changed since it was pulled" in khetdoot("list").output
    assert "8.1 MB freed" in khetdoot("remove", "tiny").output
    assert isinstance(khetdoot("remove", "tiny").exception, ConfigurationError)


def test_pull_from_a_file_or_an_address(hub: HubServer, tmp_path: Path) -> None:
    assert "SHA-256 verified" in khetdoot("pull", "tiny", "--from", str(tiny_model())).output
    address = f"{hub.url}/{REPOSITORY}/tiny-q4.gguf"
    assert "no public SHA-256" in khetdoot("pull", "own", "--from", address).output
    assert re.search(r"own +8\.1 MB +\? +\? +as its source sent it", khetdoot("list").output)
    assert isinstance(khetdoot("pull", "unknown").exception, ConfigurationError)


@pytest.mark.model
def test_bench(hub: HubServer) -> None:
    measured = khetdoot("bench", str(tiny_model()), "--tokens", "64")
    assert measured.exit_code == 0, measured.output
    assert re.search(r"\d s +[\d.]+ tokens/s +[\d.]+ tokens/s", measured.output)
    assert isinstance(khetdoot("bench", "tiny").exception, ConfigurationError)


def test_the_doctor_on_files_that_are_none(tmp_path: Path) -> None:
    page, cut, other = tmp_path / "page.gguf", tmp_path / "cut.gguf", tmp_path / "other.gguf"
    page.write_text("<html>")
    cut.write_bytes(tiny_model().read_bytes()[:400_000])
    write_model(other, TINY, architecture="llama")
    for path, words in (
        (tmp_path / "none.gguf", "No such file"),
        (page, "a web page"),
        (cut, "truncated or damaged"),
        (other, "architecture llama"),
    ):
        result = khetdoot("doctor", str(path))
        assert result.exit_code == 1, path
        assert words in result.output, result.output
        assert "do:" in result.output


def test_facts_of_a_file(tmp_path: Path) -> None:
    facts = read_facts(tiny_model())
    assert (facts.architecture, facts.layers, facts.kv_width, facts.context) == ("phi3", 2, 192, 4096)
    assert facts.missing == frozenset()
    assert facts.kv_bytes(32) == 2 * 2 * 192 * 34
    with pytest.raises(DataError, match="empty"):
        read_facts(Path("/dev/null"))
    damaged = tmp_path / "damaged.gguf"
    for length in (4, 30, 5_000, 700_000):
        damaged.write_bytes(tiny_model().read_bytes()[:length])
        with pytest.raises(DataError, match="truncated"):
            read_facts(damaged)


def test_a_file_of_another_family(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    path = tmp_path / "chatml.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_token_list(["<|im_start|>", "<|im_end|>"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    finding = cli_model.header_finding(read_facts(path))
    assert "<|user|>" in finding.found
    assert "Phi-3" in finding.advice


def test_make_run_with_a_model_pulls_and_serves_it() -> None:
    said = subprocess.run(
        ["make", "--dry-run", "run", "MODEL=phi-3-mini-4k"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert said.index("model pull phi-3-mini-4k") < said.index("model path phi-3-mini-4k") < said.index("serve")
    plain = subprocess.run(["make", "--dry-run", "run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "model" not in plain.replace("--model", "")


def test_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), plain_exit():
        raise ConfigurationError("KHETDOOT_MODEL_PATH: no such file")
    assert "KHETDOOT_MODEL_PATH" in capsys.readouterr().err
    assert callable(main)
    assert isinstance(cli_model.app, typer.Typer)
