"""How long a Telegram message may be. Apart from the library, so that answers can be shown without it."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from bot.channels.no_webhook import NoWebhook
from bot.channels.segments import cut_all
from bot.domain.errors import SendError
from bot.domain.messages import Outbound

CHANNEL = "telegram"
MAX_UNITS = 4096


class TelegramTexts:
    """The fitting half of the channel."""

    name = CHANNEL
    supports_buttons = True
    short = False

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """Messages of at most 4096 UTF-16 units, cut at sentence ends; buttons go with the last."""
        texts = cut_all(outbound.text, lambda text: utf16_units(text) <= MAX_UNITS)
        heads = [replace(outbound, text=text, quick_replies=(), ask_location=False) for text in texts[:-1]]
        return (*heads, *(replace(outbound, text=text) for text in texts[-1:]))

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The text; buttons are not part of it."""
        return (outbound.text,)


class PreviewTelegram(TelegramTexts, NoWebhook):
    """Telegram without a token: shows what would be sent (`khetdoot ask --channel telegram`)."""

    async def send(self, outbound: Outbound) -> NoReturn:
        """Raises SendError: there is no bot."""
        raise SendError("no Telegram bot is set up", retryable=False)


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text) + sum(char > "\uffff" for char in text)
