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
MODELS = {"Latn": "latin.ftz", "Deva": "devanagari.ftz", "Beng": "bengali.ftz"}
LONGEST = 240
"""Characters that are looked at; a language shows sooner."""

_PRIOR_ODDS = 25.0
_LEAST = 0.35
_LEAST_FOREIGN = 8
"""Letters below which a language that is not ours is not named."""
_SPOKEN_LATIN = frozenset({"en", "sw", "es", "fr", "pt", "id", "vi"})
_HINDUSTANI = {"hi": "hi ur", "ur": "hi ur"}
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
    if prior:
        own = _HINDUSTANI.get(prior.split("-")[0], prior.split("-")[0])
        odds = {tag: value * (_PRIOR_ODDS if tag.split("-")[0] in own else 1.0) for tag, value in odds.items()}
    total = sum(odds.values())
    weighed = {tag: value / total for tag, value in odds.items()}
    if "ur-Latn" in weighed and "hi-Latn" in weighed:
        both = weighed["hi-Latn"] + weighed["ur-Latn"]
        weighed["ur-Latn" if weighed["ur-Latn"] > weighed["hi-Latn"] else "hi-Latn"] = both
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
