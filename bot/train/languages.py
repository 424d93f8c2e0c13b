"""Trains the language classifiers of shared scripts and writes them, quantised, to locales/models."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import fasttext

from bot.train.corpus import Origin, Sample, read_corpus, read_own_texts
from bot.train.generate import farm_words, filled, pseudo, read_templates, romanised
from bot.understanding.language import MODELS, OTHER
from bot.understanding.noise import misspell
from bot.understanding.script import script_of

SEED = 1121
SHARES = {Origin.CORPUS: 10.0, Origin.OWN: 2.0, Origin.ROMANISED: 1.0, Origin.TEMPLATE: 1.5, Origin.PSEUDO: 0.6}
NOISE = {Origin.CORPUS: 0.0, Origin.OWN: 0.2, Origin.ROMANISED: 0.5, Origin.TEMPLATE: 0.4, Origin.PSEUDO: 0.0}
"""Share of pieces that are misspelt."""
LOANS = 0.06
"""Share of pieces in romanised languages into which a farm word of any language is put."""
OPENINGS = 0.25
"""Share of pieces taken from the beginning of their line."""
WHOLE_LINES, WHOLE_TEMPLATES = 0.02, 0.5
"""Share of pieces that are whole lines."""
OTHER_EVERY, LOAN_EVERY = 8, 100
"""Turns between two pieces of languages that are not ours, and between two loan words that every tag gets alone."""
LENGTHS = (1, 2, 2, 3, 3, 3, 4, 5, 6)
"""Words in a piece: messages are short."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one script's classifiers are trained: `pieces` a tag; words seen `least` times or more get their own row.

    Rows are few from the start and shared by hash: that costs less than pruning a larger model (models/README.md).
    """

    pieces: int
    dim: int
    buckets: int
    least: int


RECIPES = {
    "Latn": Recipe(pieces=300_000, dim=24, buckets=75_000, least=1000),
    "Deva": Recipe(pieces=150_000, dim=16, buckets=25_000, least=300),
    "Beng": Recipe(pieces=40_000, dim=8, buckets=4_000, least=100),
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
    for script, names in MODELS.items():
        for seed, name in enumerate(names, SEED):
            pieces = cut(lines[script], RECIPES[script].pieces, random.Random(seed), loans if script == "Latn" else ())
            sizes[name] = fit(pieces, out_dir / name, RECIPES[script], seed)
    return Report(dict(sorted(Counter(line.tag for found in lines.values() for line in found).items())), sizes)


def gather(corpus: Sequence[Sample], own: Sequence[Sample], locales_dir: Path) -> dict[str, list[Sample]]:
    """All training lines by script: given ones, their romanisations, templates, pseudo words."""
    rng = random.Random(SEED)
    lines = [*corpus, *own, *romanised(own), *romanised(corpus), *filled(read_templates(locales_dir), rng)]
    by_script: dict[str, list[Sample]] = defaultdict(list)
    for line in lines:
        by_script[script_of(line.words)].append(line)
    return {script: [*by_script[script], *pseudo(script, rng)] for script in MODELS}


def cut(lines: Sequence[Sample], pieces: int, rng: random.Random, loans: Sequence[str] = ()) -> Iterator[Sample]:
    """`pieces` pieces of every tag in turn, drawn from each origin by its share, some misspelt; loan words between."""
    pools: dict[str, dict[Origin, list[list[str]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        pools[line.tag][line.origin].append(line.words.split())
    tags = sorted(pools)
    shares = {tag: [SHARES[origin] for origin in pools[tag]] for tag in tags}
    for turn in range(pieces):
        rng.shuffle(tags)
        for tag in tags:
            if tag == OTHER and turn % OTHER_EVERY:
                continue
            origin = rng.choices(list(pools[tag]), shares[tag])[0]
            yield Sample(tag, _piece(rng.choice(pools[tag][origin]), tag, origin, rng, loans), origin)
        if loans and turn % LOAN_EVERY == 0:
            loan = rng.choice(loans)
            yield from (Sample(tag, loan) for tag in tags if tag.endswith("-Latn") or tag == "en")


def _piece(words: list[str], tag: str, origin: Origin, rng: random.Random, loans: Sequence[str]) -> str:
    """One to six neighbouring words, or all of them; perhaps with a loan word, perhaps misspelt."""
    whole = rng.random() < (WHOLE_TEMPLATES if origin is Origin.TEMPLATE else WHOLE_LINES)
    length = len(words) if whole else rng.choice(LENGTHS)
    start = rng.randrange(max(1, len(words) - length + 1)) if rng.random() > OPENINGS else 0
    piece = words[start : start + length]
    latin = tag.endswith("-Latn")
    if latin and loans and length > 2 and rng.random() < LOANS:
        piece = [*piece[: length // 2], rng.choice(loans), *piece[length // 2 :]]
    text = " ".join(piece)
    return misspell(text, rng) if latin and rng.random() < NOISE[origin] else text


def fit(samples: Iterable[Sample], path: Path, recipe: Recipe, seed: int = SEED) -> int:
    """Trains one classifier and writes it quantised; bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.txt"
        with lines.open("w", encoding="utf-8") as file:
            file.writelines(f"__label__{sample.tag} {sample.words}\n" for sample in samples)
        model = fasttext.train_supervised(
            str(lines), dim=recipe.dim, epoch=1, lr=0.3, minn=1, maxn=6, wordNgrams=2, bucket=recipe.buckets,
            minCount=recipe.least, thread=1, seed=seed, verbose=0,
        )  # fmt: skip
        model.quantize(qnorm=True, thread=1, verbose=0)
    model.save_model(str(path))
    return path.stat().st_size
