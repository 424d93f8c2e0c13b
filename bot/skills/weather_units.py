"""Numbers, units, days and hours as a language writes them, short enough for SMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency
from babel.units import format_unit

from bot.domain.contacts import ScriptChoice
from bot.domain.turns import Turn
from bot.locales import Locales


@dataclass(frozen=True, slots=True)
class Units:
    """Formats by a Babel locale (`hi_IN`). Digits are Latin in all: phones and SMS alphabets have them."""

    locale: str
    plain: bool = False
    """For SMS in Latin letters: neither ° nor ₹, which cost a message more than half of its length."""

    def temperature(self, celsius: float) -> str:
        """33°C; plain: 33C."""
        text = self._unit(round(celsius), "temperature-celsius")
        return text.replace("°", "").replace(" ", "") if self.plain else text

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

    def rupees(self, amount: float) -> str:
        """₹2,450, without paise; plain: Rs 2,450."""
        text = format_currency(
            round(amount), "INR", "¤#,##,##0", self.locale, currency_digits=False, numbering_system="latn"
        )
        return text.replace("₹", "Rs ") if self.plain else text

    def weekday(self, day: date) -> str:
        """Saturday."""
        return format_date(day, "EEEE", locale=self.locale)

    def weekday_short(self, day: date) -> str:
        """Sat."""
        return format_date(day, "EEE", locale=self.locale)

    def clock(self, moment: datetime) -> str:
        """7:00, by 24 hours."""
        return f"{moment.hour}:{moment.minute:02d}"

    def age(self, span: timedelta) -> str:
        """5 hours."""
        return format_timedelta(span, locale=self.locale, threshold=1.5)

    def _unit(self, value: float, unit: str) -> str:
        return format_unit(value, unit, length="short", locale=self.locale, numbering_system="latn")


LATIN_LOCALE = "en_IN"


def units_of(locales: Locales, turn: Turn) -> Units:
    """The units for an answer: English ones for whoever reads another script in Latin letters."""
    known = locales.languages.get(turn.language)
    latin = turn.contact.script is ScriptChoice.LATIN or known is None or known.script == "Latn"
    own = known.locale if known and not (latin and known.script != "Latn") else LATIN_LOCALE
    return Units(own, plain=latin and turn.short)
