"""Forecast pictures: right size, words that differ by language, English where a script cannot be written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from bot.clients.charts import HEIGHT, WIDTH, Labels, can_draw, can_write, draw_chart, font_for, font_path
from bot.domain.weather import DaySummary
from bot.locales import Locales

if not can_draw():
    pytest.skip("matplotlib and Pillow not installed: pip install khetdoot[chart]", allow_module_level=True)

LOCALES = Locales.load(Path(__file__).resolve().parents[2] / "locales")
FIRST = date(2026, 7, 10)
DAYS = [
    DaySummary(FIRST + timedelta(days=number), 24.0, 33.0 - number, rain, 60.0, 10.0, 15.0, 5.0)
    for number, rain in enumerate((0.0, 18.0, 0.3, 66.0, 4.0))
]
ENGLISH = Labels(
    "Latn", "Hathras", ("today", "tomorrow", "Sun", "Mon", "Tue"), "Rain (mm)", "Temperature", "Open-Meteo"
)
HINDI = Labels("Deva", "हाथरस", ("आज", "कल", "रवि", "सोम", "मंगल"), "बारिश (मिमी)", "तापमान", "")


def size(picture: bytes) -> tuple[int, int]:
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        return image.size


@pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib", "ignore::DeprecationWarning:pyparsing")
def test_a_small_png() -> None:
    picture = draw_chart(DAYS, ENGLISH, ENGLISH)
    assert picture.startswith(b"\x89PNG")
    assert size(picture) == (WIDTH, HEIGHT)
    assert len(picture) < 20_000
    assert draw_chart(DAYS[:1], ENGLISH, ENGLISH).startswith(b"\x89PNG")


def test_words_are_of_the_language() -> None:
    if not can_write("Deva"):
        pytest.skip("no Devanagari font: apt-get install fonts-noto-core")
    assert draw_chart(DAYS, HINDI, ENGLISH) != draw_chart(DAYS, ENGLISH, ENGLISH)


def test_a_script_without_a_font_is_written_in_english() -> None:
    strange = replace(HINDI, script="Mtei")
    assert not can_write("Mtei")
    assert draw_chart(DAYS, strange, ENGLISH) == draw_chart(DAYS, ENGLISH, ENGLISH)


def test_missing_values_are_drawn_as_nothing() -> None:
    empty = [replace(day, rain=None, low=None) for day in DAYS]
    assert draw_chart(empty, ENGLISH, ENGLISH).startswith(b"\x89PNG")


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_fonts_have_all_letters_of_the_words(tag: str) -> None:
    """Some fonts of Indic scripts have no Latin letters: boxes would stand in their place."""
    from matplotlib.ft2font import FT2Font

    language = LOCALES.languages[tag]
    if not (path := font_path(language.script)):
        pytest.skip("no font: apt-get install fonts-noto-core")
    known = FT2Font(path).get_charmap()
    for key in ("weather.chart.rain", "weather.chart.temperature", "weather.today", "weather.tomorrow"):
        text = LOCALES.text(key, tag)
        assert [sign for sign in text if ord(sign) not in known] == [], key


def test_a_place_that_has_an_english_name_only_is_written() -> None:
    if not can_write("Mlym"):
        pytest.skip("no Malayalam font: apt-get install fonts-noto-core")
    assert font_for("Uasin Gishu", "Mlym", 30, 600).path == font_path("Latn")
    assert font_for("കൊല്ലം", "Mlym", 30, 600).path == font_path("Mlym")


def test_a_long_name_is_written_smaller_within_its_width() -> None:
    names = ("Mon", "tomorrow", "Thiruvananthapuram")
    fonts = [font_for(name, "Latn", 27, 80) for name in names]
    assert fonts[0].size == 27 > fonts[1].size > fonts[2].size
    assert all(font.getlength(name) <= 80 for font, name in zip(fonts, names, strict=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib", "ignore::DeprecationWarning:pyparsing")
def test_several_threads_draw_at_once() -> None:
    """Thinkers are threads; a chart must not get another one's words."""
    alone = {words.title: draw_chart(DAYS, words, ENGLISH) for words in (ENGLISH, HINDI)}
    with ThreadPoolExecutor(4) as pool:
        drawn = [(words.title, pool.submit(draw_chart, DAYS, words, ENGLISH)) for words in (ENGLISH, HINDI) * 6]
    assert all(future.result() == alone[title] for title, future in drawn)
