"""The reader of locales/: values, faults with their lines, texts and fall-backs; and the real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.domain.turns import Intent
from bot.knowledge import Knowledge
from bot.locales import Locales, check_messages, check_names, placeholders

LANGUAGES = """
en: {name: English, native: English, script: Latn, direction: ltr, tier: 1, names: [english]}
hi: {name: Hindi, native: हिन्दी, script: Deva, direction: ltr, tier: 1, region: IN, gsm_table: 6}
mr: {name: Marathi, native: मराठी, script: Deva, direction: ltr, tier: 1, fallback: [hi]}
"""
RULES = "intents: {ask_advice: a question, stop: no more}\nsigns: {drop: {flower: flower-drop}}\n"
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
IDS = {"topics": ["pest"], "crops": ["rice"], "problems": ["blast"], "parts": [], "stages": [], "inputs": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "languages.yaml": LANGUAGES,
        "intents.yaml": RULES,
        "en/messages.po": PO + 'msgid "hello"\nmsgstr "Hello {name}"\n\nmsgid "bye"\nmsgstr "Bye"\n',
        "hi/messages.po": PO + 'msgid "hello"\nmsgstr "नमस्ते {name}"\n\n#, fuzzy\nmsgid "bye"\nmsgstr "?"\n',
        "en/entities.yaml": "crops:\n  rice: [rice, no, yes]\n",
        "en/utterances.yaml": "commands: {stop: [stop, on]}\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_texts_fall_back_from_language_to_english(folder: Path) -> None:
    write(folder, "mr/messages.po", PO)
    locales = Locales.load(folder)
    assert locales.text("hello", "hi", name="Asha") == "नमस्ते Asha"
    assert locales.text("hello", "hi-Latn", name="Asha") == "नमस्ते Asha"
    assert locales.text("hello", "mr", name="Asha") == "नमस्ते Asha"
    assert locales.text("bye", "hi") == "Bye"
    assert locales.text("bye", "xx") == "Bye"
    assert locales.text("hello", "en") == "Hello "
    with pytest.raises(DataError, match=r"messages\.po:1: no message 'nothing'"):
        locales.text("nothing", "en")


def test_yaml_words_stay_words(folder: Path) -> None:
    locales = Locales.load(folder)
    assert [name.text for name in locales.entities["en"].names] == ["rice", "no", "yes"]
    assert locales.utterances["en"].commands["stop"].say == ("stop", "on")
    assert locales.entities["en"].names[0].line == 2
    assert locales.languages["hi"].region == "IN"
    assert locales.languages["en"].region is None
    assert locales.languages["en"].digits == "0123456789"
    assert locales.spoken == ("en", "hi")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("en/entities.yaml", "crops:\n  rice: [a\n", r"entities\.yaml:3: "),
        ("en/entities.yaml", "\ncrop: {}\n", r"entities\.yaml:2: unknown section 'crop'"),
        ("en/entities.yaml", "crops:\n  rice: rice\n", r"entities\.yaml:2: a list is wanted"),
        ("en/entities.yaml", "crops: [rice]\n", r"entities\.yaml:1: a mapping is wanted"),
        ("en/entities.yaml", "crops:\n  rice: [a]\n  rice: [b]\n", r"entities\.yaml:3: 'rice' stands here twice"),
        ("en/entities.yaml", "crops:\n  rice:\n  - {a: b}\n", r"entities\.yaml:3: a text is wanted"),
        ("en/utterances.yaml", "\nexamples:\n- {txt: a}\n", r"utterances\.yaml:3: an example has text"),
        ("en/utterances.yaml", "examples:\n- {topic: pest}\n", r"utterances\.yaml:2: an example needs a text"),
        ("en/utterances.yaml", "commands:\n  stop:\n    sya: [a]\n", r"utterances\.yaml:3: unknown section 'sya'"),
        ("languages.yaml", "en: {name: English}\n", r"languages\.yaml:1: en lacks native, script"),
        ("languages.yaml", LANGUAGES.replace("tier: 1", "tier: one", 1), r"languages\.yaml:2: tier is a number"),
        ("en/messages.po", 'msgid "a"\nfoo "b"\n', r"messages\.po:2: "),
        ("en/messages.po", 'msgid "a"\nmsgstr "b\n', r"messages\.po:2: "),
        ("en/messages.po", 'msgid "a"\nmsgstr "b "c" d"\n', r"messages\.po:2: "),
    ],
)
def test_faults_name_file_and_line(folder: Path, name: str, text: str, message: str) -> None:
    write(folder, name, text)
    with pytest.raises(DataError, match=message):
        Locales.load(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"languages\.yaml:1: no such file"):
        Locales.load(tmp_path)


def test_check_finds_texts_that_differ_from_english(folder: Path) -> None:
    write(
        folder,
        "hi/messages.po",
        PO + 'msgid "hello"\nmsgstr "नमस्ते {nam}"\n\nmsgid "extra"\nmsgstr "x"\n\nmsgid "bye"\nmsgstr "{"\n',
    )
    found = [str(problem) for problem in check_messages(Locales.load(folder))]
    assert any("messages.po:4: 'hello': placeholders ['nam'] instead of ['name']" in line for line in found)
    assert any("messages.po:7: 'extra': English has no such message" in line for line in found)
    assert any("'bye': braces" in line for line in found)
    assert len(found) == 3
    assert placeholders("{a} and {b}") == {"a", "b"}


def test_check_finds_names_and_commands_that_nothing_knows(folder: Path) -> None:
    write(folder, "hi/entities.yaml", "crops:\n  rice: [dhan, धान]\n  ryce: [x]\nproblems:\n  blast: [Jhulsa]\n")
    write(folder, "en/entities.yaml", "problems:\n  blast: [rust]\n  rust: [Rust]\n")
    write(folder, "en/utterances.yaml", "commands: {stp: [x]}\nexamples:\n- {text: a, topic: pets}\n")
    locales = Locales.load(folder)
    found = [str(p) for p in check_names(locales.entities, locales.utterances, locales.rules, IDS)]
    assert any("hi/entities.yaml:3: crops has no 'ryce'" in line for line in found)
    assert any("hi/entities.yaml:2: the first name of rice" in line for line in found)
    assert any("en/entities.yaml:3: 'Rust' is blast (line 2) and rust" in line for line in found)
    assert any("no command 'stp'" in line for line in found)
    assert any("lacks the command 'stop'" in line for line in found)
    assert any("utterances.yaml:3: no topic 'pets'" in line for line in found)


def test_the_real_files_have_no_faults(locales: Locales, knowledge: Knowledge) -> None:
    ids = {kind: getattr(knowledge.taxonomy, kind) for kind in IDS}
    found = list(check_names(locales.entities, locales.utterances, locales.rules, ids))
    assert not found, "\n".join(map(str, found))
    assert set(locales.rules.intents) == {str(intent) for intent in Intent}
    rules = locales.rules
    named = {
        p for table in (*rules.signs.values(), *rules.refine.values()) for key, p in table.items() if key != "topic"
    }
    assert named <= set(knowledge.taxonomy.problems)
    assert set(rules.general) <= set(knowledge.taxonomy.problems)
    assert set(rules.input_topics) == set(knowledge.taxonomy.inputs)


def test_thirteen_languages_are_described(locales: Locales) -> None:
    tier_one = {tag for tag, language in locales.languages.items() if language.tier == 1}
    assert tier_one >= {"en", "hi", "mr", "te", "ta", "kn", "bn", "gu", "pa", "ml", "or", "sw", "es"}
    assert all(len(language.digits) == 10 for language in locales.languages.values())
