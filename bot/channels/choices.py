"""Quick replies where there are no buttons: numbers to answer with."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.messages import QuickReply


def numbered(replies: Sequence[QuickReply], between: str = "  ") -> str:
    """`1 rice  2 wheat`; empty for no replies."""
    return between.join(f"{number} {reply.label}" for number, reply in enumerate(replies, 1))


def with_choices(text: str, replies: Sequence[QuickReply], between: str = "  ") -> str:
    """The text and its numbered choices on a line (or lines) of their own."""
    return "\n".join(filter(None, (text, numbered(replies, between))))
