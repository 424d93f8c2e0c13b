"""The shape of the YAML files in knowledge/, and errors that name the line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from bot.domain.cards import StepKind
from bot.domain.errors import DataError

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConvertedFile(Strict):
    value: float
    unit: str
    per: str | None = None


class QuantityFile(Strict):
    name: str
    value: float | tuple[float, float]
    unit: str
    per: str | None = None
    source: str
    also: list[ConvertedFile] = []


class ConditionsFile(Strict):
    problems: list[str] = []
    stages: list[str] = []
    regions: list[str] = []
    severity: Literal["low", "high"] | None = None


class ChemicalFile(Strict):
    ingredient: str
    formulation: str
    pre_harvest_days: int = Field(ge=0)
    ppe: list[str] = Field(min_length=1)


class StepFile(Strict):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    kind: StepKind
    when: ConditionsFile = ConditionsFile()
    quantities: list[QuantityFile] = []
    sources: list[str] = Field(min_length=1)
    chemical: ChemicalFile | None = None


class UseFile(Strict):
    use: str
    when: ConditionsFile = ConditionsFile()


def step_form(value: object) -> str:
    """Which of the two forms a step has, so that errors are about that one."""
    return "use" if isinstance(value, dict) and "use" in value else "own"


AnyStepFile = Annotated[
    Annotated[UseFile, Tag("use")] | Annotated[StepFile, Tag("own")],
    Discriminator(step_form),
]


class SourceFile(Strict):
    id: str
    title: str
    publisher: str
    url: str = Field(pattern=r"^https?://\S+$")
    read: date


class ContactFile(Strict):
    name: str
    value: str
    regions: list[str] = []
    source: str


class ReviewFile(Strict):
    state: Literal["drafted", "reviewed"]
    by: str | None = None
    on: date | None = None

    @model_validator(mode="after")
    def is_signed(self) -> ReviewFile:
        if self.state == "reviewed" and not (self.by and self.on):
            raise ValueError("a reviewed card names who signed (`by`) and when (`on`)")
        return self


class CardFile(Strict):
    crops: list[str]
    topics: list[str] = Field(min_length=1)
    problems: list[str] = []
    inputs: list[str] = []
    regions: list[str] = []
    review: ReviewFile
    review_by: date
    valid_from: date | None = None
    valid_until: date | None = None
    steps: list[AnyStepFile] = Field(min_length=1)
    quantities: list[QuantityFile] = []
    contacts: list[ContactFile] = []
    sources: list[SourceFile] = Field(min_length=2)


class SharedStepFile(Strict):
    step: StepFile
    sources: list[SourceFile] = Field(min_length=1)


class RestrictedEntry(Strict):
    ingredient: str
    status: Literal["banned", "refused", "restricted", "withdrawn", "proposed"]
    names: list[str] = []
    order: str = ""
    note: str = ""


class RestrictedFile(Strict):
    country: str
    entries: list[RestrictedEntry]
    sources: list[SourceFile] = Field(min_length=1)


class HelplineEntry(Strict):
    kind: Literal["emergency", "ambulance", "poison", "suicide", "veterinary", "farm"]
    name: str
    region: str = Field(pattern=r"^[A-Z]{2}$")
    number: str
    hours: str = "always"
    source: str


class HelplinesFile(Strict):
    entries: list[HelplineEntry]
    sources: list[SourceFile] = Field(min_length=1)


def read_yaml(path: Path) -> Any:
    """A YAML file's value. Raises DataError with the line."""
    try:
        return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(f"{path}:{line}: {error.problem}") from error
    except OSError as error:
        raise DataError(f"{path}:1: {error.strerror}") from error


def validated(model: type[Model], path: Path) -> Model:
    """A YAML file read as `model`. Raises DataError naming line and field of the first fault."""
    data = read_yaml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}:{line_of(path, first['loc'])}: {where}: {first['msg']}") from error


def line_of(path: Path, location: Iterable[str | int]) -> int:
    """The line of the deepest part of `location` (keys and indices) that stands in the file."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                continue
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def line_of_text(path: Path, text: str) -> int:
    """The first line that has `text`, else 1."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text in line:
            return number
    return 1
