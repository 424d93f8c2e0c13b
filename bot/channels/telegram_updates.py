"""What Telegram's updates mean for us: which are messages, from whom, and which of them are meant for the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from telegram import CallbackQuery, ChatMemberUpdated, InlineKeyboardMarkup, Message, MessageEntity, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.reading import clean_text
from bot.channels.telegram_texts import CHANNEL
from bot.domain.errors import RefusedInput
from bot.domain.messages import Address, Inbound, InboundKind, Location

INDEX_MARK = "#"
"""Starts the callback data of a button whose text is too long for it; the button's label is then the text."""


class UnreadableUpdate(RefusedInput):
    """An update with an id, but not as the Bot API describes it."""


def read_update(data: Mapping[str, object]) -> Update:
    """An update from its JSON. Raises RefusedInput without an id, UnreadableUpdate where the rest is not as it should
    be."""
    if not isinstance(data.get("update_id"), int):
        raise RefusedInput("no update_id")
    try:
        return Update.de_json(dict(data), None)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise UnreadableUpdate("not an update as the Bot API describes it") from None


@dataclass(frozen=True, slots=True)
class UpdateReader:
    """Turns updates into inbounds. `bot_id` and `username` are the bot's own; `officers` are chats that are read
    whole, also when they are groups."""

    bot_id: int
    username: str
    officers: frozenset[str]
    clock: Callable[[], datetime]

    def read(self, update: Update) -> Inbound | None:
        """The message that an update carries; None for what the bot leaves alone."""
        if update.callback_query:
            return self._press(update.update_id, update.callback_query)
        if update.my_chat_member:
            return self._membership(update.update_id, update.my_chat_member)
        if update.message:
            return self._message(update.update_id, update.message)
        if update.edited_message:
            return self._edit(update.update_id, update.edited_message)
        return None

    def _message(self, update_id: int, message: Message) -> Inbound | None:
        kind = kind_of(message)
        if kind is None or not self._is_meant(message):
            return None
        place = message.location or (message.venue.location if message.venue else None)
        location = Location(place.latitude, place.longitude) if place else None
        # The photos of an album are one message to her, so they share an id and count once.
        external_id = f"album:{message.media_group_id}" if message.media_group_id else str(update_id)
        return self._inbound(external_id, message, kind, location)

    def _edit(self, update_id: int, message: Message) -> Inbound | None:
        # A live location comes as endless edits; only words count.
        if not (message.text or message.caption) or not self._is_meant(message):
            return None
        return self._inbound(str(update_id), message, InboundKind.EDIT)

    def _inbound(
        self, external_id: str, message: Message, kind: InboundKind, location: Location | None = None
    ) -> Inbound:
        reply = message.reply_to_message
        return Inbound(
            address=Address(CHANNEL, str(message.chat.id)),
            external_id=external_id,
            text=self._without_name(clean_text(message.text or message.caption or "")),
            received_at=self.clock(),
            kind=kind,
            location=location,
            language_hint=message.from_user.language_code if message.from_user else None,
            in_reply_to=message_key(message.chat.id, reply.message_id) if reply else None,
            sender_id=_sender(message.from_user, message.chat.id),
        )

    def _press(self, update_id: int, query: CallbackQuery) -> Inbound | None:
        if query.message is None or query.data is None:
            return None
        chat = query.message.chat.id
        markup = query.message.reply_markup if isinstance(query.message, Message) else None
        return Inbound(
            address=Address(CHANNEL, str(chat)),
            external_id=str(update_id),
            text=clean_text(pressed_text(query.data, markup)),
            received_at=self.clock(),
            language_hint=query.from_user.language_code,
            in_reply_to=message_key(chat, query.message.message_id),
            sender_id=_sender(query.from_user, chat),
        )

    def _membership(self, update_id: int, change: ChatMemberUpdated) -> Inbound | None:
        if change.new_chat_member.status not in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
            return None
        address = Address(CHANNEL, str(change.chat.id))
        return Inbound(address, str(update_id), "", self.clock(), InboundKind.BLOCKED)

    def _is_meant(self, message: Message) -> bool:
        if message.from_user and message.from_user.is_bot and message.sender_chat != message.chat:
            return False
        if message.chat.type == ChatType.PRIVATE or str(message.chat.id) in self.officers:
            return True
        reply = message.reply_to_message
        return bool(reply and reply.from_user and reply.from_user.id == self.bot_id) or self._is_named(message)

    def _is_named(self, message: Message) -> bool:
        texts = message.parse_entities() | message.parse_caption_entities()
        return any(self._names_bot(entity, text) for entity, text in texts.items())

    def _names_bot(self, entity: MessageEntity, text: str) -> bool:
        if entity.type == MessageEntity.BOT_COMMAND:
            return entity.offset == 0 and text.partition("@")[2].lower() in ("", self.username.lower())
        if entity.type == MessageEntity.TEXT_MENTION:
            return entity.user is not None and entity.user.id == self.bot_id
        return entity.type == MessageEntity.MENTION and text[1:].lower() == self.username.lower()

    def _without_name(self, text: str) -> str:
        if not self.username:
            return text
        start = text.lower().find(name := f"@{self.username.lower()}")
        if start < 0:
            return text
        return " ".join(filter(None, (text[:start].strip(), text[start + len(name) :].strip())))


def kind_of(message: Message) -> InboundKind | None:
    """What a message is; None for notices such as "joined the group"."""
    if message.location or message.venue:
        return InboundKind.LOCATION
    if message.text:
        return InboundKind.TEXT
    if message.photo or (message.document and (message.document.mime_type or "").startswith("image/")):
        return InboundKind.PHOTO
    if message.voice or message.audio or message.video_note:
        return InboundKind.VOICE
    if message.sticker:
        return InboundKind.STICKER
    return InboundKind.OTHER if message.effective_attachment else None


def message_key(chat: int | str, message: int) -> str:
    """A message's id within the channel: message ids alone repeat from chat to chat."""
    return f"{chat}:{message}"


def pressed_text(data: str, markup: InlineKeyboardMarkup | None) -> str:
    """What a pressed button says: its data, or for an index the label that its keyboard shows."""
    if not data.startswith(INDEX_MARK):
        return data
    buttons = [button for row in (markup.inline_keyboard if markup else ()) for button in row]
    return next((button.text for button in buttons if button.callback_data == data), data.removeprefix(INDEX_MARK))


def _sender(user: User | None, chat: int) -> str | None:
    return str(user.id) if user and user.id != chat else None
