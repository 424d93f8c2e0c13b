"""The 10,355 call-centre questions, when they are there: none fails, most get a card, none of another crop."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from rich.console import Console

from bot.ask import Asker
from bot.evaluate import evaluate_file
from bot.mind import Mind
from bot.services import preview_channels


@pytest.mark.data
def test_every_question_is_answered_without_an_error(mind: Mind, now: datetime, shared_data: Path) -> None:
    asker = Asker(mind, preview_channels(), now)
    outcomes, taken, strangers = [], [], 0
    lineage = mind.knowledge.taxonomy.lineage
    with (shared_data / "kcc_dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            start = perf_counter()
            answer = asker.ask(row["query_text"], channel="sms")
            taken.append(perf_counter() - start)
            outcomes.append(answer["outcome"])
            named = {name for crop in answer["entities"]["crops"] for name in lineage(crop)}
            first = answer["cards"][0]["crop"] if answer["cards"] and answer["outcome"] == "answered" else None
            strangers += bool(named and first and first not in named)
    assert len(outcomes) == 10_355
    assert "error" not in outcomes
    assert strangers == 0
    print(f"median {median(taken) * 1000:.2f} ms")


@pytest.mark.data
def test_eval_prints_its_tables(mind: Mind, shared_data: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    with (shared_data / "kcc_dev.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:300]
    with sample.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    terminal = Console(record=True, width=120)
    tally = evaluate_file(sample, mind, terminal)
    assert sum(tally.outcomes.values()) == 300
    assert "What became of them" in terminal.export_text()
