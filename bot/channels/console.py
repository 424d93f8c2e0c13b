"""The terminal as a channel (`khetdoot chat`)."""

from __future__ import annotations

from collections.abc import Callable

from bot.channels.choices import with_choices
from bot.channels.no_webhook import NoWebhook
from bot.domain.messages import Outbound, Sent


class Console(NoWebhook):
    """Hands texts to `write`, choices numbered one a line."""

    name = "console"
    supports_buttons = False
    short = False

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """A terminal takes any length."""
        return (outbound,)

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The text as `send` prints it."""
        return (with_choices(outbound.text, outbound.quick_replies, between="\n"),)

    async def send(self, outbound: Outbound) -> Sent:
        """Prints the message."""
        for text in self.preview(outbound):
            self.write(text)
        return Sent()
