"""Trains the language classifiers of shared scripts and writes them, quantised, to locales/models."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fasttext

from bot.train.corpus import Origin, Sample, read_corpus, read_own_texts
from bot.train.generate import farm_words, filled, pseudo, read_templates, romanised
from bot.understanding.language import MODELS, OTHER
from bot.understanding.noise import misspell
from bot.understanding.script import script_of

SEED = 20261121
SHARES = {Origin.CORPUS: 10.0, Origin.OWN: 2.0, Origin.ROMANISED: 1.0, Origin.TEMPLATE: 1.5, Origin.PSEUDO: 0.6}
NOISE = {Origin.CORPUS: 0.0, Origin.OWN: 0.2, Origin.ROMANISED: 0.5, Origin.TEMPLATE: 0.4, Origin.PSEUDO: 0.0}
"""Share of pieces that are misspelt."""
LOANS = 0.06
"""Share of pieces in romanised languages into which a farm word of any language is put."""
OPENINGS = 0.25
"""Share of pieces taken from the beginning of their line."""
LENGTHS = (1, 2, 2, 3, 3, 3, 4, 5, 6)
"""Words in a piece: messages are short."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one script's classifier is trained. `pieces` a tag; `features` words and n-grams are kept."""

    pieces: int
    dim: int
    epochs: int
    buckets: int
    features: int


RECIPES = {
    "Latn": Recipe(pieces=200_000, dim=16, epochs=2, buckets=400_000, features=120_000),
    "Deva": Recipe(pieces=60_000, dim=8, epochs=3, buckets=50_000, features=20_000),
    "Beng": Recipe(pieces=20_000, dim=4, epochs=3, buckets=10_000, features=4_000),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was trained: lines by tag, bytes by file."""

    lines: dict[str, int]
    sizes: dict[str, int]


def train_languages(corpus: Path | None, locales_dir: Path, knowledge_dir: Path, out_dir: Path) -> Report:
    """Trains on our own texts and those in `corpus`; the same inputs give the same files."""
    lines = gather(read_corpus(corpus) if corpus else [], read_own_texts(locales_dir, knowledge_dir), locales_dir)
    loans = farm_words(read_templates(locales_dir))
    out_dir.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for script, name in MODELS.items():
        pieces = cut(lines[script], RECIPES[script].pieces, random.Random(SEED), loans if script == "Latn" else ())
        sizes[name] = fit(pieces, out_dir / name, RECIPES[script])
    return Report(dict(sorted(Counter(line.tag for found in lines.values() for line in found).items())), sizes)


def gather(corpus: Sequence[Sample], own: Sequence[Sample], locales_dir: Path) -> dict[str, list[Sample]]:
    """All training lines by script: given ones, their romanisations, templates, pseudo words."""
    rng = random.Random(SEED)
    lines = [*corpus, *own, *romanised(own), *romanised(corpus), *filled(read_templates(locales_dir), rng)]
    by_script: dict[str, list[Sample]] = defaultdict(list)
    for line in lines:
        by_script[script_of(line.words)].append(line)
    return {script: [*by_script[script], *pseudo(script, rng)] for script in MODELS}


def cut(lines: Sequence[Sample], pieces: int, rng: random.Random, loans: Sequence[str] = ()) -> list[Sample]:
    """Whole lines, and `pieces` pieces a tag, drawn from each origin by its share, some misspelt; shuffled."""
    pools: dict[str, dict[Origin, list[list[str]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        pools[line.tag][line.origin].append(line.words.split())
    cuts = [line for line in lines if line.origin is not Origin.PSEUDO]
    for tag, origins in sorted(pools.items()):
        names = sorted(origins)
        number = pieces // 8 if tag == OTHER else pieces
        drawn = rng.choices(names, [SHARES[name] for name in names], k=number)
        cuts += (Sample(tag, _piece(rng.choice(origins[name]), tag, name, rng, loans), name) for name in drawn)
        cuts += (Sample(tag, word) for word in loans if tag.endswith("-Latn") or tag == "en")
    rng.shuffle(cuts)
    return cuts


def _piece(words: list[str], tag: str, origin: Origin, rng: random.Random, loans: Sequence[str]) -> str:
    """One to six neighbouring words, or a whole template; perhaps with a loan word, perhaps misspelt."""
    length = len(words) if origin is Origin.TEMPLATE and rng.random() < 0.5 else rng.choice(LENGTHS)
    start = rng.randrange(max(1, len(words) - length + 1)) if rng.random() > OPENINGS else 0
    piece = words[start : start + length]
    latin = tag.endswith("-Latn")
    if latin and loans and length > 2 and rng.random() < LOANS:
        piece = [*piece[: length // 2], rng.choice(loans), *piece[length // 2 :]]
    text = " ".join(piece)
    return misspell(text, rng) if latin and rng.random() < NOISE[origin] else text


def fit(samples: Sequence[Sample], path: Path, recipe: Recipe) -> int:
    """Trains one classifier and writes it quantised; bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.txt"
        lines.write_text("".join(f"__label__{sample.tag} {sample.words}\n" for sample in samples), encoding="utf-8")
        model = fasttext.train_supervised(
            str(lines), dim=recipe.dim, epoch=recipe.epochs, lr=0.3, minn=1, maxn=6, wordNgrams=2,
            bucket=recipe.buckets, minCount=3, thread=1, seed=SEED % 10_000, verbose=0,
        )  # fmt: skip
        model.quantize(str(lines), retrain=False, cutoff=recipe.features, qnorm=True, thread=1, verbose=0)
    model.save_model(str(path))
    return path.stat().st_size
