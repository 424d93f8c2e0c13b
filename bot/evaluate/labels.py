"""What a call centre's columns say of a question: crop, topics, and whether its text names the crop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.knowledge import Taxonomy
from bot.locales import Locales
from bot.understanding.entities import EntityMatcher
from bot.understanding.normalise import fold

TOPICS = {
    "Plant Protection": ("pest", "disease"),
    "Disease Management": ("disease", "pest"),
    "Bio-Pesticides and Bio-Fertilizers": ("pest", "disease", "nutrition"),
    "Fertilizer Use and Availability": ("nutrition", "soil"),
    "Nutrient Management": ("nutrition", "soil"),
    "Organic Farming": ("soil", "nutrition"),
    "Weed Management": ("weed",),
    "Varieties": ("variety",),
    "Seeds": ("variety", "sowing"),
    "Seeds and Planting Material": ("variety", "sowing"),
    "Cultural Practices": ("sowing", "variety", "nutrition", "water"),
    "Cultivation Conditions": ("sowing",),
    "Sowing Time and Weather": ("sowing",),
    "Field Preparation": ("soil", "sowing"),
    "Soil Testing": ("soil", "scheme"),
    "Soil Health Card": ("scheme", "soil"),
    "Government Schemes": ("scheme",),
    "Credit": ("scheme",),
    "Crop Insurance": ("scheme",),
    "Water Management": ("water",),
    "Water Management, Micro Irrigation": ("water", "scheme"),
    "Storage": ("storage", "harvest"),
    "Post Harvest Preservation": ("storage", "harvest"),
    "Dairy Production": ("livestock",),
    "Animal Breeding": ("livestock",),
    "Animal Nutrition": ("livestock",),
    "Disease Reporting": ("livestock", "disease"),
}
ELSEWHERE = frozenset({"Weather", "Market Information"})
THEMES = frozenset({"scheme", "soil", "livestock", "storage"})
NAMES_IN_LABEL = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Label:
    """The truth of one row as far as its columns tell; `crop` only where the text names it."""

    crop: str | None
    topics: tuple[str, ...]

    @property
    def recognisable(self) -> bool:
        """Whether a reader of the text alone could tell crop or theme, and the topic is known."""
        return bool(self.topics) and (self.crop is not None or self.topics[0] in THEMES)


class Labels:
    """Reads the columns crop and query_type. Numeric codes (most rows before 2014) tell nothing."""

    def __init__(self, locales: Locales, taxonomy: Taxonomy) -> None:
        self._matcher = EntityMatcher(locales, taxonomy)
        self._crops: dict[str, str | None] = {}

    def of(self, row: Mapping[str, str], text: str) -> Label | None:
        """The label; None for rows that are about weather or prices."""
        kind = row.get("query_type", "")
        if kind in ELSEWHERE:
            return None
        written = row.get("crop", "")
        crop = self._crop(written)
        return Label(crop if crop and names(written, text) else None, TOPICS.get(kind, ()))

    def _crop(self, written: str) -> str | None:
        if written not in self._crops:
            plain = fold(written.partition("(")[0])
            found = self._matcher.match(plain, "en").entities.crops
            self._crops[written] = found[0] if found and not written.isdigit() else None
        return self._crops[written]


def names(written: str, text: str) -> bool:
    """Whether one of the label's own names (`Paddy (Dhan)`: paddy, dhan) stands in the text, plural or not."""
    words = {word.rstrip("s") for word in NAMES_IN_LABEL.findall(text.lower())}
    return any(name.rstrip("s") in words for name in NAMES_IN_LABEL.findall(written.lower()))
