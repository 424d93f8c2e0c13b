"""What all SMS gateways share: answers are counted in segments and choices are numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NoReturn

from bot.channels.choices import numbered, with_choices
from bot.channels.no_webhook import NoWebhook
from bot.channels.segments import cut_all, economise, measure, split
from bot.channels.shift_tables import NATIONAL_LANGUAGES
from bot.domain.errors import SendError
from bot.domain.messages import Outbound


class Sms:
    """The outgoing half of an SMS gateway. A message longer than `max_segments` goes out as several messages;
    `tables` are the national language identifiers that the gateway takes, none by default."""

    supports_buttons = False
    short = True

    def __init__(self, max_segments: int = 4, tables: Collection[int] = ()) -> None:
        self.max_segments = max_segments
        self.tables = frozenset(tables)

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """Messages of at most `max_segments` each, choices numbered at the end and kept together."""
        texts = self._texts(outbound, self.tables_for(outbound.language))
        return tuple(replace(outbound, text=text, quick_replies=(), ask_location=False) for text in texts)

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The segments, as the network bills them."""
        return split(outbound.text, self.tables_for(outbound.language))

    def tables_for(self, language: str) -> tuple[int, ...]:
        """The national tables that a text in this language may use at this gateway."""
        identifier = NATIONAL_LANGUAGES.get(language.split("-")[0])
        return (identifier,) if identifier in self.tables and identifier else ()

    def _texts(self, outbound: Outbound, tables: tuple[int, ...]) -> tuple[str, ...]:
        def fits(text: str) -> bool:
            return measure(text, tables).count <= self.max_segments

        def chosen(text: str) -> str:
            return economise(with_choices(text, outbound.quick_replies), tables)

        text = outbound.text.strip()
        if fits(whole := chosen(text)):
            return (whole,) if whole else ()
        heads = cut_all(economise(text, tables), fits)
        if heads and fits(last := chosen(heads[-1])):
            return (*heads[:-1], last)
        return (*heads, *cut_all(numbered(outbound.quick_replies), fits))


class PreviewSms(Sms, NoWebhook):
    """SMS without a gateway: shows what would be sent (`khetdoot ask --channel sms`)."""

    name = "sms"

    async def send(self, outbound: Outbound) -> NoReturn:
        """Raises SendError: there is no gateway."""
        raise SendError("no SMS gateway is set up", retryable=False)
