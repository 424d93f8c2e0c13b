"""The model bench's book-keeping: nothing measured is lost, nothing of another machine is mixed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.model_report import Results, draw, overhead_lines, ratio, write_report

MACHINE: dict[str, Any] = {
    "kind": "machine",
    "cpu": "test",
    "threads": 2,
    "library": "llama-cpp-python 0",
    "model": "tiny.gguf",
    "bytes": 1_000_000_000,
    "fingerprint": "f",
}


def measured(path: Path) -> Results:
    results = Results(path)
    results.read(MACHINE)
    for card, plain in (("a", 100.0), ("b", 30.0), ("c", 60.0)):
        tokens = {"prefilled": 300, "decoded": 40}
        results.add(kind="plain", card=card, language="te", seconds=plain, **tokens)
        results.add(kind="warm", card=card, language="te", seconds=2.0, **tokens)
    return results


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    measured(tmp_path / "model.jsonl")
    again = Results(tmp_path / "model.jsonl")
    again.read(MACHINE)
    assert again.has("plain", "a", "te")
    assert not again.has("plain", "a", "hi")
    assert not again.has("cold", "a", "te")
    again.read(MACHINE | {"fingerprint": "other"})
    assert not again.has("plain", "a", "te")


def test_ratios_are_taken_question_by_question(tmp_path: Path) -> None:
    results = measured(tmp_path / "model.jsonl")
    assert ratio(results, "warm", "te") == "30.0"
    assert ratio(results, "cold", "te") == ""


def test_overhead_and_raw_speed(tmp_path: Path) -> None:
    results = measured(tmp_path / "model.jsonl")
    assert overhead_lines(results) == ""
    results.add(
        kind="overhead", card="a", language="en", ours=22.0, seconds=20.0, prefill=16.0, prefilled=320, decoded=9
    )
    assert "prefill 20.0 tokens/s, decode 2.00 tokens/s. Ours takes +10.0%" in overhead_lines(results)


def test_the_report_has_what_there_is(tmp_path: Path) -> None:
    results = measured(tmp_path / "model.jsonl")
    results.add(kind="memory", of="ours", peak=1_500_000_000, private=400_000_000)
    results.add(kind="load", seconds=0.5)
    write_report(results, tmp_path)
    draw(results, tmp_path / "model.png")
    report = (tmp_path / "model.md").read_text(encoding="utf-8")
    assert "| te | 3/0/3 | 60.0 | 300 + 40 | |  | 2.0 | 300 + 40 |  | 30.0 |" in report
    assert "| 1.50 | 0.50 | 0.40 |" in report
    assert "1.80" in report
    assert "0.50 s until ready" in report
    assert (tmp_path / "model.png").stat().st_size > 1000
