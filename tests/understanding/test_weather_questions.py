"""Days and works in weather questions of all languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.turns import DetectedLanguage, Entities, Intent, Understanding
from bot.locales.weather import DAYS, WORKS, read_weather_words
from bot.understanding.weather import WeatherReader

ROOT = Path(__file__).resolve().parent.parent.parent
TIER_1 = ["en", "hi", "mr", "te", "ta", "kn", "bn", "gu", "pa", "ml", "or", "sw", "es"]


@pytest.fixture(scope="module")
def reader() -> WeatherReader:
    return WeatherReader(read_weather_words(ROOT / "locales"))


def understood(text: str, language: str, **entities: tuple[str, ...]) -> Understanding:
    detected = DetectedLanguage(language, "Zyyy", 1.0)
    return Understanding(text, detected, Intent.GET_WEATHER, entities=Entities(**entities))


@pytest.mark.parametrize(
    ("language", "text", "days", "works"),
    [
        ("en", "can I spray today", ("today",), ("spray",)),
        ("en", "rain tomorrow?", ("tomorrow",), ()),
        ("en", "forecast for this week", ("later",), ()),
        ("hi", "कल बारिश होगी क्या, सिंचाई करें?", ("tomorrow",), ("irrigate",)),
        ("hi-Latn", "aaj chhidkav kare kya", ("today",), ("spray",)),
        ("ur-Latn", "kal barish hogi", ("tomorrow",), ()),
        ("mr", "उद्या फवारणी करावी का", ("tomorrow",), ("spray",)),
        ("te", "రేపు పిచికారీ చేయవచ్చా", ("tomorrow",), ("spray",)),
        ("ta", "நாளை மருந்து தெளிக்கலாமா", ("tomorrow",), ("spray",)),
        ("kn", "ನಾಳೆ ಔಷಧಿ ಸಿಂಪಡಿಸಬಹುದೇ", ("tomorrow",), ("spray",)),
        ("bn", "আগামীকাল স্প্রে করা যাবে", ("tomorrow",), ("spray",)),
        ("gu", "આવતીકાલે છંટકાવ કરાય", ("tomorrow",), ("spray",)),
        ("pa", "ਅੱਜ ਸਪਰੇਅ ਕਰੀਏ", ("today",), ("spray",)),
        ("ml", "നാളെ മരുന്ന് തളിക്കാമോ", ("tomorrow",), ("spray",)),
        ("or", "କାଲି ସ୍ପ୍ରେ କରିବି କି", ("tomorrow",), ("spray",)),
        ("sw", "kesho naweza kupanda", ("tomorrow",), ("sow",)),
        ("es", "puedo regar mañana", ("tomorrow",), ("irrigate",)),
        ("en", "weather please", (), ()),
    ],
)
def test_days_and_works(
    reader: WeatherReader, language: str, text: str, days: tuple[str, ...], works: tuple[str, ...]
) -> None:
    question = reader.read(understood(text, language))
    assert (question.days, question.works) == (days, works)


def test_inputs_and_topics_name_works_too(reader: WeatherReader) -> None:
    assert reader.read(understood("urea?", "und", inputs=("urea",))).works == ("fertilise",)
    assert reader.read(understood("neem?", "und", inputs=("pesticide",))).works == ("spray",)


def test_asking_for_a_day_of_work_is_asking_for_the_weather(reader: WeatherReader) -> None:
    assert reader.asks_for_work(understood("can I spray today", "en"))
    assert not reader.asks_for_work(understood("what to spray", "en"))
    assert not reader.asks_for_work(understood("spray today for aphids", "en", problems=("aphid",)))


def test_every_language_has_all_words() -> None:
    words = {group.language: group for group in read_weather_words(ROOT / "locales")}
    assert set(words) == set(TIER_1)
    for group in words.values():
        assert group.weather, group.language
        assert group.district, group.language
        for name, texts in [*group.days.items(), *group.works.items()]:
            assert texts, (group.language, name)
        assert (tuple(group.days), tuple(group.works)) == (DAYS, WORKS)
