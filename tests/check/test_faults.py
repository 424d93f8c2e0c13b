"""`khetdoot check` finds each planted fault, where it is, and nothing in the tree without one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.check import check_all

ROOT = Path(__file__).resolve().parents[2]
CARD = "cards/rice/stem-borer"
KEPT = ("rice/stem-borer", "rice/blast", "wheat/yellow-rust", "emergency/snake-bite")
LANGUAGES = ("en", "hi")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small copy of locales/ and knowledge/: four cards in two languages."""
    knowledge = tmp_path / "knowledge"
    for name in ("taxonomy.yaml", "helplines.yaml", "restricted", "places", "prices"):
        source = ROOT / "knowledge" / name
        (shutil.copytree if source.is_dir() else copy_file)(source, knowledge / name)
    for folder in [*KEPT, *(f"shared/{step.name}" for step in (ROOT / "knowledge/cards/shared").iterdir())]:
        source = ROOT / "knowledge" / "cards" / folder
        for path in source.iterdir():
            if path.suffix == ".yaml" or path.stem in LANGUAGES:
                copy_file(path, knowledge / "cards" / folder / path.name)
    locales = tmp_path / "locales"
    for path in (ROOT / "locales").iterdir():
        if path.name in {*LANGUAGES, "models"}:
            (locales).mkdir(exist_ok=True)
            (shutil.copytree)(path, locales / path.name)
        elif path.is_file():
            copy_file(path, locales / path.name)
    return tmp_path


def copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def edit(pattern: str, replacement: str) -> Callable[[Path], None]:
    """Replaces the first match in a file; the plant fails when there is none."""

    def plant(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE | re.DOTALL)
        assert changed != text, f"{pattern!r} is not in {path}"
        path.write_text(changed, encoding="utf-8")

    return plant


@dataclass(frozen=True)
class Fault:
    """A change to one file and the message that must name it."""

    name: str
    file: str
    plant: Callable[[Path], None]
    message: str


EN, HI, YAML = (f"knowledge/{CARD}/{name}" for name in ("en.md", "hi.md", "card.yaml"))
FAULTS = (
    Fault("unknown crop", YAML, edit(r"crops: \[rice\]", "crops: [riice]"), "unknown crop 'riice'"),
    Fault("unknown topic", YAML, edit(r"topics: \[pest\]", "topics: [pests]"), "unknown topic 'pests'"),
    Fault("unknown problem", YAML, edit(r"problems: \[stem-borer\]", "problems: [stemborer]"), "unknown problem"),
    Fault("unknown stage", YAML, edit(r"stages: \[nursery", "stages: [nurserie"), "unknown stage 'nurserie'"),
    Fault("unknown field", YAML, edit(r"^regions:", "region:"), "region"),
    Fault("broken YAML", YAML, edit(r"^steps:", "steps: ["), "expected"),
    Fault("step without sources", YAML, edit(r"sources: \[tnau-ysb\]", "sources: []"), "at least 1 item"),
    Fault("source that is not listed", YAML, edit(r"sources: \[tnau-ysb\]", "sources: [hearsay]"), "source 'hearsay'"),
    Fault("one source only", YAML, edit(r"^sources:\n(.*?)\n  - id: .*\Z", r"sources:\n\1\n"), "at least 2 items"),
    Fault("signed by nobody", YAML, edit("state: drafted", "state: reviewed"), "who signed"),
    Fault("step id twice", YAML, edit("id: egg-wasps", "id: pheromone-traps"), "stands 2 times"),
    Fault("chemical without facts", YAML, edit("kind: biological", "kind: chemical"), "go together"),
    Fault("range upside down", YAML, edit(r"value: 20, unit: trap", "value: [21, 20], unit: trap"), "more than"),
    Fault("review already due", YAML, edit("review_by: 2027-11-30", "review_by: 2026-01-01"), "review_by"),
    Fault(
        "shared step that is not there",
        YAML,
        edit("use: shared/ask-officer", "use: shared/ask-uncle"),
        "no cards/shared",
    ),
    Fault("step without words", EN, edit(r"### pull-test\n.*?\n\n", ""), "step 'pull-test' has no text"),
    Fault("words without step", EN, edit("### pull-test", "### pull-tests"), "'pull-tests' is not in card.yaml"),
    Fault("unknown heading", EN, edit("## avoid", "## avoidance"), "unknown or stands twice"),
    Fault("number from nowhere", EN, edit(r"Set up 8 ", "Set up 80 "), "80 is not among the quantities"),
    Fault("wrong unit", EN, edit(r"8 pheromone traps per acre", "8 kg of traps per acre"), "8 is followed by kg"),
    Fault("restricted ingredient", EN, edit("## avoid\n", "## avoid\nSpray Monocrotophos. "), "monocrotophos"),
    Fault("SMS too long", EN, edit("## sms\n", "## sms\n" + "More words than one message takes. " * 3), "segments"),
    Fault("curly quotes in the SMS", EN, edit("Rice stem borer:", "Rice “stem borer”:"), "outside GSM-7"),
    Fault("two questions only", EN, edit(r"^- .*?\n", ""), "2 questions; 3"),
    Fault("another card's question", EN, edit(r"^- white empty.*?$", "- how to control yellow rust in wheat"), "finds"),
    Fault("empty section", EN, edit(r"## call\n.*?\n\n", "## call\n\n"), "call is empty"),
    Fault("unfinished words", EN, edit("## look\n", "## look\nTODO "), "unfinished"),
    Fault("stale translation", EN, edit("## look\n", "## look\nLook well. "), "translate again"),
    Fault("lost number", HI, edit(r"8", "कुछ"), "lacks 8"),
    Fault("changed number in native digits", HI, edit(r"\b30\b", "४०"), "40 is not among"),
    Fault(
        "restricted ingredient in Devanagari",
        HI,
        edit("## avoid\n", "## avoid\nमोनोक्रोटोफॉसचा छिड़काव "),
        "मोनोक्रोटोफॉस",
    ),
    Fault("letters of a third script", HI, edit("## look\n", "## look\nనీరు "), "letters of Telu"),
    Fault(
        "English left in",
        HI,
        edit(r"## call\n.*?\n\n", "## call\nAsk the officer before you do this\n\n"),
        "Latin letters",
    ),
    Fault("no question in Latin letters", HI, edit(r"^- hi-Latn: (.*?)$", r"- धान \1"), "no question in Latin letters"),
    Fault("no front matter", HI, edit(r"\A---\n", ""), "front matter"),
    Fault(
        "lost message", "locales/hi/messages.po", edit(r'msgid "thanks"\nmsgstr "[^"]*"\n', ""), "no text for 'thanks'"
    ),
    Fault(
        "changed placeholder",
        "locales/hi/messages.po",
        edit(r"(msgid .ask.problem.\nmsgstr .[^\n]*)\{crop\}", r"\1{krop}"),
        "ask.problem",
    ),
    Fault("unknown entity", "locales/hi/entities.yaml", edit(r"^  rice:", "  ricee:"), "ricee"),
    Fault(
        "plain word that counts", "locales/en/guard.yaml", edit(r"plain: \[", "plain: [five, "), "'five' is no plain"
    ),
    Fault("guard without numbers", "locales/hi/guard.yaml", edit(r"^numbers:", "number:"), "number"),
    Fault("bad helpline", "knowledge/helplines.yaml", edit("region: IN", "region: India"), "region"),
)


def test_the_tree_without_faults_is_in_order(tree: Path) -> None:
    assert [str(problem) for problem in check_all(tree / "locales", tree / "knowledge")] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_planted_fault_is_found(tree: Path, fault: Fault) -> None:
    fault.plant(tree / fault.file)
    problems = list(check_all(tree / "locales", tree / "knowledge"))
    here = [problem for problem in problems if problem.path == str(tree / fault.file)]
    place = here or problems  # a stale translation is reported where the translation is
    assert any(fault.message in problem.message for problem in place), [str(problem) for problem in problems]
    assert all(problem.line >= 1 for problem in problems)


def test_a_copied_step_is_found(tree: Path) -> None:
    text = (tree / "knowledge/cards/rice/blast/en.md").read_text(encoding="utf-8")
    step = re.search(r"### (?!ask)(\S+)\n(.+?)\n", text)
    assert step
    edit(r"(### pull-test\n).+?\n", rf"\g<1>{step.group(2)}\n")(tree / EN)
    assert any("the same step stands in" in p.message for p in check_all(tree / "locales", tree / "knowledge"))
