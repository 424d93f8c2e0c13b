"""When did you sow? Answers in thirteen languages, native and Latin letters, and what is no answer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.locales import Locales
from bot.locales.dates import read_date_words
from bot.understanding.dates import UNKNOWN, DateReader

TODAY = date(2026, 8, 20)
MID_JUNE, TWO_WEEKS, TEN_JULY, A_MONTH = date(2026, 6, 15), date(2026, 8, 6), date(2026, 7, 10), date(2026, 7, 21)

ANSWERS = [
    ("en", "15 June", MID_JUNE),
    ("en", "June 15th", MID_JUNE),
    ("en", "on 15 june 2026", MID_JUNE),
    ("en", "middle of June", MID_JUNE),
    ("en", "2 weeks ago", TWO_WEEKS),
    ("en", "two weeks back", TWO_WEEKS),
    ("en", "10/7", TEN_JULY),
    ("en", "10.7.26", TEN_JULY),
    ("en", "2026-07-10", TEN_JULY),
    ("en", "7/25", date(2026, 7, 25)),
    ("en", "last month", A_MONTH),
    ("en", "yesterday", date(2026, 8, 19)),
    ("en", "today", TODAY),
    ("en", "10 days", date(2026, 8, 10)),
    ("en", "20 December", date(2025, 12, 20)),
    ("en", "31 June", date(2026, 6, 30)),
    ("en", "15", date(2026, 8, 15)),
    ("en", "25", date(2026, 7, 25)),
    ("hi", "15 जून", MID_JUNE),
    ("hi", "१५ जून को", MID_JUNE),
    ("hi", "15 joon ko", MID_JUNE),
    ("hi", "2 हफ़्ते पहले", TWO_WEEKS),
    ("hi", "do hafte pehle", TWO_WEEKS),
    ("hi", "पिछले महीने", A_MONTH),
    ("hi", "10/7 ko boya", TEN_JULY),
    ("hi", "kal", date(2026, 8, 19)),
    ("hi", "सावन में", date(2026, 8, 7)),
    ("hi", "asadh", date(2026, 7, 7)),
    ("mr", "15 जून", MID_JUNE),
    ("mr", "दोन आठवड्यांपूर्वी", TWO_WEEKS),
    ("mr", "gelya mahinyat", A_MONTH),
    ("te", "జూన్ 15న", MID_JUNE),
    ("te", "రెండు వారాల క్రితం", TWO_WEEKS),
    ("te", "rendu varala kritam", TWO_WEEKS),
    ("te", "గత నెల", A_MONTH),
    ("ta", "ஜூன் 15", MID_JUNE),
    ("ta", "இரண்டு வாரத்துக்கு முன்", TWO_WEEKS),
    ("ta", "pona maasam", A_MONTH),
    ("ta", "aadi maasam", date(2026, 8, 1)),
    ("kn", "ಜೂನ್ 15", MID_JUNE),
    ("kn", "ಎರಡು ವಾರಗಳ ಹಿಂದೆ", TWO_WEEKS),
    ("kn", "kaleda tingalu", A_MONTH),
    ("bn", "১৫ জুন", MID_JUNE),
    ("bn", "দুই সপ্তাহ আগে", TWO_WEEKS),
    ("bn", "goto mase", A_MONTH),
    ("gu", "૧૫ જૂન", MID_JUNE),
    ("gu", "બે અઠવાડિયા પહેલા", TWO_WEEKS),
    ("gu", "gaya mahine", A_MONTH),
    ("pa", "15 ਜੂਨ", MID_JUNE),
    ("pa", "ਦੋ ਹਫ਼ਤੇ ਪਹਿਲਾਂ", TWO_WEEKS),
    ("pa", "pichhle mahine", A_MONTH),
    ("ml", "ജൂൺ 15", MID_JUNE),
    ("ml", "രണ്ടാഴ്ച മുമ്പ് 2 ആഴ്ച", TWO_WEEKS),
    ("ml", "kazhinja masam", A_MONTH),
    ("or", "ଜୁନ ୧୫", MID_JUNE),
    ("or", "ଦୁଇ ସପ୍ତାହ ତଳେ", TWO_WEEKS),
    ("or", "gata masa", A_MONTH),
    ("sw", "15 Juni", MID_JUNE),
    ("sw", "mwezi wa sita tarehe 15", MID_JUNE),
    ("sw", "wiki mbili zilizopita", TWO_WEEKS),
    ("sw", "mwezi uliopita", A_MONTH),
    ("es", "15 de junio", MID_JUNE),
    ("es", "hace dos semanas", TWO_WEEKS),
    ("es", "el mes pasado", A_MONTH),
]
NOT_KNOWN = [
    ("en", "I don't know"),
    ("hi", "पता नहीं"),
    ("hi", "yaad nahi hai"),
    ("mr", "माहीत नाही"),
    ("te", "తెలియదు"),
    ("ta", "theriyathu"),
    ("kn", "ಗೊತ್ತಿಲ್ಲ"),
    ("bn", "জানি না"),
    ("gu", "ખબર નથી"),
    ("pa", "ਪਤਾ ਨਹੀਂ"),
    ("ml", "അറിയില്ല"),
    ("or", "ଜାଣିନି"),
    ("sw", "sijui"),
    ("es", "no sé"),
]
NO_ANSWER = [
    ("en", "my rice has stem borer"),
    ("en", "rice"),
    ("en", "20 kg"),
    ("en", "10 june 2020"),
    ("en", "what is the weather tomorrow"),
    ("en", ""),
    ("en", "99/99"),
    ("en", "how many weeks until the maize that I sowed is ready to be harvested"),
    ("hi", "धान में कीड़ा लगा है"),
]


@pytest.fixture(scope="module")
def reader(locales: Locales) -> DateReader:
    return DateReader(read_date_words(locales.path))


@pytest.mark.parametrize(("language", "text", "day"), ANSWERS)
def test_answers(reader: DateReader, language: str, text: str, day: date) -> None:
    assert reader.read(text, language, TODAY) == day


@pytest.mark.parametrize(("language", "text"), NOT_KNOWN)
def test_she_does_not_know(reader: DateReader, language: str, text: str) -> None:
    assert reader.read(text, language, TODAY) is UNKNOWN


@pytest.mark.parametrize(("language", "text"), NO_ANSWER)
def test_other_messages_are_no_dates(reader: DateReader, language: str, text: str) -> None:
    assert reader.read(text, language, TODAY) is None


def test_every_language_has_its_words(locales: Locales) -> None:
    assert {words.language for words in read_date_words(locales.path)} == set(locales.spoken)


def test_faults_name_their_line(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "dates.yaml").write_text("months: [[a]]\n")
    with pytest.raises(DataError, match=r"dates\.yaml:1: 1 months"):
        read_date_words(tmp_path)
    months = "months: [" + ", ".join(["[a]"] * 12) + "]\n"
    (tmp_path / "xx" / "dates.yaml").write_text(months + 'seasons:\n  "13-40": [b]\n')
    with pytest.raises(DataError, match=r"dates\.yaml:3: '13-40' is no MM-DD"):
        read_date_words(tmp_path)
