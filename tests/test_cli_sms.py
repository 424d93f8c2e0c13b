"""`khetdoot sms templates`: the sheet to register, and what is registered of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.__main__ import app
from bot.channels.dlt import Registry, RegistryFile, Template
from bot.channels.sms import PreviewSms
from bot.cli_sms import LATIN_WRITTEN
from bot.domain.messages import Address, Outbound
from bot.mind import Mind

ENTITY = "1101234567890123456"


def read_sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    path = tmp_path_factory.mktemp("dlt") / "sheet.csv"
    result = CliRunner().invoke(app, ["sms", "templates", "export", str(path)])
    assert result.exit_code == 0, result.output
    return read_sheet(path)


def test_the_sheet_has_every_card_in_both_kinds_of_letters(rows: list[dict[str, str]], mind: Mind) -> None:
    cards = {(row["name"].rpartition(" ")[0], row["language"], row["letters"]) for row in rows}
    for card in mind.knowledge.cards.values():
        for language in set(card.texts) & set(mind.locales.spoken):
            assert (card.id, language, "own") in cards
            assert language in LATIN_WRITTEN or (card.id, language, "latin") in cards
    assert all(row["template_id"] == "" and len(row["content"]) <= 2000 for row in rows)


def test_an_answer_matches_its_row(rows: list[dict[str, str]], mind: Mind) -> None:
    """What the pipeline sends is one of the texts on the sheet, letter for letter."""
    from datetime import UTC, datetime

    from bot.ask import Asker

    contents = [Template(id=f"{number:019}", text=row["content"]) for number, row in enumerate(rows)]
    registry = Registry(RegistryFile(entity=ENTITY, header="KHTDOT", templates=tuple(contents)))
    asker = Asker(mind, {"sms": PreviewSms()}, datetime(2026, 11, 21, tzinfo=UTC))
    for question in (
        "my rice has stem borer", "mere dhan me tana chedak lag gaya hai", "मेरे धान में तना छेदक लग गया है",
        "wheat", "STOP", "snake bit my son", "help",
    ):  # fmt: skip
        text = "".join(asker.ask(question, channel="sms")["parts"])
        assert registry.match(text), text
    (fitted,) = PreviewSms().fit(Outbound(Address("sms", "+919876543210"), "no such text anywhere"))
    assert registry.match(fitted.text) is None


def test_check_counts_what_is_registered(
    rows: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dlt.yaml"
    own = next(row for row in rows if row["language"] == "hi" and row["letters"] == "own")
    templates = [{"id": "1107160000000000001", "text": own["content"]}]
    file.write_text(yaml.safe_dump({"entity": ENTITY, "header": "KHTDOT", "templates": templates}))
    monkeypatch.setenv("KHETDOOT_DLT_FILE", str(file))
    result = CliRunner().invoke(app, ["sms", "templates", "check"])
    assert result.exit_code == 0, result.output
    assert f"hi: 1 of {sum(row['language'] == 'hi' for row in rows)} texts" in result.output
    assert "en: 0 of" in result.output
    file.write_text("entity: x")
    assert CliRunner().invoke(app, ["sms", "templates", "check"]).exit_code == 1


def test_mistakes_are_named(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["sms", "templates", "check"]).exit_code == 2
    assert CliRunner().invoke(app, ["sms", "templates", "export", str(tmp_path / "no" / "where.csv")]).exit_code == 1
