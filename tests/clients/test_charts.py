"""Forecast pictures: right size, words that differ by language, English where a script cannot be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest

from bot.clients.charts import HEIGHT, WIDTH, Labels, can_draw, can_write, draw_chart
from bot.domain.weather import DaySummary

if not can_draw():
    pytest.skip("matplotlib and Pillow not installed: pip install khetdoot[chart]", allow_module_level=True)

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
