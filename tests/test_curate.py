"""`khetdoot knowledge`: scaffold, coverage, preview, gaps."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import curate
from bot.check import check_all
from bot.domain.errors import ConfigurationError, DataError
from bot.knowledge import text_hash
from bot.storage.claims import InboxState, TurnSummary
from bot.storage.upkeep import TurnRecord

ROOT = Path(__file__).resolve().parent.parent
RUN = CliRunner()


def test_new_makes_files_that_check_finds_wanting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHETDOOT_KNOWLEDGE_DIR", str(tmp_path))
    made = RUN.invoke(curate.app, ["new", "maize/stalk-borer"])
    assert made.exit_code == 0
    assert (tmp_path / "cards/maize/stalk-borer/en.md").is_file()
    problems = [str(p) for p in check_all(ROOT / "locales", tmp_path)]
    assert any("maize/stalk-borer/card.yaml" in problem for problem in problems)
    again = RUN.invoke(curate.app, ["new", "maize/stalk-borer"])
    assert isinstance(again.exception, ConfigurationError)
    assert isinstance(RUN.invoke(curate.app, ["new", "../evil"]).exception, ConfigurationError)


def test_hash_and_stats() -> None:
    shown = RUN.invoke(curate.app, ["hash", "rice/blast"])
    assert shown.stdout.strip() == text_hash(ROOT / "knowledge/cards/rice/blast/en.md")
    assert RUN.invoke(curate.app, ["stats"]).exit_code == 0


def test_preview_shows_segments_in_both_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(curate, "terminal", Console(file=written, width=200))
    RUN.invoke(curate.app, ["preview", "rice/stem-borer", "--language", "hi"], catch_exceptions=False)
    assert "ucs2" in written.getvalue()
    assert "gsm7" in written.getvalue()
    assert isinstance(RUN.invoke(curate.app, ["preview", "rice/nothing"]).exception, DataError)
    wrong = RUN.invoke(curate.app, ["preview", "rice/blast", "--language", "xx"])
    assert isinstance(wrong.exception, DataError)


def turn(text: str, outcome: str) -> TurnRecord:
    summary = TurnSummary("hi", "ask_advice", "pest", outcome)
    return TurnRecord(1, "c", "sms", text, InboxState.DONE, "", datetime(2026, 1, 1, tzinfo=UTC), summary, ())


def test_gaps_counts_what_was_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(curate, "terminal", Console(file=written, width=120))
    curate.show_gaps([turn("Kida laga", "asked_back"), turn("kida  laga", "asked_back"), turn("thanks", "answered")])
    table = written.getvalue()
    assert "kida laga" in table
    assert "thanks" not in table
    row = next(line for line in table.splitlines() if "kida laga" in line)
    assert "2" in row
