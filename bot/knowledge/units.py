"""Words for units in each language: `locales/<lang>/units.yaml`, unit id -> words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.knowledge.schema import read_yaml


@cache
def units_of(locales_dir: Path, language: str) -> dict[str, str]:
    """Unit words of a language, lower-cased, to unit ids; empty where the file is missing. Raises DataError."""
    path = locales_dir / language / "units.yaml"
    if not path.is_file():
        return {}
    return {str(word).lower(): str(unit) for unit, words in read_yaml(path).items() for word in words}
