"""Trains the language classifiers of shared scripts and writes them, quantised, to locales/models."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fasttext

from bot.train.corpus import Sample, read_corpus, read_own_texts
from bot.understanding.language import MODELS
from bot.understanding.script import script_of

SEED = 20261121


@dataclass(frozen=True, slots=True)
class Report:
    """What was trained: lines by tag, bytes by file."""

    lines: dict[str, int]
    sizes: dict[str, int]


def train_languages(corpus: Path | None, locales_dir: Path, knowledge_dir: Path, out_dir: Path) -> Report:
    """Trains on our own texts and those in `corpus`; the same inputs give the same files."""
    samples = read_own_texts(locales_dir, knowledge_dir) + (read_corpus(corpus) if corpus else [])
    by_script: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_script[script_of(sample.words)].append(sample)
    out_dir.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for script, name in MODELS.items():
        pieces = cut(by_script[script], random.Random(SEED))
        sizes[name] = _fit(pieces, out_dir / name, buckets=200_000 if script == "Latn" else 20_000)
    return Report(_count(samples), sizes)


def cut(samples: Sequence[Sample], rng: random.Random, pieces: int = 20_000) -> list[Sample]:
    """Whole lines and pieces of one to six words of them, about `pieces` a tag: messages are short."""
    by_tag: dict[str, list[list[str]]] = defaultdict(list)
    for sample in samples:
        by_tag[sample.tag].append(sample.words.split())
    cuts = list(samples)
    for tag, lines in by_tag.items():
        for _ in range(pieces):
            words = rng.choice(lines)
            length = rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 6))
            start = rng.randrange(max(1, len(words) - length + 1))
            cuts.append(Sample(tag, " ".join(words[start : start + length])))
    rng.shuffle(cuts)
    return cuts


def _fit(samples: Sequence[Sample], path: Path, buckets: int) -> int:
    """Trains and quantises; bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.txt"
        lines.write_text("".join(f"__label__{sample.tag} {sample.words}\n" for sample in samples), encoding="utf-8")
        model = fasttext.train_supervised(
            str(lines), dim=24, epoch=5, lr=0.3, minn=1, maxn=5, wordNgrams=1, bucket=buckets, minCount=3,
            thread=1, seed=SEED, verbose=0,
        )  # fmt: skip
        model.quantize(str(lines), retrain=True, cutoff=60_000, qnorm=True, thread=1, verbose=0)
    model.save_model(str(path))
    return path.stat().st_size


def _count(samples: Sequence[Sample]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for sample in samples:
        counts[sample.tag] += 1
    return dict(sorted(counts.items()))
