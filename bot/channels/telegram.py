"""Telegram, through python-telegram-bot: long polling or webhook in, sendMessage and sendPhoto out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import html
import json
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import regex
from telegram import Bot, BotCommand, ReplyKeyboardMarkup, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.base import Parsed, WebhookRequest, WebhookResponse
from bot.channels.reading import read_json
from bot.channels.telegram_sending import NO_PREVIEW, edit, keyboard, seconds_of, send_error
from bot.channels.telegram_texts import TelegramTexts
from bot.channels.telegram_updates import UnreadableUpdate, UpdateReader, message_key, read_update
from bot.domain.errors import ConfigurationError, RefusedInput, StorageError
from bot.domain.messages import Address, Inbound, InboundKind, Outbound, Sent

# Opts in to timedeltas for `retry_after`; without it the library warns at every 429. Read at each use.
os.environ.setdefault("PTB_TIMEDELTA", "true")  # noqa: TID251

log = logging.getLogger(__name__)
SECRET_HEADER = "x-telegram-bot-api-secret-token"
SECRET = regex.compile(r"[A-Za-z0-9_-]{1,256}")
WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
POLL_SECONDS = 50
LONGEST_PAUSE = 60.0
Record = Callable[[Sequence[Inbound]], Awaitable[object]]
SendText = Callable[[Outbound, str, str, ParseMode | None], Awaitable[Sent]]
"""(message, chat, its text, how that is marked up)."""


class Telegram(TelegramTexts):
    """One bot. `location_label` gives the text of the location button in a language; `pause` waits so many seconds.
    Without a `secret` one is derived from the token, so that the webhook is never open."""

    def __init__(
        self,
        token: str,
        *,
        clock: Callable[[], datetime],
        location_label: Callable[[str], str],
        secret: str = "",
        api_url: str = "https://api.telegram.org",
        officers: Collection[str] = (),
        timeout: float = 20,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        bot_id, _, key = token.partition(":")
        if not bot_id.isdigit() or not key:
            raise ConfigurationError("KHETDOOT_TELEGRAM_TOKEN: must look like 123456:ABC-DEF, as BotFather gives it")
        self.secret = secret or hmac.new(token.encode(), b"webhook", hashlib.sha256).hexdigest()
        if not SECRET.fullmatch(self.secret):
            raise ConfigurationError("KHETDOOT_TELEGRAM_WEBHOOK_SECRET: 1 to 256 of A-Z a-z 0-9 _ -")
        for library in ("httpx", "telegram"):  # they log addresses, which hold the token, and what people write
            logging.getLogger(library).setLevel(logging.WARNING)
        self.requests = [HTTPXRequest(size, read_timeout=timeout, connect_timeout=timeout) for size in (1, 16)]
        self.bot = Bot(token, base_url=f"{api_url.rstrip('/')}/bot", request=self.requests[1],
                       get_updates_request=self.requests[0])  # fmt: skip
        self.reader = UpdateReader(int(bot_id), "", frozenset(officers), clock)
        self.location_label = location_label
        self.pause = pause

    async def start(self, public_url: str = "") -> None:
        """Learns the bot's name, and has Telegram call `public_url` or, without one, wait for `poll`.
        Raises ConfigurationError for a refused token, SendError when Telegram is out of reach."""
        try:
            self.reader = replace(self.reader, username=(await self.bot.get_me()).username or "")
            if public_url:
                await self.bot.set_webhook(
                    f"{public_url.rstrip('/')}/channels/{self.name}/receive",
                    secret_token=self.secret,
                    allowed_updates=WANTED,
                )
            else:
                await self.bot.delete_webhook()
        except InvalidToken:
            raise ConfigurationError("KHETDOOT_TELEGRAM_TOKEN: Telegram refuses it") from None
        except TelegramError as error:
            raise send_error(error) from error

    async def describe(self, commands: Mapping[str, Mapping[str, str]]) -> None:
        """Sets the command menu: `{language: {command: description}}`, language "" for all others."""
        for language, described in commands.items():
            menu = [BotCommand(command, text) for command, text in described.items()]
            try:
                await self.bot.set_my_commands(menu, language_code=language or None)
            except TelegramError as error:
                raise send_error(error) from error

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput unless the request has our secret."""
        if request.method != "POST":
            raise RefusedInput("use POST", 405)
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self.secret.encode()):
            raise RefusedInput("wrong secret", 403)

    def parse(self, request: WebhookRequest) -> Parsed:
        """One update; those that are not for the bot carry nothing. Raises RefusedInput."""
        update = readable(read_json(request.body))
        inbound = self.reader.read(update)
        if inbound is None:
            return Parsed()
        method = acknowledgement(update, inbound)
        response = WebhookResponse(200, json.dumps(method), "application/json") if method else WebhookResponse()
        return Parsed((inbound,), response=response)

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """Raises RefusedInput: Telegram tells of no deliveries."""
        raise RefusedInput("Telegram has no delivery reports", 404)

    async def send(self, outbound: Outbound) -> Sent:
        """Sends one fitted message. Raises SendError and its kinds."""
        try:
            return await self._send(outbound, outbound.address.id)
        except ChatMigrated as error:
            return await self._send_moved(outbound, str(error.new_chat_id))
        except TelegramError as error:
            raise send_error(error) from error

    async def draft(self, address: Address, text: str, shown: str) -> str:
        """A message that is edited as its text grows. Raises SendError and its kinds."""
        try:
            if shown:
                await edit(self.bot, address.id, shown, text)
                return shown
            message = await self.bot.send_message(address.id, text, link_preview_options=NO_PREVIEW)
        except TelegramError as error:
            raise send_error(error) from error
        return message_key(address.id, message.message_id)

    async def poll(self, record: Record) -> None:
        """Reads updates until cancelled. An update is confirmed to Telegram only after `record` has taken it, so none
        is lost; after a crash some come again with the same ids. Raises ConfigurationError for a refused token."""
        offset, failures = 0, 0
        while True:
            try:
                updates = await self._updates(offset)
                await self._take(updates, record)
                offset = max((update.update_id + 1 for update in updates), default=offset)
                failures = 0
            except InvalidToken:
                raise ConfigurationError("KHETDOOT_TELEGRAM_TOKEN: Telegram refuses it") from None
            except RetryAfter as error:
                await self.pause(seconds_of(error))
            except (NetworkError, Conflict, StorageError) as error:
                failures += 1
                log.warning("telegram polling: %s, attempt %d", type(error).__name__, failures)
                await self.pause(min(LONGEST_PAUSE, 2.0 ** min(failures, 10)))

    async def close(self) -> None:
        """Closes the connections."""
        for request in self.requests:
            await request.shutdown()

    async def _send(self, outbound: Outbound, chat: str) -> Sent:
        if outbound.draft and not outbound.image:
            with suppress(BadRequest):  # she has deleted it, or it cannot be edited: a message of its own
                return await self._send_marked(self._edit_draft, outbound, chat)
        if outbound.image:
            with suppress(BadRequest):  # the picture may be refused, or pictures in this chat: the text says the same
                return await self._send_marked(self._send_photo, outbound, chat)
        return await self._send_marked(self._send_text, outbound, chat)

    async def _send_marked(self, send: SendText, outbound: Outbound, chat: str) -> Sent:
        text = html.escape(outbound.text, quote=False)
        try:
            return await send(outbound, chat, text, ParseMode.HTML)
        except BadRequest as error:
            if "can't parse entities" not in str(error).lower():
                raise
        return await send(outbound, chat, outbound.text, None)

    async def _send_photo(self, outbound: Outbound, chat: str, text: str, mode: ParseMode | None) -> Sent:
        message = await self.bot.send_photo(
            chat,
            outbound.image,
            caption=text,
            parse_mode=mode,
            reply_markup=keyboard(outbound, chat, self.location_label),
            filename="khetdoot.png",
        )
        return Sent((message_key(chat, message.message_id),))

    async def _send_text(self, outbound: Outbound, chat: str, text: str, mode: ParseMode | None) -> Sent:
        message = await self.bot.send_message(
            chat,
            text,
            parse_mode=mode,
            reply_markup=keyboard(outbound, chat, self.location_label),
            link_preview_options=NO_PREVIEW,
        )
        return Sent((message_key(chat, message.message_id),))

    async def _edit_draft(self, outbound: Outbound, chat: str, text: str, mode: ParseMode | None) -> Sent:
        markup = keyboard(outbound, chat, self.location_label)
        if isinstance(markup, ReplyKeyboardMarkup):
            raise BadRequest("keys come with new messages only")
        await edit(self.bot, chat, outbound.draft, text, mode, markup)
        return Sent((outbound.draft,))

    async def _send_moved(self, outbound: Outbound, chat: str) -> Sent:
        try:
            return await self._send(outbound, chat)
        except TelegramError as error:
            raise send_error(error) from error

    async def _updates(self, offset: int) -> list[Update]:
        # Raw, since one update that the library cannot read must not stop all others. Method names have no case;
        # written so, the library does not object that it has a method for this.
        values = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": list(WANTED)}
        found = await self.bot.do_api_request("GetUpdates", values, read_timeout=POLL_SECONDS + 15)
        return [readable(data) for data in found if isinstance(data.get("update_id"), int)]

    async def _take(self, updates: Sequence[Update], record: Record) -> None:
        read = [(update, inbound) for update in updates if (inbound := self.reader.read(update))]
        if read:
            await record([inbound for _, inbound in read])
            await asyncio.gather(*(self._acknowledge(update, inbound) for update, inbound in read))

    async def _acknowledge(self, update: Update, inbound: Inbound) -> None:
        with suppress(TelegramError):  # a courtesy only
            if update.callback_query:
                await self.bot.answer_callback_query(update.callback_query.id)
            elif inbound.kind is InboundKind.TEXT:
                await self.bot.send_chat_action(inbound.address.id, ChatAction.TYPING)


def acknowledgement(update: Update, inbound: Inbound) -> dict[str, str] | None:
    """The call that a webhook's answer may carry: stops a button's spinner, or shows that the bot is typing."""
    if update.callback_query:
        return {"method": "answerCallbackQuery", "callback_query_id": update.callback_query.id}
    if inbound.kind is InboundKind.TEXT:
        return {"method": "sendChatAction", "chat_id": inbound.address.id, "action": ChatAction.TYPING}
    return None


def readable(data: Mapping[str, object]) -> Update:
    """An update, or an empty one in the place of one that the library cannot read: refusing it would only have it
    sent again and again. Raises RefusedInput without an update id."""
    try:
        return read_update(data)
    except UnreadableUpdate:
        log.warning("telegram: an update could not be read and is skipped")
        return read_update({"update_id": data["update_id"]})
