"""The words of warnings: short enough for the cheapest phone in every language, and with no number of their own."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from bot.channels.segments import preview
from bot.locales import Locales
from bot.locales.dates import read_date_words
from bot.skills.weather_units import Units
from bot.skills.wording import first_name
from bot.understanding.dates import UNKNOWN, DateReader
from bot.understanding.romanise import romanise

LOCALES = Locales.load(Path(__file__).resolve().parents[1] / "locales")
PLACES = {
    "en": "Aurangabad", "hi": "औरंगाबाद", "mr": "औरंगाबाद", "te": "శ్రీకాకుళం", "ta": "தஞ்சாவூர்", "kn": "ಚಿತ್ರದುರ್ಗ",
    "bn": "মুর্শিদাবাদ", "gu": "સુરેન્દ્રનગર", "pa": "ਹੁਸ਼ਿਆਰਪੁਰ", "ml": "പത്തനംതിട്ട", "or": "ମୟୂରଭଞ୍ଜ", "sw": "Uasin Gishu",
    "es": "San Cristóbal",
}  # fmt: skip
TUESDAY = date(2026, 7, 14)
TODAY = date(2026, 7, 15)


def filled(key: str, text: str, tag: str) -> str:
    """A text with a usual place, day and value."""
    units = Units(LOCALES.languages[tag].locale)
    rain, heat, wind = units.rain(150.0), units.temperature(45.0), units.wind(75.0)
    value = wind if "wind" in key else rain if "rain" in key or "dry" in key else heat
    crop = first_name(LOCALES, "crops", "potato", tag)
    values = {"place": PLACES[tag], "day": units.weekday(TUESDAY), "value": value, "crop": crop, "crops": crop}
    return text.format(**values, text="", date="15")


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_warnings_fit_two_sms(tag: str) -> None:
    """One of 160 signs in English; two in other languages, their own letters or Latin ones."""
    most = 1 if tag == "en" else 2
    for key, text in LOCALES.messages[tag].items():
        if key.startswith(("alert.", "alerts.")):
            said = filled(key, text, tag)
            for written in (said, romanise(said, tag)):
                assert preview(written).segments.count <= most, written


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_numbers_come_from_the_weather_alone(tag: str) -> None:
    for key, text in LOCALES.messages[tag].items():
        if key.startswith("alert."):
            assert not any(sign.isnumeric() for sign in text), key


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_menu_entries_fit_telegram(tag: str) -> None:
    """3 to 256 signs, and as short as a narrow screen needs."""
    for key, text in LOCALES.messages[tag].items():
        if key.startswith("menu."):
            assert 3 <= len(text) <= 40, key


def test_each_severity_has_words_of_its_own() -> None:
    """A farmer must see from the words alone that it has got worse."""
    for tag in LOCALES.spoken:
        texts = [text for key, text in LOCALES.messages[tag].items() if key.startswith("alert.")]
        assert len(texts) == len(set(texts)), tag


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_no_word_stands_twice_in_a_row(tag: str) -> None:
    """Of the weather; elsewhere doubling is grammar in some languages."""
    told = {key: text for key, text in LOCALES.messages[tag].items() if key.startswith(("weather.", "alert."))}
    for key, text in told.items():
        words = text.split()
        assert not any(first == second for first, second in pairwise(words)), key


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_the_examples_of_a_sowing_date_are_understood(tag: str) -> None:
    """What the question suggests to write, in both kinds of letters."""
    reader = DateReader(read_date_words(LOCALES.path))
    asked = LOCALES.text("alerts.ask_sowing", tag, crop="")
    *dates, unknown = asked.rstrip(".।").rsplit(": ", 1)[-1].rsplit(". ", 1)[-1].split(", ")
    unknown = unknown.partition(" ")[2]  # after "or"
    for write in (str, lambda text: romanise(text, tag)):
        assert [reader.read(write(text), tag, TODAY) for text in dates] == [date(2026, 6, 15), date(2026, 7, 1)]
        assert reader.read(write(unknown), tag, TODAY) is UNKNOWN
