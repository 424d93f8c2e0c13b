"""The models that can be had, as data: bot/clients/models.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.domain.errors import ConfigurationError, DataError

REGISTRY = Path(__file__).with_name("models.yaml")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Model(BaseModel):
    """One model. `size` in bytes; unless `exact` it is only about right. `sha256` None: no public source states it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: str = "main"
    file: Annotated[str, Field(pattern=r"^[\w.-]+\.gguf$")]
    size: Annotated[int, Field(ge=0)]
    exact: bool = True
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    licence: str
    context: Annotated[int, Field(gt=0)]
    usable_tokens: Annotated[int, Field(gt=0)]
    languages: frozenset[str]
    template: str


def read_models(extra: Path | None = None) -> Mapping[str, Model]:
    """All models by name, in the registry's order; those of an operator's own file go before. Raises DataError."""
    return read_registry(REGISTRY) | (read_registry(extra) if extra else {})


def read_registry(path: Path) -> dict[str, Model]:
    """The models of one file. Raises DataError."""
    try:
        return TypeAdapter(dict[str, Model]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise DataError(f"{path}:1: {error}") from error


def find_model(name: str, models: Mapping[str, Model]) -> Model | None:
    """The model of this name; None for the operator's own. Raises ConfigurationError for a name unfit as a file's."""
    if not NAME.fullmatch(name):
        known = ", ".join(models)
        raise ConfigurationError(f"{name!r} is no model's name (small letters, digits, . _ -); known: {known}")
    return models.get(name)
