"""The receiving half of a channel that no gateway calls."""

from __future__ import annotations

from typing import NoReturn

from bot.channels.base import WebhookRequest
from bot.domain.errors import RefusedInput


class NoWebhook:
    """Refuses every request, with status 404."""

    name: str

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput."""
        self._refuse()

    def parse(self, request: WebhookRequest) -> NoReturn:
        """Raises RefusedInput."""
        self._refuse()

    def parse_delivery(self, request: WebhookRequest) -> NoReturn:
        """Raises RefusedInput."""
        self._refuse()

    async def close(self) -> None:
        """Nothing to let go."""

    def _refuse(self) -> NoReturn:
        raise RefusedInput(f"{self.name} takes no requests", 404)
