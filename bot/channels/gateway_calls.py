"""HTTP calls to SMS gateways: what a failure means for the message, the same for all of them."""

from __future__ import annotations

from typing import Any

import httpx

from bot.domain.errors import SendError, Throttled

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
PAUSE = 10.0
"""Seconds to wait when a gateway asks for patience and does not say how much."""
REFUSED = frozenset({401, 402, 403, 404, 405, 407})
"""The gateway refuses us, not the message: an operator can mend it, so the message is kept."""
MAY_HAVE_TAKEN = frozenset({500, 502, 504})


class GatewayCalls:
    """A connection pool to one gateway. `name` is for error texts, which never quote a message or a number."""

    def __init__(self, name: str, timeout: float) -> None:
        self.name = name
        self.client = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_connections=16))

    async def call(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The answer, whatever its status. Raises SendError when there is none, uncertain unless nothing was sent."""
        try:
            return await self.client.request(method, url, **options)
        except NOT_SENT as error:
            raise SendError(f"{self.name} is out of reach", retryable=True) from error
        except httpx.HTTPError as error:
            raise SendError(f"{self.name} did not answer", retryable=True, uncertain=True) from error

    async def close(self) -> None:
        """Lets connections go."""
        await self.client.aclose()


def refuse_status(name: str, answer: httpx.Response) -> None:
    """Raises SendError for a status that says by itself what became of the message; passes 2xx and other 4xx."""
    status = answer.status_code
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        raise Throttled(f"{name} asks to wait", seconds_of(answer.headers.get("retry-after", "")), whole_channel=True)
    if status in REFUSED:
        raise SendError(f"{name} refuses us with status {status}: check its settings", retryable=True)
    if status >= 500:
        raise SendError(f"{name} failed with status {status}", retryable=True, uncertain=status in MAY_HAVE_TAKEN)


def seconds_of(retry_after: str) -> float:
    """The header's seconds; a date or nonsense counts as an ordinary pause."""
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else PAUSE
