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
LEFT, RIGHT, BOTTOM, TOP = 0.03, 0.97, 0.19, 0.74
"""Share of the picture that the plot takes; words stand around it."""
TITLE, LEGEND, DAY, SOURCE, NUMBER = 36, 25, 27, 16, 24
"""Heights of letters in pixels: a phone shows the picture at less than half its size."""
RAIN, WARM, COOL, INK = "#2f6db3", "#c8431f", "#b9770e", "#222222"
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
    bars.set_ylim(0, max(SCALE_LEAST_RAIN, *rain) * 2.9)  # bars in the lower third, lines above
    lines = bars.twinx()
    highs, lows = [day.high or 0.0 for day in days], [day.low or 0.0 for day in days]
    lines.plot(places, highs, color=WARM, marker="o", linewidth=2)
    lines.plot(places, lows, color=COOL, marker="o", linewidth=2)
    span = max(max(highs) - min(lows), LEAST_SPAN)
    lines.set_ylim(min(lows) - 2.3 * span, max(highs) + 0.7 * span)
    for place, (low, high, amount) in enumerate(zip(lows, highs, rain, strict=True)):
        label(lines, place, high, f"{high:.0f}°", WARM, 7)
        label(lines, place, low, f"{low:.0f}°", COOL, -22)
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
        fontsize=NUMBER * 72 / DPI,
        weight="bold",
    )


def write_words(picture: Any, words: Labels, english: Labels, count: int) -> Any:
    """Title and legend above the plot, days below it, the source in the corner."""
    from PIL import ImageDraw

    script = words.script if font_path(words.script) else "Latn"
    pen = ImageDraw.Draw(picture)
    left, width = WIDTH * LEFT, WIDTH * (RIGHT - LEFT)
    pen.text((left, 34), words.title, font=font_for(words.title, script, TITLE, width), fill=INK, anchor="lm")
    half = width / 2 - 40
    pen.rectangle((left, 72, left + 20, 92), fill=RAIN)
    pen.text((left + 28, 82), words.rain, font=font_for(words.rain, script, LEGEND, half), fill=INK, anchor="lm")
    middle, warm = WIDTH / 2, words.temperature
    pen.line((middle, 82, middle + 26, 82), fill=WARM, width=5)
    pen.text((middle + 34, 82), warm, font=font_for(warm, script, LEGEND, half), fill=INK, anchor="lm")
    step = width / (count + 0.2)
    for place, name in enumerate(words.days):
        x, font = left + step * (place + 0.6), font_for(name, script, DAY, step - 6)
        pen.text((x, HEIGHT * (1 - BOTTOM) + 22), name, font=font, fill=INK, anchor="mm")
    font = font_for(english.source, "Latn", SOURCE, width)
    pen.text((WIDTH - 8, HEIGHT - 8), english.source, font=font, fill="#666666", anchor="rs")
    return picture


def font_for(text: str, script: str, size: int, width: float) -> Any:
    """The font of a script, `size` pixels high or as much smaller as the text needs to be no wider than `width`."""
    from PIL import ImageFont

    # Fonts of some scripts have no Latin letters, and a place may be known by its English name only.
    path = font_path("Latn" if text.isascii() else script)

    def font(pixels: int) -> Any:
        return ImageFont.truetype(path, pixels) if path else ImageFont.load_default(pixels)

    return font(max(8, min(size, int(size * width / max(font(size).getlength(text), 1.0)))))
