"""States of prefixes: budgets, least recently used, and files that cannot be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.answering.prefix_cache import PrefixCache, PrefixState, fingerprint

KB = 1000


def state(letter: str, size: int = 10 * KB, tokens: int = 64) -> PrefixState:
    return PrefixState(tokens, bytearray(letter.encode() * size))


def cache(folder: Path | None, model: str = "model", memory: int = 0, disk: int = 1000 * KB) -> PrefixCache:
    return PrefixCache(model, folder, memory_bytes=memory, disk_bytes=disk)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_what_was_put_comes_back_in_another_process(tmp_path: Path) -> None:
    cache(tmp_path).put("rules", state("a"), whole=True)
    assert cache(tmp_path).get("rules") == state("a")
    assert cache(tmp_path).tokens("rules") == 64
    assert cache(tmp_path).get("other rules") is None
    assert cache(tmp_path).tokens("other rules") == 0


def test_a_half_done_state_stays_in_memory(tmp_path: Path) -> None:
    kept = cache(tmp_path, memory=100 * KB)
    kept.put("rules", state("a"), whole=False)
    assert kept.get("rules") == state("a")
    assert files(tmp_path) == []
    kept.put("rules", state("b", tokens=100), whole=True)
    assert kept.get("rules") == state("b", tokens=100)
    assert cache(tmp_path).get("rules") == state("b", tokens=100)


def test_another_model_or_version_finds_nothing(tmp_path: Path) -> None:
    cache(tmp_path, "phi-3 0.3.36").put("rules", state("a"), whole=True)
    assert cache(tmp_path, "phi-3 0.3.37").get("rules") is None
    assert cache(tmp_path, "phi-3.5 0.3.36").get("rules") is None


def test_memory_budget_drops_the_least_recently_used() -> None:
    kept = cache(None, memory=30 * KB)
    for name in "abc":
        kept.put(name, state(name), whole=True)
    assert kept.get("a")
    kept.put("d", state("d"), whole=True)
    assert [name for name in "abcd" if kept.get(name)] == ["a", "c", "d"]
    assert sum(len(entry.data) for entry in kept.memory.values()) <= 30 * KB


def test_memory_is_freed_before_a_state_is_made() -> None:
    kept = cache(None, memory=30 * KB)
    for name in "abc":
        kept.put(name, state(name), whole=True)
    kept.room("d", 20 * KB)
    assert list(kept.memory) == [kept.key("c")]


def test_a_state_larger_than_the_memory_budget_lies_on_disk_alone(tmp_path: Path) -> None:
    kept = cache(tmp_path, memory=5 * KB)
    kept.put("rules", state("a"), whole=True)
    assert not kept.memory
    assert kept.get("rules") == state("a")


def test_disk_budget_drops_the_least_recently_used_of_all_models(tmp_path: Path) -> None:
    other, kept = cache(tmp_path, "other", disk=35 * KB), cache(tmp_path, disk=35 * KB)
    other.put("x", state("x"), whole=True)
    for name in "ab":
        kept.put(name, state(name), whole=True)
    for age, (model, name) in enumerate([(kept, "a"), (kept, "b"), (other, "x")]):
        os.utime(model.path(model.key(name)), (1000 - age, 1000 - age))
    assert kept.get("b")  # used again: the youngest now
    kept.put("c", state("c"), whole=True)
    kept.put("d", state("d"), whole=True)
    assert [name for name in "abcd" if kept.tokens(name)] == ["b", "c", "d"]
    assert other.get("x") is None
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 35 * KB


def test_a_state_larger_than_the_disk_budget_is_not_written(tmp_path: Path) -> None:
    kept = cache(tmp_path, memory=100 * KB, disk=5 * KB)
    kept.put("rules", state("a"), whole=True)
    assert files(tmp_path) == []
    assert kept.get("rules")


def test_no_disk_budget_makes_no_folder(tmp_path: Path) -> None:
    kept = cache(tmp_path / "prefixes", disk=0)
    kept.put("rules", state("a"), whole=True)
    assert kept.get("rules") is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("place", [0, 8, 12, 20, 60, 200, 5000, -1])
def test_a_file_with_one_wrong_byte_is_deleted(tmp_path: Path, place: int) -> None:
    kept = cache(tmp_path)
    kept.put("rules", state("a"), whole=True)
    (path,) = files(tmp_path)
    content = bytearray(path.read_bytes())
    content[place] ^= 0x20
    path.write_bytes(content)
    assert kept.get("rules") is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("size", [0, 4, 8, 14, 40, 5000])
def test_a_file_cut_off_is_deleted(tmp_path: Path, size: int) -> None:
    kept = cache(tmp_path)
    kept.put("rules", state("a"), whole=True)
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    assert kept.tokens("rules") == 0
    assert kept.get("rules") is None
    assert files(tmp_path) == []


def test_a_state_under_another_name_is_foreign(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put("rules", state("a"), whole=True)
    (path,) = files(tmp_path)
    path.rename(kept.path(kept.key("other")))
    assert kept.get("other") is None
    assert files(tmp_path) == []


def test_a_state_that_the_model_does_not_take_is_forgotten(tmp_path: Path) -> None:
    kept = cache(tmp_path, memory=100 * KB)
    kept.put("rules", state("a"), whole=True)
    kept.drop("rules")
    assert kept.get("rules") is None
    assert files(tmp_path) == []


def test_a_disk_that_takes_nothing_costs_only_the_file(tmp_path: Path) -> None:
    kept = cache(tmp_path / "prefixes", memory=100 * KB)
    (tmp_path / "prefixes").rmdir()
    kept.put("rules", state("a"), whole=True)
    assert kept.get("rules") == state("a")


def test_fingerprint_follows_the_weights_and_not_the_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one.gguf", tmp_path / "two.gguf"
    weights = bytearray(os.urandom(2 << 20))
    one.write_bytes(weights)
    two.write_bytes(weights)
    assert fingerprint(one) == fingerprint(two)
    weights[-(1 << 14) :] = os.urandom(1 << 14)
    two.write_bytes(weights)
    assert fingerprint(one) != fingerprint(two)
    two.write_bytes(weights[:-1])
    assert fingerprint(one) != fingerprint(two)
    with pytest.raises(FileNotFoundError):
        fingerprint(tmp_path / "none.gguf")
