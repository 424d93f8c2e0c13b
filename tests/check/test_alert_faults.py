"""`khetdoot check` finds each fault planted in a warning's rule, and none in the rules as they are."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.check.alerts import check_alert
from bot.check.files import Data, read_everything
from bot.domain.errors import DataError
from bot.knowledge.alert_rules import read_alert_rule, read_alert_rules
from bot.locales import check_messages

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "knowledge" / "alerts"


@pytest.fixture(scope="module")
def data() -> Data:
    return read_everything(ROOT / "locales", ROOT / "knowledge")


def plant(tmp_path: Path, rule: str, pattern: str, replacement: str) -> tuple[Path, int]:
    """A rule with a fault, and the line of it."""
    text = (RULES / f"{rule}.yaml").read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert changed != text, f"{pattern!r} is not in {rule}"
    pairs = enumerate(zip(text.splitlines(), changed.splitlines(), strict=False), start=1)
    path = tmp_path / f"{rule}.yaml"
    path.write_text(changed, encoding="utf-8")
    return path, next(number for number, (old, new) in pairs if old != new)


@pytest.mark.parametrize(
    ("rule", "pattern", "replacement", "message"),
    [
        ("heavy-rain", "^kind: rain-day", "kind: rain-week", "unknown kind 'rain-week'"),
        ("heavy-rain", "min_rain_mm: 64.5", "min_hail_mm: 64.5", "has no value 'hail_mm'"),
        ("heavy-rain", "value: rain_mm", "value: snow_mm", "has no value 'snow_mm'"),
        ("heavy-rain", "min_rain_mm: 115.6", "min_rain_mm: 60", "severe is not stricter than warning"),
        ("heavy-rain", "min_rain_mm: 50", "min_rain_mm: 80", "clear must be no stricter"),
        ("cold-wave", "max_low_c: 6", "max_low_c: 3", "clear must be no stricter"),
        ("cold-wave", "max_low_c: 2", "max_low_c: 4", "severe is not stricter than warning"),
        ("late-blight", "humidity_percent: 90", "humid: 90", "has no option 'humid'"),
        ("late-blight", "^options: .*", "options: {}", "needs the option 'humidity_percent'"),
        ("late-blight", r"crops: \[potato", "crops: [potatoe", "unknown crop 'potatoe'"),
        ("late-blight", "potato/late-blight", "potato/lateblight", "there is no card 'potato/lateblight'"),
        ("late-blight", "{potato: potato", "{onion: potato", "a card for 'onion'"),
        ("rice-blast", "stage: seedling", "stage: baby", "unknown stage 'baby'"),
        ("rice-blast", "{crop: rice, stage: til", "{crop: wheat, stage: til", "stages of 'wheat'"),
        ("rice-blast", r"\[31, 65\]", "[30, 65]", "'seedling' and 'tillering' of 'rice' overlap"),
        ("rice-blast", "source: agropedia}", "source: hearsay}", "source 'hearsay'"),
        ("heat-wave", "text: alert.heat-wave.severe", "text: alert.heat-wave.deadly", "no text for 'alert.heat-wave.d"),
        ("heat-wave", "^shows: .*$", "cards: {}", "has {value}, which this rule does not fill"),
        ("heat-wave", "text: alert.heat-wave.clear", "text: alert.heat-wave.severe", "but at its end there is none"),
        ("dry-spell", "^clear:", "days: 3\nclear:", "looks at one day"),
    ],
)  # fmt: skip
def test_planted_faults(tmp_path: Path, data: Data, rule: str, pattern: str, replacement: str, message: str) -> None:
    path, _ = plant(tmp_path, rule, pattern, replacement)
    problems = list(check_alert(read_alert_rule(path), data))
    assert [problem.message for problem in problems if message in problem.message], problems
    assert {problem.path for problem in problems} == {str(path)}
    assert len(path.read_text(encoding="utf-8").splitlines()) >= max(problem.line for problem in problems) >= 1


@pytest.mark.parametrize(
    ("rule", "pattern", "replacement", "message"),
    [
        ("heavy-rain", "min_rain_mm: 64.5", "rain_mm: 64.5", "begins with none of min_"),
        ("heavy-rain", "severity: severe", "severity: awful", "severity"),
        ("heavy-rain", "severity: severe", "severity: warning", "severity must rise"),
        ("heavy-rain", "text: alert.heavy-rain.severe", "text: Rain!", "text"),
        ("heavy-rain", "^cool_down_hours: 24", "cool_down_hours: 0", "cool_down_hours"),
        ("heavy-rain", "^horizon_hours: 72", "horizon_hours: 999", "horizon_hours"),
        ("heavy-rain", "^version: 1", "version: 0", "version"),
        ("heavy-rain", "^cool_down_hours", "cooldown_hours", "cool_down_hours"),
        ("heavy-rain", "read: 2026-11-21", "read: yesterday", "read"),
        ("cold-wave", "^sources:", "sources: []\nnotes:", "notes"),
        ("frost", "^sourced: false", "sourced: true", "a sourced rule needs sources"),
        ("rice-blast", r"days: \[31, 65\]", "days: [65, 31]", "days are first and last"),
        ("rice-blast", r"^crops: \[rice\]", "crops: []", "stages need crops"),
        ("dry-spell", r"months: \[6", "months: [13", "months"),
        ("dry-spell", "^note: >", "note: [", "expected"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, rule: str, pattern: str, replacement: str, message: str) -> None:
    path, line = plant(tmp_path, rule, pattern, replacement)
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        read_alert_rule(path)
    where, number, _ = str(raised.value).split(":", 2)
    assert where == str(path)
    assert int(number) in (1, line) or abs(int(number) - line) <= 2


def test_a_broken_rule_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    knowledge = tmp_path / "knowledge"
    shutil.copytree(RULES, knowledge / "alerts")
    plant(knowledge / "alerts", "frost", "^version: 1", "version: none")
    found = read_everything(ROOT / "locales", knowledge)
    named = [problem for problem in found.problems if "frost.yaml" in problem.path]
    assert [(problem.line, "version" in problem.message) for problem in named] == [(1, True)]
    assert len(found.alerts) == len(list(RULES.glob("*.yaml"))) - 1


def test_a_text_that_one_language_lacks_is_named(data: Data) -> None:
    assert data.locales
    messages = {tag: dict(texts) for tag, texts in data.locales.messages.items()}
    del messages["hi"]["alert.heat-wave.severe"]
    problems = check_messages(replace(data.locales, messages=messages))
    assert [p for p in problems if "hi" in p.path and "alert.heat-wave.severe" in p.message]


def test_nothing_can_be_said_without_taxonomy_and_locales(data: Data) -> None:
    assert list(check_alert(data.alerts[0], Data(ROOT / "locales", ROOT / "knowledge"))) == []


def test_the_rules_as_they_are(data: Data) -> None:
    assert [problem for rule in data.alerts for problem in check_alert(rule, data)] == []
    assert data.alerts == read_alert_rules(RULES)
    assert len(data.alerts) >= 14
    unsourced = {rule.id for rule in data.alerts if not rule.sourced}
    assert unsourced == {"frost", "dry-spell-east-africa"}
