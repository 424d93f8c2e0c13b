"""`khetdoot ask`: fields as DESIGN §6 lists them, conversations by contact, bad lines as errors."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.ask import Asker
from bot.domain.errors import KhetdootError
from bot.mind import Mind
from bot.services import preview_channels

FIELDS = {
    "id", "language", "script", "intent", "topic", "entities", "cards", "outcome",
    "parts", "steps", "engine", "seconds",
}  # fmt: skip


@pytest.fixture
def asker(mind: Mind, now: datetime) -> Asker:
    return Asker(mind, preview_channels(), now)


def lines(*asked: dict[str, object]) -> list[str]:
    return [json.dumps(one) for one in asked]


def test_fields(asker: Asker) -> None:
    (answer,) = asker.ask_lines(lines({"id": "a", "text": "my rice has stem borer"}))
    assert set(answer) == FIELDS
    assert set(answer["entities"]) == {"crops", "problems", "parts", "stages", "inputs", "places"}
    assert set(answer["cards"][0]) == {"id", "crop", "topic", "score"}
    assert answer["id"] == "a"
    assert answer["cards"][0]["id"] == "rice/stem-borer"
    assert len(answer["cards"]) <= 5
    json.dumps(answer)


def test_lines_of_one_contact_are_a_conversation_and_others_are_not(asker: Asker) -> None:
    first, second, third = asker.ask_lines(
        lines({"text": "wheat", "contact": "c"}, {"text": "weeds", "contact": "c"}, {"text": "weeds"})
    )
    assert first["outcome"] == "asked_back"
    assert second["cards"][0]["id"] == "wheat/weeds"
    assert third["outcome"] == "asked_back"


def test_bad_lines_are_errors_and_the_rest_goes_on(asker: Asker) -> None:
    bad = ["{", "[]", '{"id": 7}', '{"text": "x", "channel": "pigeon"}', '{"text": "x", "place": "a,b"}', "", "null"]
    answers = list(asker.ask_lines([*bad, *lines({"id": 8, "text": "wheat rust"})]))
    assert [answer["outcome"] for answer in answers] == ["error"] * 6 + ["answered"]
    assert [answer["id"] for answer in answers] == [1, 2, 7, 4, 5, 7, 8]


def test_sms_parts_are_segments(asker: Asker) -> None:
    answer = asker.ask("मेरे धान में तना छेदक लग गया है", channel="sms")
    assert 1 <= len(answer["parts"]) <= 2
    assert all(len(part) <= 70 for part in answer["parts"])


def test_unknown_channel(asker: Asker) -> None:
    with pytest.raises(KhetdootError, match="pigeon"):
        asker.ask("x", channel="pigeon")


@pytest.mark.parametrize("text", ["", " ", "🙏", "\x00", "a" * 100_000, "\ud800", "\u202e", "1", "%s{x}", "मे" * 9000])
def test_any_text_gets_a_reply(asker: Asker, text: str) -> None:
    answer = asker.ask(text, channel="console")
    assert answer["outcome"] in {"asked_back", "abstained"}
    assert answer["parts"]


def test_commands_in_the_terminal(tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"id": 1, "text": "मेरे धान में तना छेदक लग गया है"}\n', encoding="utf-8")
    run = CliRunner()
    found = run.invoke(app, ["ask", "--batch", str(asked)])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["language"] == "hi"
    detected = run.invoke(app, ["detect", "--batch", str(asked)])
    assert json.loads(detected.stdout).items() >= {"id": 1, "language": "hi", "script": "Deva"}.items()
    plain = run.invoke(app, ["ask", "my rice has stem borer"])
    assert plain.stdout.startswith("Stem borer in rice")
    missing = run.invoke(app, ["ask", "--batch", str(tmp_path / "missing.jsonl")])
    assert missing.exit_code == 1
    assert "missing.jsonl" in missing.output
    talk = run.invoke(app, ["chat"], input="wheat rust\n")
    assert "rust" in talk.stdout
