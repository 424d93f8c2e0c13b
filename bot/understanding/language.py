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
from bot.understanding.script import LATIN, NO_SCRIPT, script_of

UNKNOWN = "und"
OTHER = "other"
"""The classifiers' label for Latin-letter languages that are not ours."""
OF_SCRIPT = {
    "Telu": "te", "Taml": "ta", "Knda": "kn", "Mlym": "ml", "Gujr": "gu", "Guru": "pa", "Orya": "or",
    "Ethi": "am", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Tibt": "bo", "Mymr": "my", "Khmr": "km", "Geor": "ka",
    "Armn": "hy", "Grek": "el", "Hebr": "he", "Hang": "ko", "Jpan": "ja", "Hani": "zh", "Olck": "sat", "Mtei": "mni",
}  # fmt: skip
MODELS = {"Latn": ("latin-1.ftz", "latin-2.ftz"), "Deva": ("devanagari.ftz",), "Beng": ("bengali.ftz",)}
"""Models by the script they tell languages in apart. Two small ones, averaged, beat one of twice the size."""
LONGEST = 240
"""Characters that are looked at; a language shows sooner."""

_PRIOR_ODDS = 25.0
_RARE = frozenset({"fr", "pt", "id", "vi", "ha", "yo", OTHER})
_RARE_ODDS = 0.5
"""Languages that the service does not speak need more evidence in the letters that it shares with those it does."""
_LEAST = 0.3
_NEGLIGIBLE = 0.002
"""Probabilities below are not listed; no prior makes up for so little."""
_LEAST_FOREIGN = 8
"""Letters below which a language that is not ours is not named."""
_SPOKEN_LATIN = frozenset({"en", "sw", "es", "fr", "pt", "id", "vi"})
_HINDUSTANI = ("hi", "ur")
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[^\w' \u0300-\u0f00]+|[\d_]+")
_URDU_LETTERS = frozenset("ٹڈڑںےھہۓۂ")


def words_of(text: str) -> str:
    """What classifiers see: folded words; addresses, numbers and signs left out."""
    return " ".join(_NOT_WORDS.sub(" ", fold(text[: 2 * LONGEST])).split())[:LONGEST]


class Classifier:
    """fastText models whose labels are language tags; their probabilities are averaged."""

    def __init__(self, *paths: Path) -> None:
        for path in paths:
            if not path.is_file():
                raise DataError(f"{path}: missing; make it with `khetdoot train languages`")
        self._models = [fasttext.load_model(str(path)) for path in paths]

    def probabilities(self, words: str) -> dict[str, float]:
        """Tags with their probabilities for `words_of` a text."""
        found: dict[str, float] = {}
        for model in self._models:
            for value, label in model.f.predict(words + "\n", -1, _NEGLIGIBLE, "strict"):
                found[label] = found.get(label, 0.0) + value
        return {label[9:]: value / len(self._models) for label, value in found.items()}


class LanguageDetector:
    """Names the language of short texts. Reads its models once; thread-safe afterwards."""

    def __init__(self, classifiers: Mapping[str, Classifier]) -> None:
        self._classifiers = classifiers

    @classmethod
    def load(cls, models_dir: Path) -> LanguageDetector:
        """Reads the models of `locales/models`. Raises DataError when one is missing."""
        return cls({script: Classifier(*(models_dir / name for name in names)) for script, names in MODELS.items()})

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
        weighed = _weigh(classifier.probabilities(words), prior)
        tag = max(weighed, key=weighed.__getitem__)
        if tag == OTHER:
            return self._foreign(words, script)
        confidence = min(weighed[tag], 1.0)
        return DetectedLanguage(tag if confidence >= _LEAST else UNKNOWN, script, confidence)

    def _foreign(self, words: str, script: str) -> DetectedLanguage:
        if script == "Arab" and not _URDU_LETTERS.isdisjoint(words):
            return DetectedLanguage("ur", script, 0.95)
        tag, confidence = detect_seeded(words) if len(words) >= _LEAST_FOREIGN else (UNKNOWN, 0.0)
        if script == LATIN and tag in _SPOKEN_LATIN:  # the classifier, which saw more of these, has ruled them out
            tag, confidence = UNKNOWN, 0.0
        return DetectedLanguage(tag, script, confidence)


def _weigh(odds: dict[str, float], prior: str | None) -> dict[str, float]:
    """Probabilities after the prior; romanised Hindi and Urdu, one language on a keypad, stand or fall together."""
    own = prior.split("-")[0] if prior else ""
    kin = _HINDUSTANI if own in _HINDUSTANI else (own,)
    if prior:
        odds = {tag: value * (_PRIOR_ODDS if tag.split("-")[0] in kin else 1.0) for tag, value in odds.items()}
    odds = {tag: value * (_RARE_ODDS if tag in _RARE else 1.0) for tag, value in odds.items()}
    total = sum(odds.values())
    weighed = {tag: value / total for tag, value in odds.items()}
    if "ur-Latn" in weighed and "hi-Latn" in weighed:
        urdu = own == "ur" or (own != "hi" and weighed["ur-Latn"] > weighed["hi-Latn"])
        weighed["ur-Latn" if urdu else "hi-Latn"] = weighed["hi-Latn"] + weighed["ur-Latn"]
    return weighed


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
