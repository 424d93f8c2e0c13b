"""Which language a text is in: by script where that tells, by small trained classifiers where a script is shared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import fasttext
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from bot.domain.errors import DataError
from bot.domain.turns import DetectedLanguage
from bot.understanding.normalise import fold
from bot.understanding.script import NO_SCRIPT, script_of

UNKNOWN = "und"
OF_SCRIPT = {
    "Telu": "te", "Taml": "ta", "Knda": "kn", "Mlym": "ml", "Gujr": "gu", "Guru": "pa", "Orya": "or",
    "Ethi": "am", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Tibt": "bo", "Mymr": "my", "Khmr": "km", "Geor": "ka",
    "Armn": "hy", "Grek": "el", "Hebr": "he", "Hang": "ko", "Jpan": "ja", "Hani": "zh", "Olck": "sat", "Mtei": "mni",
}  # fmt: skip
MODELS = {"Latn": "latin.ftz", "Deva": "devanagari.ftz", "Beng": "bengali.ftz"}
LONGEST = 240
"""Characters that are looked at; a language shows sooner."""

_PRIOR_ODDS = 12.0
_LEAST = 0.4
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[^\W\d_]*\d\w*|[^\w' \u0300-\u0f00]+|_+")
_URDU_LETTERS = frozenset("ٹڈڑںےھہۓۂ")


def words_of(text: str) -> str:
    """What classifiers see: folded words; addresses, numbers and signs left out."""
    return " ".join(_NOT_WORDS.sub(" ", fold(text[: 2 * LONGEST])).split())[:LONGEST]


class Classifier:
    """A fastText model whose labels are language tags."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DataError(f"{path}: missing; make it with `khetdoot train languages`")
        self._model = fasttext.load_model(str(path))

    def probabilities(self, words: str) -> dict[str, float]:
        """Tags with their probabilities for `words_of` a text."""
        return {label[9:]: value for value, label in self._model.f.predict(words + "\n", -1, 0.0, "strict")}


class LanguageDetector:
    """Names the language of short texts. Reads its models once; thread-safe afterwards."""

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        self._classifiers = classifiers

    @classmethod
    def load(cls, models_dir: Path) -> LanguageDetector:
        """Reads the models of `locales/models`. Raises DataError when one is missing."""
        return cls({script: Classifier(models_dir / name) for script, name in MODELS.items()})

    def detect(self, text: str, prior: str | None = None) -> DetectedLanguage:
        """The text's language. `prior` is the contact's own tag: it needs less evidence than others, yet some."""
        words = words_of(text)
        script = script_of(words)
        if script == NO_SCRIPT:
            return DetectedLanguage(UNKNOWN, NO_SCRIPT, 0.0)
        if script in OF_SCRIPT:
            return DetectedLanguage(OF_SCRIPT[script], script, 0.99)
        classifier = self._classifiers.get(script)
        if classifier is None:
            return self._foreign(words, script)
        return _choose(classifier.probabilities(words), script, prior)

    def _foreign(self, words: str, script: str) -> DetectedLanguage:
        if script == "Arab" and not _URDU_LETTERS.isdisjoint(words):
            return DetectedLanguage("ur", script, 0.95)
        tag, confidence = detect_seeded(words)
        return DetectedLanguage(tag, script, confidence)


def _choose(odds: dict[str, float], script: str, prior: str | None) -> DetectedLanguage:
    """The likeliest tag after the prior; romanised Hindi and Urdu stand together against the others."""
    if prior:
        own = prior.split("-")[0]
        odds = {tag: value * (_PRIOR_ODDS if tag.split("-")[0] == own else 1.0) for tag, value in odds.items()}
    total = sum(odds.values())
    hindustani = odds.get("hi-Latn", 0.0) + odds.get("ur-Latn", 0.0)
    tag = max(odds, key=odds.__getitem__)
    value = odds[tag]
    if hindustani >= value:
        tag = "ur-Latn" if odds["ur-Latn"] > odds["hi-Latn"] else "hi-Latn"
        value = hindustani
    confidence = min(value / total, 1.0)
    return DetectedLanguage(tag if confidence >= _LEAST else UNKNOWN, script, confidence)


def detect_seeded(text: str) -> tuple[str, float]:
    """langdetect's opinion (55 languages) and probability, the same every time; (`und`, 0.0) if it has none."""
    detector = _langdetect().create()
    detector.seed = 0
    detector.append(text)
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError):
        return UNKNOWN, 0.0
    return best.lang.split("-")[0], best.prob


@cache
def _langdetect() -> DetectorFactory:
    """The profiles, away from the library's own unseeded singleton; reading them takes a second."""
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory
