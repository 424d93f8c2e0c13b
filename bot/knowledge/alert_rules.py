"""Reads the warnings' rules of knowledge/alerts/. Format: knowledge/README.md."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.domain.alerts import AlertRule, Level, Limits, Severity, StageWindow
from bot.domain.cards import Source
from bot.knowledge.schema import SourceFile, Strict, validated

ALERTS = "alerts"
PREFIXES = ("min_", "max_", "over_", "under_")


def check_names(limits: dict[str, float]) -> dict[str, float]:
    """Limits whose names say on which side of them the weather must lie."""
    for name in limits:
        if not name.startswith(PREFIXES):
            raise ValueError(f"{name!r} begins with none of {', '.join(PREFIXES)}")
    return limits


LimitsFile = Annotated[dict[str, float], Field(min_length=1), AfterValidator(check_names)]
TextId = Annotated[str, Field(pattern=r"^alert(\.[a-z0-9]+(-[a-z0-9]+)*){2}$")]


class LevelFile(Strict):
    severity: Literal["watch", "warning", "severe", "extreme"]
    limits: LimitsFile
    text: TextId


class ClearFile(Strict):
    limits: LimitsFile
    after_hours: float = Field(ge=0)
    text: TextId | Literal[""]


class StageWindowFile(Strict):
    crop: str
    stage: str
    days: tuple[int, int]
    source: str = ""

    @model_validator(mode="after")
    def is_ordered(self) -> StageWindowFile:
        if not 0 <= self.days[0] <= self.days[1]:
            raise ValueError("days are first and last, from 0")
        return self


class ShowsFile(Strict):
    value: str
    unit: Literal["mm", "celsius", "km/h"]


class AlertFile(Strict):
    version: int = Field(ge=1)
    kind: str
    levels: list[LevelFile] = Field(min_length=1)
    days: int = Field(default=1, ge=1)
    clear: ClearFile
    cool_down_hours: float = Field(gt=0)
    horizon_hours: float = Field(gt=0, le=168)
    lasts_hours: float = Field(default=0, ge=0)
    options: dict[str, float] = Field(default_factory=dict)
    crops: tuple[str, ...] = ()
    stages: tuple[StageWindowFile, ...] = ()
    by_sowing: bool = False
    regions: tuple[str, ...] = ()
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    push: bool = True
    shows: ShowsFile | None = None
    cards: dict[str, str] = Field(default_factory=dict)
    sourced: bool = True
    sources: tuple[SourceFile, ...] = ()
    note: str = Field(min_length=1)

    @model_validator(mode="after")
    def is_sound(self) -> AlertFile:
        severities = [Severity[level.severity.upper()] for level in self.levels]
        if severities != sorted(set(severities)):
            raise ValueError("severity must rise from level to level")
        if self.sourced and not self.sources:
            raise ValueError("a sourced rule needs sources; say `sourced: false` of a default")
        if (self.stages or self.by_sowing) and not self.crops:
            raise ValueError("stages need crops")
        return self


def read_alert_rules(folder: Path) -> tuple[AlertRule, ...]:
    """All rules of a folder, by id. Raises DataError (`path:line: message`)."""
    return tuple(read_alert_rule(path) for path in alert_files(folder))


def alert_files(folder: Path) -> Iterator[Path]:
    """The rules' files, in a fixed order."""
    yield from sorted(folder.glob("*.yaml"))


def read_alert_rule(path: Path) -> AlertRule:
    """One rule; its id is the file's name. Raises DataError."""
    file = validated(AlertFile, path)
    return AlertRule(
        id=path.stem,
        version=file.version,
        kind=file.kind,
        levels=tuple(Level(Severity[x.severity.upper()], as_limits(x.limits), x.text) for x in file.levels),
        days=file.days,
        clear=as_limits(file.clear.limits),
        clear_text=file.clear.text,
        clear_after=timedelta(hours=file.clear.after_hours),
        cool_down=timedelta(hours=file.cool_down_hours),
        horizon=timedelta(hours=file.horizon_hours),
        lasts=timedelta(hours=file.lasts_hours),
        shown=file.shows.value if file.shows else "",
        unit=file.shows.unit if file.shows else "",
        options=as_limits(file.options),
        crops=file.crops,
        stages=tuple(StageWindow(x.crop, x.stage, *x.days, x.source) for x in file.stages),
        by_sowing=file.by_sowing,
        regions=file.regions,
        months=file.months,
        push=file.push,
        cards=tuple(file.cards.items()),
        sourced=file.sourced,
        sources=tuple(Source(x.id, x.title, x.publisher, x.url, x.read) for x in file.sources),
        note=" ".join(file.note.split()),
        path=str(path),
    )


def as_limits(values: dict[str, float]) -> Limits:
    """Thresholds in the file's order."""
    return tuple(values.items())
