"""The forecast as a small picture: rain as bars, temperatures as a line. matplotlib draws, Pillow writes the words.

matplotlib cannot shape Indic scripts, so it writes numerals only; words are set by Pillow with Raqm in Noto fonts. Both
are optional: without them, or without a font for the script, there is no picture or its words are English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from bot.domain.weather import DaySummary

WIDTH, HEIGHT, DPI = 640, 400, 100
LEFT, RIGHT, BOTTOM, TOP = 0.08, 0.92, 0.16, 0.80
"""Share of the picture that the plot takes; words stand around it."""
RAIN, WARM, COOL, INK = "#2f6db3", "#c8431f", "#e0a03a", "#222222"
SCALE_LEAST_RAIN = 10.0
"""mm that the rain axis shows at least, so that a drizzle does not look like a flood."""
LEAST_SPAN = 6.0
"""°C between the lowest and the highest point at least, for the same reason."""
FAMILIES = {
    "Latn": "Noto Sans",
    "Deva": "Noto Sans Devanagari",
    "Beng": "Noto Sans Bengali",
    "Guru": "Noto Sans Gurmukhi",
    "Gujr": "Noto Sans Gujarati",
    "Orya": "Noto Sans Oriya",
    "Taml": "Noto Sans Tamil",
    "Telu": "Noto Sans Telugu",
    "Knda": "Noto Sans Kannada",
    "Mlym": "Noto Sans Malayalam",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of a chart in one script (ISO 15924): title, a name for each day, what bars and lines are, source."""

    script: str
    title: str
    days: tuple[str, ...]
    rain: str
    temperature: str
    source: str


def can_draw() -> bool:
    """Whether matplotlib and Pillow are installed."""
    return find_spec("matplotlib") is not None and find_spec("PIL") is not None


@lru_cache(maxsize=32)
def font_path(script: str) -> str | None:
    """The file of a font that has the script, if one is installed here."""
    from matplotlib import font_manager

    try:
        return str(font_manager.findfont(FAMILIES[script], fallback_to_default=False))
    except (KeyError, ValueError):
        return None


def can_write(script: str) -> bool:
    """Whether words of the script come out right: a font, and for Indic scripts a shaper."""
    from PIL import features

    return font_path(script) is not None and (script == "Latn" or bool(features.check("raqm")))


def draw_chart(days: Sequence[DaySummary], labels: Labels, english: Labels) -> bytes:
    """PNG of at most seven days; words in English where those of `labels` cannot be written. Needs `can_draw()`."""
    words = labels if can_write(labels.script) else english
    picture = write_words(plot(days), words, english, len(days))
    out = BytesIO()
    picture.convert("P", palette=1, colors=64).save(out, "PNG", optimize=True)
    return out.getvalue()


def plot(days: Sequence[DaySummary]) -> Any:
    """The plot without words, as a Pillow image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure: Any = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    canvas: Any = FigureCanvasAgg(figure)
    bars = figure.add_axes((LEFT, BOTTOM, RIGHT - LEFT, TOP - BOTTOM))
    places = range(len(days))
    rain = [day.rain or 0.0 for day in days]
    bars.bar(places, rain, width=0.55, color=RAIN, alpha=0.85)
    bars.set_ylim(0, max(SCALE_LEAST_RAIN, *rain) * 2.3)  # bars in the lower half, lines above
    lines = bars.twinx()
    highs, lows = [day.high or 0.0 for day in days], [day.low or 0.0 for day in days]
    lines.plot(places, highs, color=WARM, marker="o", linewidth=2)
    lines.plot(places, lows, color=COOL, marker="o", linewidth=2)
    span = max(max(highs) - min(lows), LEAST_SPAN)
    lines.set_ylim(min(lows) - 1.8 * span, max(highs) + 0.4 * span)
    for place, (low, high, amount) in enumerate(zip(lows, highs, rain, strict=True)):
        label(lines, place, high, f"{high:.0f}°", WARM, 8)
        label(lines, place, low, f"{low:.0f}°", COOL, -15)
        if amount >= 0.5:
            label(bars, place, amount, f"{amount:.0f}", RAIN, 2)
    for axes in (bars, lines):
        axes.set_xlim(-0.6, len(days) - 0.4)
        axes.set_xticks([])
        axes.set_yticks([])
        for side in ("top", "left", "right"):
            axes.spines[side].set_visible(False)
    canvas.draw()
    return Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")


def label(axes: Any, x: float, y: float, text: str, colour: str, lift: int) -> None:
    """A number above or below a point."""
    axes.annotate(
        text,
        (x, y),
        xytext=(0, lift),
        textcoords="offset points",
        ha="center",
        color=colour,
        fontsize=11,
        weight="bold",
    )


def write_words(picture: Any, words: Labels, english: Labels, count: int) -> Any:
    """Title and legend above the plot, days below it, the source in the corner."""
    from PIL import ImageDraw, ImageFont

    path = font_path(words.script) or font_path("Latn")
    plain = font_path("Latn")
    pen = ImageDraw.Draw(picture)

    def font(size: int, file: str | None = path) -> Any:
        return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)

    pen.text((WIDTH * LEFT, 10), words.title, font=font(24), fill=INK)
    pen.rectangle((WIDTH * LEFT, 52, WIDTH * LEFT + 14, 66), fill=RAIN)
    pen.text((WIDTH * LEFT + 20, 59), words.rain, font=font(16), fill=INK, anchor="lm")
    middle = WIDTH * 0.42
    pen.line((middle, 59, middle + 20, 59), fill=WARM, width=4)
    pen.text((middle + 26, 59), words.temperature, font=font(16), fill=INK, anchor="lm")
    step = WIDTH * (RIGHT - LEFT) / (count + 0.2)
    for place, name in enumerate(words.days):
        x = WIDTH * LEFT + step * (place + 0.6)
        pen.text((x, HEIGHT * (1 - BOTTOM) + 16), name, font=font(17), fill=INK, anchor="mm")
    pen.text((WIDTH - 8, HEIGHT - 6), english.source, font=font(11, plain), fill="#777777", anchor="rs")
    return picture
