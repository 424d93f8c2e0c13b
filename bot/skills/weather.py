"""Weather questions. Until forecasts are wired in, an honest line: no forecast is made up."""

from __future__ import annotations

from bot.domain.turns import Outcome, Reply, Result, Turn
from bot.locales import Locales


class Weather:
    """The skill behind `get_weather`."""

    def __init__(self, locales: Locales) -> None:
        self.locales = locales

    def __call__(self, turn: Turn) -> Result:
        """Says that there is no forecast here yet."""
        text = self.locales.text("weather.unavailable", turn.language)
        return Result(Reply(text, Outcome.ABSTAINED, engine="session"), turn.contact, turn.session)
