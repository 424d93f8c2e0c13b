"""What a model server's answer means that is none: each becomes one of our errors, or a pause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from bot.answering.servers import Json
from bot.domain.errors import EngineBusy, EngineCrashed, EngineRefused, EngineTimeout, EngineUnavailable, PromptTooLong

LARGEST = 1_000_000
"""Bytes of an answer that are read."""
TOO_LONG_WORDS = ("context length", "context size", "context_length", "exceed_context", "too long", "maximum context")
DOWN = frozenset({401, 403, 503})
"""Statuses that no prompt will change before somebody does something: the server counts as failing."""


def pause_wanted(response: httpx.Response, left: float) -> float:
    """0 for an answer; seconds to wait where the server wants that and it fits into `left`. Raises EngineError."""
    status, host = response.status_code, response.url.host
    if status < 400:
        return 0.0
    if status == 429 or (status == 503 and "Retry-After" in response.headers):
        pause = seconds_of(response.headers.get("Retry-After", ""))
        if pause < left:
            return pause
        raise EngineBusy(f"{host}: wait {pause:.0f} s")
    if status == 503:
        raise EngineUnavailable(f"{host}: status 503")
    if status >= 500:
        raise EngineCrashed(f"{host}: status {status}")
    if status in DOWN:
        raise EngineRefused(f"{host}: status {status}: KHETDOOT_MODEL_KEY?")
    said = response.read()[:LARGEST].decode(errors="replace").lower()
    error = PromptTooLong if any(words in said for words in TOO_LONG_WORDS) else EngineRefused
    raise error(f"{host}: status {status}")


def read_json(response: httpx.Response, clock: Callable[[], float], deadline: float) -> Json:
    """The answer's object, however slowly it drips. Raises EngineTimeout and EngineCrashed."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if clock() > deadline:
            raise EngineTimeout(f"{response.url.host} drips")
        if len(body) > LARGEST:
            raise EngineCrashed(f"{response.url.host}: too long an answer")
    with broken_answers():
        return dict(json.loads(body))


@contextmanager
def broken_answers() -> Iterator[None]:
    """Answers that are not what the protocol says become EngineCrashed."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise EngineCrashed(f"the server's answer cannot be used ({type(error).__name__})") from error


def seconds_of(header: str) -> float:
    """A Retry-After; a second where it says nothing that can be used."""
    try:
        return max(0.05, float(header))
    except ValueError:
        return 1.0
