"""What a model engine is: a prompt in Phi-3's format goes in, text comes out within a deadline or a typed error.

Engines: `bot.answering.process.ProcessEngine` (llama.cpp in its own process), `bot.answering.remote` (over HTTP), and
`FakeEngine`s in tests. All are thread-safe, and nothing here is ever in the way of an answer: each error of an engine
(`EngineBusy EngineTimeout EngineCrashed EngineUnavailable EngineRefused PromptTooLong` in bot.domain.errors) means
that the card answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

STOP = ("<|end|>", "<|user|>", "<|assistant|>", "<|endoftext|>")
"""Where a turn of Phi-3 ends; some servers print these as text."""

USABLE_TOKENS = 2047
"""Phi-3-mini-4k's sliding window: its output breaks beyond (llama.cpp #7709), so prompt + answer stay below."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in two parts, both already in Phi-3's format; `<|user|>` and the like are written by us only.

    `prefix` does not depend on the farmer (rules and card), so its state is computed once and kept. It ends with a
    newline after text: the two parts are tokenised apart, and no token of Phi-3's reaches across a newline, so that
    prefix + rest is the prompt. (Directly after `<|user|>` and the like the tokenizer drops a newline.)
    `rest` has the farmer's part and ends with `<|assistant|>`. Neither starts with `<s>`: the engine puts it there.
    Text from outside must have been rid of `<|...|>` and of `<s>`, `</s>`, `<unk>`, which are control tokens, too.
    """

    prefix: str
    rest: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What came out. `cached_tokens` of the `prompt_tokens` were restored, not computed; `seconds` with the waiting."""

    text: str
    prompt_tokens: int
    cached_tokens: int
    new_tokens: int
    seconds: float


class EngineState(StrEnum):
    """How an engine is, for /readyz and metrics."""

    NONE = "none"  # there is no model: cards alone answer
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"  # it died and is being started again, with back-off
    OPEN = "open"  # it failed again and again (breaker): refused at once until a probe works
    CLOSED = "closed"


class Engine(Protocol):
    """One model. Every call may come from any thread."""

    @property
    def name(self) -> str:
        """As `engine` in `khetdoot ask --json`, e.g. "phi-3-mini-4k"."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when the weights change: part of every key under which answers are kept."""
        ...

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
        """The greedy completion; `grammar` is GBNF with the rule `root`. `seconds` is for all, waiting included.

        Of those waiting the lowest `priority` goes first. The text ends before the first of `stop`, without white space
        around it. (Phi-3's first token brings a space of its own, which the local engine lets the grammar pass.)
        Raises EngineError.
        """
        ...

    def stream(
        self,
        prompt: Prompt,
        *,
        most_tokens: int,
        seconds: float,
        stop: tuple[str, ...] = STOP,
        priority: int = 0,
    ) -> Iterator[str]:
        """As `complete`, piece by piece. Leaving the loop early cancels the rest. Raises EngineError, even midway."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text by the model's own tokenizer, control tokens parsed, without the leading `<s>`.

        Raises EngineError.
        """
        ...

    def warm(self, prefixes: Sequence[str]) -> None:
        """Asks for the state of these prefixes to be computed when nobody waits; returns at once, never raises."""
        ...

    def state(self) -> EngineState:
        """How it is now; never blocks."""
        ...

    def close(self) -> None:
        """Ends it; calls that wait or are under way raise EngineError."""
        ...
