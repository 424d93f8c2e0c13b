"""Gets JSON over HTTP within a deadline: however slowly a server drips, the answer comes or the error does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.domain.errors import ProviderError

LARGEST = 4_000_000
"""Bytes of an answer that are read."""
LONGEST_PAUSE = 3600.0
OK, NOT_MODIFIED, TOO_MANY = 200, 304, 429


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer; `data` is None for 304."""

    status: int
    headers: Mapping[str, str]
    data: Any


@dataclass(frozen=True, slots=True)
class Fetcher:
    """An httpx client with a total deadline in seconds for each request; `monotonic` is the clock for it."""

    client: httpx.Client
    monotonic: Callable[[], float]

    def get_json(
        self,
        url: str,
        params: Mapping[str, str | int | float],
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The parsed answer to a GET. Raises ProviderError."""
        deadline = self.monotonic() + seconds
        patience = max(seconds / 2, 0.1)  # for each single step, as connecting or one read
        try:
            with self.client.stream("GET", url, params=params, headers=headers, timeout=patience) as response:
                body = self._read(response, deadline)
        except httpx.HTTPError as error:
            raise ProviderError(f"{httpx.URL(url).host}: {type(error).__name__}") from None
        if response.status_code == NOT_MODIFIED:
            return Answer(NOT_MODIFIED, response.headers, None)
        if response.status_code != OK:
            raise refusal(response)
        try:
            return Answer(OK, response.headers, json.loads(body))
        except ValueError:
            raise ProviderError(f"{response.url.host}: no JSON") from None

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if self.monotonic() > deadline:
                raise ProviderError(f"{response.url.host}: too slow")
            if len(body) > LARGEST:
                raise ProviderError(f"{response.url.host}: too long an answer", retryable=False)
        return bytes(body)


def refusal(response: httpx.Response) -> ProviderError:
    """The error for a status that is no answer; addresses, which may hold keys, are not repeated."""
    reason = f"{response.url.host}: status {response.status_code}"
    if response.status_code == TOO_MANY:
        return ProviderError(reason, retry_after=pause(response.headers.get("Retry-After", "")))
    return ProviderError(reason, retryable=response.status_code >= 500 or response.status_code in (408, 425))


def pause(header: str) -> float:
    """Seconds of a Retry-After; a minute where it says nothing that can be used."""
    return min(float(header), LONGEST_PAUSE) if header.isdecimal() else 60.0


def http_date(text: str) -> datetime | None:
    """The moment (UTC) of a header such as Expires; None when it is no date."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
