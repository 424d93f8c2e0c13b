"""Engines elsewhere, over OpenAI's protocol: llama-server, llama_cpp.server, vLLM, Ollama, Azure AI.

What comes back is held to the grammar where
the server can do that, and is untrusted in any case: callers check it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import httpx

from bot.answering.breaker import Breaker, Patience
from bot.answering.engine import STOP, USABLE_TOKENS, Completion, EngineState, Prompt
from bot.answering.refusals import DOWN, broken_answers, pause_wanted, read_json
from bot.answering.servers import CHAT, Endpoint, Json, Kind, Server, at_most_tokens, reply_of, server_of
from bot.domain.errors import EngineCrashed, EngineError, EngineTimeout, EngineUnavailable, PromptTooLong

CONNECT_SECONDS = 3.0
GREETING_SECONDS = 10.0
COUNT_SECONDS = 5.0
PATIENCE = Patience()


class RemoteEngine:
    """An `Engine` (bot.answering.engine) at one endpoint. Servers keep prefixes themselves: `warm` does nothing."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        usable: int = USABLE_TOKENS,
        client: httpx.Client | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience = PATIENCE,
        greet: bool = True,
    ) -> None:
        """Returns at once. `greet`: asks in the background what the server is, so that `state` is known early."""
        self.endpoint = endpoint
        self.usable = usable
        self.name = endpoint.model
        self.client = client or httpx.Client(headers=endpoint.headers)
        self.clock = clock
        self.sleep = sleep
        self.breaker = Breaker(clock, patience)
        self.found: Server | None = None
        self.closed = False
        self.lock = threading.Lock()
        if greet:
            threading.Thread(target=self._greet, daemon=True).start()

    @property
    def fingerprint(self) -> str:
        """As `Engine.fingerprint`: of the address, the model's name and what the server tells of it."""
        found = self.found
        parts = [str(self.endpoint.api), self.endpoint.model, found.weights if found else ""]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def complete(
        self,
        prompt: Prompt,
        *,
        grammar: str | None = None,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Completion:
        """As `Engine.complete`; `priority` is the server's own affair."""
        began = self.clock()
        deadline = began + seconds
        server = self._server(deadline)
        self._measure(prompt, most_tokens)
        with self._asked(server, (prompt, grammar, most_tokens, stop, False), deadline) as (server, response):
            answer = read_json(response, self.clock, deadline)
        with broken_answers():
            choice = answer["choices"][0]
            usage = answer.get("usage") or {}
            text = server.text(choice)
            done = Completion(
                text=cut((reply_of(text) if server.chat and grammar else text), stop).strip(),
                prompt_tokens=int(usage.get("prompt_tokens") or 0),
                cached_tokens=cached_tokens(answer),
                new_tokens=int(usage.get("completion_tokens") or 0),
                seconds=self.clock() - began,
            )
        self.breaker.worked()
        return done

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        """As `Engine.stream`. Leaving the loop closes the connection, whereupon servers stop."""
        deadline = self.clock() + seconds
        server = self._server(deadline)
        self._measure(prompt, most_tokens)
        with self._asked(server, (prompt, None, most_tokens, stop, True), deadline) as (server, response):
            for line in response.iter_lines():
                if self.clock() > deadline:
                    raise EngineTimeout("the server is too slow")
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    break
                with broken_answers():
                    piece = piece_of(server, data) if line.startswith("data:") else ""
                if piece:
                    yield piece
        self.breaker.worked()

    def count(self, text: str) -> int:
        """As `Engine.count`; where the server does not count, a number that is hardly exceeded (`at_most_tokens`)."""
        deadline = self.clock() + COUNT_SECONDS
        server = self._server(deadline)
        request = server.count_request(self.endpoint, text)
        if request is None:
            return at_most_tokens(text)
        url, body = request
        with self._sent("POST", url, body, deadline) as response:
            if not response.is_success:
                return at_most_tokens(text)
            answer = read_json(response, self.clock, deadline)
        with broken_answers():
            return server.counted(answer)

    def warm(self, prefixes: Sequence[str]) -> None:
        """As `Engine.warm`; servers keep prefixes of their own accord."""

    def state(self) -> EngineState:
        """As `Engine.state`."""
        if self.closed:
            return EngineState.CLOSED
        if self.breaker.is_open():
            return EngineState.OPEN
        if self.breaker.failures:
            return EngineState.RESTARTING
        return EngineState.READY if self.found else EngineState.STARTING

    def close(self) -> None:
        """As `Engine.close`."""
        self.closed = True
        self.client.close()

    def _greet(self) -> None:
        with suppress(EngineError):
            self._server(self.clock() + GREETING_SECONDS)

    def _server(self, deadline: float) -> Server:
        """What is there, asked once. Raises EngineError."""
        if self.closed:
            raise EngineUnavailable("closed")
        if self.breaker.is_open():
            raise EngineUnavailable("it failed again and again and is left alone for a while")
        if not self.lock.acquire(timeout=max(0.0, deadline - self.clock())):
            raise EngineTimeout("the server does not say what it is")
        try:
            if self.found is None:
                models = self._get(self.endpoint.url("/models"), deadline)
                server = server_of(self.endpoint, models)
                if server.kind is Kind.VLLM:
                    version = str(self._get(self.endpoint.beside("/version"), deadline).get("version", ""))
                    server = server_of(self.endpoint, models, version)
                self.found = server
                self.breaker.worked()
            return self.found
        finally:
            self.lock.release()

    def _get(self, url: httpx.URL, deadline: float) -> Json:
        """A JSON object; an empty one where the server has no such place (Azure has no list of models)."""
        with self._sent("GET", url, None, deadline) as response:
            if response.status_code in (400, 404, 405):
                return {}
            self._wanted(response, deadline)
            return read_json(response, self.clock, deadline)

    def _measure(self, prompt: Prompt, most_tokens: int) -> None:
        """Some servers cut off silently what is too long. Raises PromptTooLong."""
        text = prompt.prefix + prompt.rest
        room = self.usable - 1 - most_tokens  # 1: <s>
        if at_most_tokens(text) > room and self.count(text) > room:
            raise PromptTooLong(f"prompt and {most_tokens} tokens exceed {self.usable}")

    @contextmanager
    def _asked(
        self, server: Server, request: tuple[Prompt, str | None, int, tuple[str, ...], bool], deadline: float
    ) -> Iterator[tuple[Server, httpx.Response]]:
        """An answer of status 200: after waiting where the server wants that, another way where this one is unknown."""
        while True:
            body = server.body(*request)
            with self._sent("POST", self.endpoint.url(server.path), body, deadline) as response:
                other = other_way(server, response.status_code, constrained="response_format" in body)
                if other is None:
                    pause = self._wanted(response, deadline)
                    if not pause:
                        yield server, response
                        return
            if other is None:
                self.sleep(pause)
            else:
                self.found = server = other

    def _wanted(self, response: httpx.Response, deadline: float) -> float:
        """As `pause_wanted`; a server that is down or locked counts as failing."""
        if response.status_code in DOWN and "Retry-After" not in response.headers:
            self.breaker.failed()
        return pause_wanted(response, deadline - self.clock())

    @contextmanager
    def _sent(self, method: str, url: httpx.URL, body: Json | None, deadline: float) -> Iterator[httpx.Response]:
        """A request under way, with httpx's errors as ours."""
        left = deadline - self.clock()
        if left <= 0:
            raise EngineTimeout("no time left")
        patience = httpx.Timeout(left, connect=min(left, CONNECT_SECONDS))
        try:
            with self.client.stream(method, url, json=body, timeout=patience) as response:
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self.breaker.failed()
            raise EngineUnavailable(f"{url.host} cannot be reached ({type(error).__name__})") from error
        except httpx.TimeoutException as error:
            self.breaker.failed()
            raise EngineTimeout(f"{url.host} was not done in time") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            self.breaker.failed()
            raise EngineCrashed(f"{url.host}: {type(error).__name__}") from error
        except RuntimeError as error:
            if not self.closed:
                raise
            raise EngineUnavailable("closed meanwhile") from error
        except (EngineCrashed, EngineTimeout):
            self.breaker.failed()
            raise


def other_way(server: Server, status: int, *, constrained: bool) -> Server | None:
    """How to ask after a refusal of the way itself: as a chat, or without a schema; None: there is no other way."""
    if status in (404, 405) and not server.chat:
        return replace(server, chat=True)
    if status in (400, 422) and constrained and server.path == CHAT:
        return replace(server, free=True)
    return None


def piece_of(server: Server, data: str) -> str:
    """The text of one streamed event. Raises ValueError, KeyError and TypeError."""
    choices = json.loads(data)["choices"]
    return server.text(choices[0], piece=True) if choices else ""


def cached_tokens(answer: Json) -> int:
    """Tokens that the server had in mind already; 0 where it does not say. Raises AttributeError and ValueError."""
    details = (answer.get("usage") or {}).get("prompt_tokens_details") or {}
    return int(details.get("cached_tokens") or (answer.get("timings") or {}).get("cache_n") or 0)  # llama-server's


def cut(text: str, stop: tuple[str, ...]) -> str:
    """A text up to the first of `stop`; servers take four at most and some print them."""
    return text[: min((at for word in stop if (at := text.find(word)) >= 0), default=len(text))]
