"""Training on little: same input same bytes, and a detector that tells what it was shown."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from bot.train import languages
from bot.train.corpus import Origin, Sample, read_corpus, read_own_texts
from bot.train.generate import filled, pseudo, read_templates, romanised
from bot.train.languages import cut, train_languages
from bot.understanding.language import MODELS, LanguageDetector

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes that train in seconds."""
    recipes = {
        script: replace(recipe, pieces=3000, buckets=20_000, least=5, dim=8)
        for script, recipe in languages.RECIPES.items()
    }
    monkeypatch.setattr(languages, "RECIPES", recipes)
    monkeypatch.setattr("bot.train.generate.TEMPLATE_LINES", 100)
    monkeypatch.setattr("bot.train.generate.PSEUDO_LINES", 40)


@pytest.mark.usefixtures("small")
def test_trains_a_detector_and_the_same_one_twice(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "fr.txt").write_text("le blé est malade que dois-je faire\n" * 3, encoding="utf-8")
    reports = [
        train_languages(corpus, ROOT / "locales", ROOT / "knowledge", tmp_path / name) for name in ("first", "second")
    ]
    assert reports[0] == reports[1]
    assert reports[0].lines["fr"] == 1 + 40  # ours once, and pseudo lines
    for names in MODELS.values():
        for name in names:
            assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    detector = LanguageDetector.load(tmp_path / "first")
    assert detector.detect("mere dhan me keede lag gaye hain kya kare").tag == "hi-Latn"
    assert detector.detect("what medicine for blast in my dhan field").tag == "en"
    assert detector.detect("ମୋ ଧାନ").tag == "or"


def test_own_texts_cover_what_no_corpus_has() -> None:
    tags = {sample.tag for sample in read_own_texts(ROOT / "locales", ROOT / "knowledge")}
    assert {"en", "hi", "hi-Latn", "or", "or-Latn", "ne", "ne-Latn", "as"} <= tags


def test_indic_lines_in_latin_letters_get_the_latin_tag(tmp_path: Path) -> None:
    phrases = tmp_path / "models/phrases"
    phrases.mkdir(parents=True)
    (phrases / "te.txt").write_text("వరి పంట\nvari panta\n", encoding="utf-8")
    (tmp_path / "te").mkdir()
    (tmp_path / "te/utterances.yaml").write_text("stop:\n- aapu\n- te-Latn: [vaddu]\n- ఆపు\n", encoding="utf-8")
    found = read_own_texts(tmp_path, tmp_path)
    assert [(sample.tag, sample.words) for sample in found] == [
        ("te", "వరి పంట"), ("te-Latn", "vari panta"), ("te-Latn", "aapu"), ("te-Latn", "vaddu"), ("te", "ఆపు"),
    ]  # fmt: skip


def test_cards_give_their_lines_and_marked_questions(tmp_path: Path) -> None:
    card = tmp_path / "cards/rice/blast/hi.md"
    card.parent.mkdir(parents=True)
    card.write_text(
        "---\nlanguage: hi\n---\n# धान\n\n## questions\n- दवा बताएं\n- hi-Latn: dava batao\n", encoding="utf-8"
    )
    found = [(sample.tag, sample.words) for sample in read_own_texts(tmp_path, tmp_path)]
    assert found == [("hi", "धान"), ("hi", "दवा बताएं"), ("hi-Latn", "dava batao")]


def test_corpus_lines_count_once(tmp_path: Path) -> None:
    (tmp_path / "sw.txt").write_text("mahindi yangu\nmahindi yangu\n\n1\n", encoding="utf-8")
    assert read_corpus(tmp_path) == [Sample("sw", "mahindi yangu", Origin.CORPUS)]


def test_romanised_lines_keep_their_language() -> None:
    lines = romanised([Sample("hi", "धान में रोग"), Sample("en", "rice"), Sample("as", "ধান")])
    assert lines == [Sample("hi-Latn", "dhan me rog", Origin.ROMANISED)]


def test_templates_leave_no_slot() -> None:
    lines = filled(read_templates(ROOT / "locales"), random.Random(1))
    assert {"en", "sw", "es", "hi-Latn", "or-Latn"} <= {line.tag for line in lines}
    assert not any("{" in line.words or "}" in line.words for line in lines)


def test_pseudo_words_are_of_the_script() -> None:
    rng = random.Random(1)
    assert {line.tag for line in pseudo("Deva", rng)} == {"hi", "mr", "ne"}
    assert {line.tag for line in pseudo("Latn", rng)} >= {"en", "es", "other"}
    assert pseudo("Beng", rng) == []


def test_pieces_are_neighbouring_words_and_every_tag_gets_as_many() -> None:
    lines = [Sample("en", "one two three four five six seven"), Sample("sw", "moja mbili tatu")]
    pieces = list(cut(lines, 50, random.Random(1)))
    assert sum(piece.tag == "en" for piece in pieces) == sum(piece.tag == "sw" for piece in pieces) == 50
    assert all(piece.words in lines[piece.tag == "sw"].words for piece in pieces)
