"""Training lines that nobody wrote: romanisations, filled templates, and words drawn from letter statistics."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from langdetect.detector_factory import PROFILES_DIRECTORY

from bot.train.corpus import Origin, Sample
from bot.understanding.language import OTHER, words_of
from bot.understanding.letters import LETTERS
from bot.understanding.romanise import romanise
from bot.understanding.script import INDIC, script_of

TEMPLATE_LINES = 3000
PSEUDO_LINES = 4000
OTHERS = ("af", "ca", "cs", "da", "de", "et", "fi", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "ro", "sk", "sl",
          "so", "sq", "sv", "tl", "tr")  # fmt: skip
"""Languages in Latin letters that we name but do not speak; the classifier sees them as one."""
OWN_PROFILES = {"Latn": ("en", "es", "fr", "pt", "id", "vi", "sw"), "Deva": ("hi", "mr", "ne")}

_SLOT = re.compile(r"\{([cepx])\}")
_ROMANISED = frozenset(LETTERS) - {"as"}


def romanised(samples: Iterable[Sample]) -> list[Sample]:
    """Indic lines in Latin letters, each under its language's `-Latn` tag."""
    found = []
    for sample in samples:
        if sample.tag in _ROMANISED and script_of(sample.words) in INDIC:
            latin = words_of(romanise(sample.words, sample.tag))
            found.append(Sample(f"{sample.tag}-Latn", latin, Origin.ROMANISED))
    return found


def read_templates(locales_dir: Path) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """`models/templates.yaml`: word lists and sentences by tag; `english` holds words that all of them use."""
    path = locales_dir / "models/templates.yaml"
    loaded: Mapping[str, Mapping[str, Sequence[str]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def filled(templates: Mapping[str, Mapping[str, Sequence[str]]], rng: random.Random) -> list[Sample]:
    """TEMPLATE_LINES sentences a tag, slots filled at random."""
    english = templates["english"]
    found = []
    for tag in sorted(templates.keys() - {"english"}):
        words = {**english, **templates[tag]}
        for _ in range(TEMPLATE_LINES):
            sentence = _SLOT.sub(lambda slot: rng.choice(words[slot[1]]), rng.choice(words["s"]))  # noqa: B023
            found.append(Sample(tag, words_of(sentence), Origin.TEMPLATE))
    return found


def farm_words(templates: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """English farm words and local crop names in Latin letters: they stand in texts of every language."""
    lists = [
        templates["english"]["e"],
        templates["english"]["x"],
        *(words.get("c", ()) for words in templates.values()),
    ]
    return sorted({word.lower() for words in lists for word in words if word.isascii()})


def pseudo(script: str, rng: random.Random) -> list[Sample]:
    """Words drawn letter by letter from langdetect's trigram counts: how languages look that we have few lines of."""
    found = []
    for tag in OWN_PROFILES.get(script, ()):
        found += _draw(tag, tag, PSEUDO_LINES, rng)
    if script == "Latn":
        for profile in OTHERS:
            found += _draw(OTHER, profile, PSEUDO_LINES // 4, rng)
    return found


def _draw(tag: str, profile: str, lines: int, rng: random.Random) -> list[Sample]:
    counts = json.loads((Path(PROFILES_DIRECTORY) / profile).read_text(encoding="utf-8"))["freq"]
    following: dict[str, tuple[list[str], list[int]]] = defaultdict(lambda: ([], []))
    for gram, count in counts.items():
        if len(gram) == 3 or (len(gram) == 2 and gram[0] == " "):
            letters, weights = following[gram[:-1]]
            letters.append(gram[-1])
            weights.append(count)
    texts = (" ".join(_draw_word(following, rng) for _ in range(6)) for _ in range(lines))
    return [Sample(tag, words_of(text), Origin.PSEUDO) for text in texts]


def _draw_word(following: Mapping[str, tuple[list[str], list[int]]], rng: random.Random) -> str:
    word = " "
    while len(word) < 14:
        letters, weights = following.get(word[-2:], ((), ()))
        letter = rng.choices(letters, weights)[0] if letters else " "
        if letter == " ":
            break
        word += letter
    return word.strip()
