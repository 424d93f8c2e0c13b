"""The store of messages: the two doors and their upkeep in one."""

from __future__ import annotations

from bot.storage.inbox import Inbox
from bot.storage.upkeep import Upkeep


class Messages(Inbox, Upkeep):
    """Incoming and outgoing messages. Made of Inbox (in), Outbox and Reports (out) and Upkeep (counts, retention)."""
