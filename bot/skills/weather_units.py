"""Numbers, units, days and hours as a language writes them, short enough for SMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_timedelta
from babel.units import format_unit


@dataclass(frozen=True, slots=True)
class Units:
    """Formats by a Babel locale (`hi_IN`). Digits are Latin in all: phones and SMS alphabets have them."""

    locale: str

    def temperature(self, celsius: float) -> str:
        """33°C."""
        return self._unit(round(celsius), "temperature-celsius")

    def temperatures(self, low: float, high: float) -> str:
        """24-33°C."""
        return f"{round(low)}-{self.temperature(high)}"

    def rain(self, millimetres: float) -> str:
        """12 mm; tenths only below 1."""
        amount = round(millimetres, 1) if millimetres < 0.95 else round(millimetres)
        return self._unit(amount, "length-millimeter")

    def wind(self, kilometres_per_hour: float) -> str:
        """9 km/h."""
        return self._unit(round(kilometres_per_hour), "speed-kilometer-per-hour").replace("kph", "km/h")

    def weekday(self, day: date) -> str:
        """Saturday."""
        return format_date(day, "EEEE", locale=self.locale)

    def clock(self, moment: datetime) -> str:
        """7:00, by 24 hours."""
        return f"{moment.hour}:{moment.minute:02d}"

    def age(self, span: timedelta) -> str:
        """5 hours."""
        return format_timedelta(span, locale=self.locale, threshold=1.5)

    def _unit(self, value: float, unit: str) -> str:
        return format_unit(value, unit, length="short", locale=self.locale, numbering_system="latn")
