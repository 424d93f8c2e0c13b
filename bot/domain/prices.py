"""What a market paid on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Price:
    """Rupees per quintal (100 kg): lowest, highest, and the most common ("modal") price of the day."""

    market: str
    district: str
    state: str
    day: date
    low: float
    high: float
    modal: float
