"""Scores as a picture for officers: what was told and came, what was told in vain, what came untold. By matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from bot.alerts.scoring import Score
from bot.domain.errors import ConfigurationError

HIT, FALSE, MISSED, INK, FAINT = "#2f6db3", "#e8a93c", "#a3302a", "#222222", "#777777"
WIDTH, ROW, FRAME, DPI = 9.0, 0.42, 1.7, 120
PARTS = (("told, and it came", HIT), ("told, did not come", FALSE), ("came, not told", MISSED))
ON = {HIT: "white", FALSE: INK, MISSED: "white"}
COLUMNS = ((1.09, "detected\n(POD)"), (1.23, "false\n(FAR)"), (1.37, "success\n(CSI)"))
"""Columns of figures right of the bars, in widths of the plot."""


def percent(value: float | None) -> str:
    """85 %, or a dash."""
    return "–" if value is None else f"{value:.0%}".replace("%", " %")


def draw_scores(scores: Sequence[Score], title: str) -> bytes:
    """PNG. Raises ConfigurationError where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigurationError("the picture needs matplotlib: pip install 'khetdoot[chart]'") from error
    height = FRAME + ROW * max(len(scores), 1)
    figure: Any = Figure(figsize=(WIDTH, height), dpi=DPI)
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.22, 0.75 / height, 0.50, 1 - FRAME / height))
    draw_bars(axes, scores)
    draw_figures(axes, scores)
    figure.text(0.02, 1 - 0.30 / height, title, fontsize=12, weight="bold", color=INK, va="center")
    for place, (label, colour) in enumerate(PARTS):
        x, y = 0.02 + 0.20 * place, 0.22 / height
        figure.text(x, y, "■", color=colour, fontsize=12, va="center")
        figure.text(x + 0.02, y, label, color=INK, fontsize=9, va="center")
    out = BytesIO()
    canvas.print_png(out)
    return out.getvalue()


def draw_bars(axes: Any, scores: Sequence[Score]) -> None:
    """A bar for each rule, its parts end to end with their counts."""
    widest = max((one.hits + one.false_alarms + (one.misses or 0) for one in scores), default=0) or 1
    for row, one in enumerate(scores):
        left = 0
        for count, (_, colour) in zip((one.hits, one.false_alarms, one.misses or 0), PARTS, strict=True):
            axes.barh(row, count, left=left, height=0.62, color=colour)
            if count >= widest * 0.035:
                axes.text(left + count / 2, row, str(count), ha="center", va="center", color=ON[colour], fontsize=8)
            left += count
        if one.undecided:
            axes.text(left + widest * 0.01, row, f"+{one.undecided} open", va="center", color=FAINT, fontsize=8)
    axes.set_xlim(0, widest * 1.14)
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_yticks(range(len(scores)), [one.rule_id for one in scores], fontsize=9, color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(axis="x", labelsize=8, colors=FAINT)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def draw_figures(axes: Any, scores: Sequence[Score]) -> None:
    """POD, FAR and CSI beside the bars."""
    place = axes.get_yaxis_transform()
    for x, heading in COLUMNS:
        axes.text(x, -0.7, heading, transform=place, ha="center", va="bottom", fontsize=8, color=FAINT)
    for row, one in enumerate(scores):
        shares = (one.detection, one.false_alarm_ratio, one.success)
        for (x, _), value in zip(COLUMNS, shares, strict=True):
            axes.text(x, row, percent(value), transform=place, ha="center", va="center", fontsize=9, color=INK)
