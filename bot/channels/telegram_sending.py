"""How our messages look to Telegram: keyboards, lengths, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import httpx
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
)
from telegram.constants import InlineKeyboardButtonLimit, ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.channels.telegram_updates import INDEX_MARK
from bot.domain.errors import ContactBlocked, SendError, Throttled
from bot.domain.messages import Outbound, QuickReply

Button = TypeVar("Button", InlineKeyboardButton, KeyboardButton)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
NARROW_LABEL = 18
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""A preview costs her data."""


def keyboard(
    outbound: Outbound, chat: str, location_label: Callable[[str], str]
) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """Buttons for the quick replies; with a location button they are keys that type their label."""
    if outbound.ask_location and not chat.startswith("-"):  # groups may not be asked for a location
        button = KeyboardButton(location_label(outbound.language), request_location=True)
        rows = [[button], *rows_of([KeyboardButton(reply.label) for reply in outbound.quick_replies])]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)
    if not outbound.quick_replies:
        return None
    return InlineKeyboardMarkup(rows_of([button_of(*pair) for pair in enumerate(outbound.quick_replies, 1)]))


def button_of(number: int, reply: QuickReply) -> InlineKeyboardButton:
    """A button that sends the reply's text back; a text over 64 bytes is replaced by its number."""
    fits = len(reply.text.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    plain = fits and reply.text and not reply.text.startswith(INDEX_MARK)
    return InlineKeyboardButton(reply.label, callback_data=reply.text if plain else f"{INDEX_MARK}{number}")


def rows_of(buttons: Sequence[Button]) -> list[list[Button]]:
    """Two buttons a row, as fits a narrow screen; a long label has its row to itself."""
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and len(rows[-1]) == 1 and max(len(rows[-1][0].text), len(button.text)) <= NARROW_LABEL:
            rows[-1].append(button)
        else:
            rows.append([button])
    return rows


async def edit(
    bot: Bot, chat: str, key: str, text: str, mode: ParseMode | None = None, markup: InlineKeyboardMarkup | None = None
) -> None:
    """Puts a text in the place of the chat's message `key`. Raises TelegramError, but not where it stands there
    already: an edit whose answer was lost may so be done again."""
    number = int(key.rpartition(":")[2])
    try:
        await bot.edit_message_text(
            text, chat, number, parse_mode=mode, reply_markup=markup, link_preview_options=NO_PREVIEW
        )
    except BadRequest as error:
        if "not modified" not in error.message.lower():
            raise


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def send_error(error: TelegramError) -> SendError:
    """Our error for one of the library's. A 429 holds for the chat alone: others are still served."""
    if isinstance(error, RetryAfter):
        return Throttled("Telegram asks to wait", seconds_of(error))
    if isinstance(error, Forbidden):
        return ContactBlocked(error.message)
    if isinstance(error, BadRequest):
        return SendError(error.message, retryable=False)
    if isinstance(error, TimedOut):
        return SendError("Telegram timed out", retryable=True, uncertain=not isinstance(error.__cause__, NOT_SENT))
    if isinstance(error, NetworkError):
        broken = isinstance(error.__cause__, httpx.HTTPError) and not isinstance(error.__cause__, NOT_SENT)
        return SendError("Telegram is out of reach", retryable=True, uncertain=broken)
    return SendError(error.message, retryable=isinstance(error, InvalidToken))
