"""Price questions. Until mandi prices are wired in, an honest line: no price is made up."""

from __future__ import annotations

from bot.domain.turns import Outcome, Reply, Result, Turn
from bot.locales import Locales


class Market:
    """The skill behind `get_price`."""

    def __init__(self, locales: Locales) -> None:
        self.locales = locales

    def __call__(self, turn: Turn) -> Result:
        """Says that there is no price list here yet."""
        text = self.locales.text("price.unavailable", turn.language)
        return Result(Reply(text, Outcome.ABSTAINED, engine="session"), turn.contact, turn.session)
