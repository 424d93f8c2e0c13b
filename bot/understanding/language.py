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
from bot.understanding.script import NO_SCRIPT, pure_script_of, script_of

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
LONGEST = 80
"""Characters that are looked at; a language shows sooner."""

_PRIOR_ODDS = 25.0
_RARE = frozenset({"fr", "pt", "id", "vi", "ha", "yo", OTHER})
_RARE_ODDS = 0.5
"""Languages that the service does not speak need more evidence in the letters that it shares with those it does."""
_LEAST = 0.3
_SHORT = 6
"""Letters below which a text is weaker evidence than its probabilities say: "no", "ok" and "sms" are of no language."""
_SURE = 0.6
"""Probability from which the next model is not asked."""
_NEGLIGIBLE = 0.002
"""Probabilities below are not listed; no prior makes up for so little."""
_LEAST_FOREIGN = 8
"""Letters below which a language that is not ours is not named."""
_HINDUSTANI = ("hi", "ur")
_ADDRESSES = re.compile(r"https?://\S+|ww\.\S+|\S+@\S+")
_NOT_WORDS = re.compile(r"[^\w' \u0300-\u0f00]+|[\d_]+")
_URDU_LETTERS = frozenset("ٹڈڑںےھہۓۂ")
_ARABIC_LETTERS = frozenset("ةيكىأإ")
_PERSIAN_WORDS = frozenset(("است", "از", "برای", "این", "را", "های", "می", "که", "به", "در", "با", "آن", "شد"))


def words_of(text: str) -> str:
    """What classifiers see: folded words; addresses, numbers and signs left out."""
    folded = fold(text[: 2 * LONGEST])
    if "@" in folded or "//" in folded or "ww." in folded:  # rare, and the pattern is slow; fold has shortened www
        folded = _ADDRESSES.sub(" ", folded)
    return " ".join(_NOT_WORDS.sub(" ", folded).split())[:LONGEST]


class Classifier:
    """fastText models whose labels are language tags; their probabilities are averaged."""

    def __init__(self, *paths: Path) -> None:
        for path in paths:
            if not path.is_file():
                raise DataError(f"{path}: missing; make it with `khetdoot train languages`")
        self._models = [fasttext.load_model(str(path)) for path in paths]
        self.tags = [label[9:] for label in self._models[0].get_labels()]

    def probabilities(self, words: str) -> dict[str, float]:
        """Tags with their probabilities for `words_of` a text; where one model is unsure, the next is asked, too."""
        found: dict[str, float] = {}
        line = words + "\n"
        for number, model in enumerate(self._models, 1):
            for value, label in model.f.predict(line, -1, _NEGLIGIBLE, "strict"):
                tag = label[9:]
                found[tag] = found.get(tag, 0.0) + value
            if max(found.values()) >= _SURE * number:
                break
        return {tag: value / number for tag, value in found.items()}


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
        pure = pure_script_of(text) if len(text) < 4 * LONGEST else None
        if pure in OF_SCRIPT:
            return DetectedLanguage(OF_SCRIPT[pure], pure, 0.99)
        words = words_of(text)
        script = script_of(words)
        if script == NO_SCRIPT:
            return DetectedLanguage(UNKNOWN, NO_SCRIPT, 0.0)
        if script in OF_SCRIPT:
            return DetectedLanguage(OF_SCRIPT[script], script, 0.99)
        classifier = self._classifiers.get(script)
        if classifier is None:
            return _foreign(words, script)
        odds = classifier.probabilities(words)
        if len(words) < _SHORT:
            odds = {tag: max(odds.get(tag, 0.0), _NEGLIGIBLE) ** (len(words) / _SHORT) for tag in classifier.tags}
        weighed = _weigh(odds, prior)
        tag = max(weighed, key=weighed.__getitem__)
        if tag == OTHER:
            foreign = _foreign(words, script)
            if foreign.tag not in weighed:
                return foreign
            tag = max(weighed.keys() - {OTHER}, key=weighed.__getitem__)
        confidence = min(weighed[tag], 1.0)
        return DetectedLanguage(tag if confidence >= _LEAST else UNKNOWN, script, confidence)


def _foreign(words: str, script: str) -> DetectedLanguage:
    """A language that we only name; short Arabic letters are Urdu unless a letter that Urdu lacks tells otherwise."""
    if script == "Arab":
        if not _URDU_LETTERS.isdisjoint(words):
            return DetectedLanguage("ur", script, 0.95)
        if _ARABIC_LETTERS.isdisjoint(words) and _PERSIAN_WORDS.isdisjoint(words.split()):
            return DetectedLanguage("ur", script, 0.6)
    tag, confidence = detect_seeded(words) if len(words) >= _LEAST_FOREIGN else (UNKNOWN, 0.0)
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
