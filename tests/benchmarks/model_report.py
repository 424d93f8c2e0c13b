"""What `bench_model` measured, kept line by line, as Markdown and as a chart."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "hi": "Hindi", "te": "Telugu", "sw": "Swahili"}
PHONE_GB = 1.8
"""What the Phi-3 technical report says of phi-3-mini in 4 bits on an iPhone 14 (the seeds' figure): weights alone."""
TITLES = {"plain": "plain RAG", "cold": "ours, cold", "warm": "ours, warm prefix"}


@dataclass(slots=True)
class Results:
    """Lines of results/model.jsonl; `add` writes at once."""

    path: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def read(self, machine: dict[str, Any]) -> None:
        """Goes on with a file of the same machine and model, starts anew else."""
        if self.path.exists():
            self.rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        if not self.rows or self.rows[0] != machine:
            self.path.write_text("", encoding="utf-8")
            self.rows = []
            self.add(**machine)

    def add(self, **row: Any) -> None:
        """One more."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def of(self, kind: str, language: str | None = None) -> list[dict[str, Any]]:
        """All of a kind."""
        return [row for row in self.rows if row["kind"] == kind and language in (None, row.get("language"))]

    def has(self, kind: str, card: str, language: str) -> bool:
        """Whether this was measured."""
        return any(row["card"] == card for row in self.of(kind, language))


def write_report(results: Results, folder: Path) -> None:
    """Markdown from what there is by now."""
    machine = results.rows[0]
    parts = [
        "# Phi-3 at the edge: select against generate",
        f"{machine['cpu']}, {machine['threads']} threads, {machine['library']}; model {machine['model']}, "
        f"{machine['bytes'] / 1e9:.2f} GB. Made by `make bench-model`.",
        speed_table(results),
        memory_table(results),
        overhead_lines(results),
    ]
    (folder / "model.md").write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")


def speed_table(results: Results) -> str:
    """Medians of each language, and of how many times as fast ours is on the same question."""
    lines = [
        "Medians; tokens prefilled + decoded. Plain RAG writes as many tokens as the card's own SMS in that language; "
        "ours sends the authored text and decodes only the choice.",
        "",
        "| language | measured | plain RAG, s | tokens | cold, s | tokens | warm, s | tokens | cold × | warm × |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for language in [*LANGUAGES, None]:
        cells = [cell(results.of(kind, language)) for kind in TITLES]
        faster = [ratio(results, kind, language) for kind in ("cold", "warm")]
        count = "/".join(str(len(results.of(kind, language))) for kind in TITLES)
        lines.append(f"| {language or 'all'} | {count} | {' | '.join(cells)} | {' | '.join(faster)} |")
    return "\n".join(lines)


def cell(rows: Sequence[dict[str, Any]]) -> str:
    """Seconds and tokens."""
    if not rows:
        return "| "
    middle = {key: statistics.median(row[key] for row in rows) for key in ("seconds", "prefilled", "decoded")}
    return f"{middle['seconds']:.1f} | {middle['prefilled']:.0f} + {middle['decoded']:.0f}"


def ratio(results: Results, kind: str, language: str | None) -> str:
    """Median of plain's seconds by ours, question by question."""
    ours = {(row["card"], row["language"]): row["seconds"] for row in results.of(kind, language)}
    pairs = [(row["seconds"], ours.get((row["card"], row["language"]))) for row in results.of("plain", language)]
    found = [plain / mine for plain, mine in pairs if mine]
    return f"{statistics.median(found):.1f}" if found else ""


def memory_table(results: Results) -> str:
    """Peak of each process; the phone's figure beside it."""
    size = results.rows[0]["bytes"]
    lines = ["| process | peak, GB | above the file, GB | private, GB |", "|---|---|---|---|"]
    for name, title in (
        ("plain", "plain RAG (`Llama`, context 2048)"),
        ("ours", "ours (context 1536, prefixes 128 MB)"),
    ):
        rows = [row for row in results.of("memory") if row["of"] == name]
        if rows:
            peak, private = (max(row[key] for row in rows) / 1e9 for key in ("peak", "private"))
            lines.append(f"| {title} | {peak:.2f} | {peak - size / 1e9:.2f} | {private:.2f} |")
    lines.append(f"| phi-3-mini in 4 bits on a phone, as the seeds state it | {PHONE_GB:.2f} | | |")
    loads = [row["seconds"] for row in results.of("load")]
    if loads:
        lines += ["", f"Loading, the file in the page cache: {statistics.median(loads):.2f} s until ready."]
    return "\n".join(lines)


def overhead_lines(results: Results) -> str:
    """Raw speed of llama.cpp, and what ours adds to it."""
    rows = results.of("overhead")
    if not rows:
        return ""
    prefill = statistics.median(row["prefilled"] / row["prefill"] for row in rows)
    decode = statistics.median((row["decoded"] - 1) / (row["seconds"] - row["prefill"]) for row in rows)
    over = statistics.median(row["ours"] / row["seconds"] - 1 for row in rows)
    return (
        f"llama.cpp alone: prefill {prefill:.1f} tokens/s, decode {decode:.2f} tokens/s. Ours takes {over:+.1%} of its "
        f"time for the same tokens (median of {len(rows)}; process, pipes, chunks, sampling included)."
    )


def draw(results: Results, path: Path) -> None:
    """Seconds by language, on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4.5))
    for number, (kind, title) in enumerate(TITLES.items()):
        shown = [(at, rows) for at, name in enumerate(LANGUAGES) if (rows := results.of(kind, name))]
        heights = [statistics.median(row["seconds"] for row in rows) for _, rows in shown]
        bars = axes.bar([at + 0.27 * (number - 1) for at, _ in shown], heights, 0.25, label=title)
        axes.bar_label(bars, [f"{height:.1f}" for height in heights], fontsize=8)
    axes.set_xticks(range(len(LANGUAGES)), list(LANGUAGES.values()))
    axes.set_yscale("log")
    axes.set_ylabel("seconds to the answer (median)")
    axes.set_title(f"{results.rows[0]['model']} on {results.rows[0]['threads']} CPU threads", fontsize=10)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
