"""How long a Telegram message may be. Apart from the library, so that answers can be shown without it."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from bot.channels.no_webhook import NoWebhook
from bot.channels.segments import cut_all, cut_text
from bot.domain.errors import SendError
from bot.domain.messages import Outbound

CHANNEL = "telegram"
MAX_UNITS, MAX_CAPTION = 4096, 1024


class TelegramTexts:
    """The fitting half of the channel."""

    name = CHANNEL
    supports_buttons = True
    short = False

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """Messages of at most 4096 UTF-16 units (1024 under a picture), cut at sentence ends.

        The picture goes with the first, buttons with the last."""
        texts = texts_of(outbound)
        first, last = 0, len(texts) - 1
        return tuple(
            replace(
                outbound,
                text=text,
                image=outbound.image if number == first else b"",
                quick_replies=outbound.quick_replies if number == last else (),
                ask_location=outbound.ask_location and number == last,
            )
            for number, text in enumerate(texts)
        )

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The text; buttons are not part of it."""
        return (outbound.text,)


class PreviewTelegram(TelegramTexts, NoWebhook):
    """Telegram without a token: shows what would be sent (`khetdoot ask --channel telegram`)."""

    async def send(self, outbound: Outbound) -> NoReturn:
        """Raises SendError: there is no bot."""
        raise SendError("no Telegram bot is set up", retryable=False)


def texts_of(outbound: Outbound) -> tuple[str, ...]:
    """The message's text in pieces that Telegram takes, the first one short enough for its picture."""
    caption, rest = cut_text(outbound.text, lambda text: utf16_units(text) <= MAX_CAPTION)
    if not outbound.image or not caption:
        return cut_all(outbound.text, lambda text: utf16_units(text) <= MAX_UNITS)
    return (caption, *cut_all(rest, lambda text: utf16_units(text) <= MAX_UNITS))


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text) + sum(char > "\uffff" for char in text)
