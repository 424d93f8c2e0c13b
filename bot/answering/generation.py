"""Fills a model with a prompt, as much of it as possible from what is kept, and lets it speak.

Prefixes are computed in chunks at fixed places. So a chunk depends only on the tokens before it, and a state restored,
a prefix half done before, or rules shared with the prompt before give bit for bit the answer of a cold start.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.answering.prefix_cache import PrefixCache, PrefixState


class Sampler(Protocol):
    """Chooses tokens, under a grammar or freely."""

    def next(self) -> int:
        """The next token, chosen from what the model predicts after the tokens fed."""
        ...

    def forced(self) -> int | None:
        """The next token where the grammar leaves no choice of text; None otherwise."""
        ...

    def close(self) -> None:
        """Frees it."""
        ...


class Model(Protocol):
    """What this module needs of a model (bot.answering.local.LlamaModel)."""

    first: int
    chunk: int
    context: int

    def halted(self) -> bool: ...
    def tokens(self, text: str, *, first: bool) -> list[int]: ...
    def feed(self, tokens: Sequence[int], position: int) -> bool: ...
    def cut(self, position: int) -> None: ...
    def save(self) -> bytearray: ...
    def size(self) -> int: ...
    def restore(self, data: bytearray) -> bool: ...
    def sampler(self, grammar: str | None) -> Sampler: ...
    def piece(self, token: int) -> bytes: ...
    def ends(self, token: int) -> bool: ...


class Interrupted(Exception):
    """The deadline passed or the call was cancelled: what is done so far is kept."""


class TooLong(Exception):
    """Prompt and answer do not fit; the message says by how much."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: prefix and rest as in `Prompt`, GBNF or none, and where to stop."""

    prefix: str
    rest: str
    grammar: str | None = None
    most_tokens: int = 1
    stop: tuple[str, ...] = ()


@dataclass(slots=True)
class Usage:
    """Tokens of a call."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    new_tokens: int = 0


@dataclass(slots=True)
class Generator:
    """One conversation with a model at a time; `held` are the tokens of the prefix that it has in mind now."""

    model: Model
    cache: PrefixCache
    held: list[int] = field(default_factory=list)

    def run(self, request: Request, usage: Usage) -> Iterator[str]:
        """Pieces of text; fills `usage`. Raises TooLong, Interrupted, and ValueError for a grammar that is none."""
        prefix = self.model.tokens(request.prefix, first=True)
        rest = self.model.tokens(request.rest, first=False)
        usage.prompt_tokens = len(prefix) + len(rest)
        if usage.prompt_tokens + request.most_tokens > self.model.context:
            raise TooLong(f"{usage.prompt_tokens} + {request.most_tokens} tokens, {self.model.context} fit")
        sampler = self.model.sampler(request.grammar)
        try:
            usage.cached_tokens = self.fill(request.prefix, prefix)
            self.feed(rest, len(prefix))
            yield from self.speak(sampler, request, usage)
        finally:
            sampler.close()

    def warm(self, prefix: str) -> None:
        """Computes and keeps the state of a prefix. Raises Interrupted and TooLong."""
        tokens = self.model.tokens(prefix, first=True)
        if len(tokens) >= self.model.context:
            raise TooLong(f"{len(tokens)} tokens, {self.model.context} fit")
        if self.cache.tokens(prefix) < len(tokens):
            self.fill(prefix, tokens)
            self.keep(prefix)

    def keep(self, prefix: str) -> None:
        """Keeps what the model has in mind of this prefix, if that is more than what is kept."""
        tokens = self.model.tokens(prefix, first=True)
        known = common(tokens, self.held)
        if known < self.model.chunk or known <= self.cache.tokens(prefix) or known < len(self.held):
            return  # nothing worth its bytes, nothing new, or another prefix
        self.model.cut(known)
        self.cache.room(prefix, self.model.size())
        self.cache.put(prefix, PrefixState(known, self.model.save()), whole=known == len(tokens))

    def fill(self, text: str, tokens: list[int]) -> int:
        """Brings the model to the end of a prefix; the tokens that had not to be computed. Raises Interrupted."""
        known = self.recall(text, tokens)
        self.model.cut(known)
        del self.held[known:]
        start = known
        while start < len(tokens):
            part = tokens[
                start : self.place(start) + self.model.chunk if start >= self.model.first else self.model.first
            ]
            self.feed(part, start)
            self.held += part
            start += len(part)
        return known

    def place(self, position: int) -> int:
        """The last fixed place up to a position: 0, `first`, and then one each `chunk` tokens."""
        since = position - self.model.first
        return position - since % self.model.chunk if since >= 0 else 0

    def recall(self, text: str, tokens: list[int]) -> int:
        """How many tokens the model has in mind, after restoring a kept state where that has more."""
        known = common(tokens, self.held)
        if not known == len(tokens) == len(self.held):
            known = self.place(known)
        if known < len(tokens) and known < self.cache.tokens(text):
            state = self.cache.get(text)
            if state and known < state.tokens <= len(tokens):
                self.held.clear()
                if not self.model.restore(state.data):
                    self.cache.drop(text)
                    return 0
                self.held += tokens[: state.tokens]
                return state.tokens
        return known

    def feed(self, tokens: Sequence[int], position: int) -> None:
        """Computes tokens chunk by chunk. Raises Interrupted, with nothing of the chunk at hand left in the model."""
        for start in range(0, len(tokens), self.model.chunk):
            part = tokens[start : start + self.model.chunk]
            if not self.model.feed(part, position + start):
                self.model.cut(position + start)
                raise Interrupted

    def speak(self, sampler: Sampler, request: Request, usage: Usage) -> Iterator[str]:
        """The answer up to its end, the first of `stop` or `most_tokens`. Raises Interrupted.

        What was said is fed only when a choice hangs on it, so that tokens without a choice cost no time of the model.
        """
        text, said = Text(request.stop), list[int]()
        position = usage.prompt_tokens
        while usage.new_tokens < request.most_tokens and not text.stopped:
            if self.model.halted():
                raise Interrupted
            token = sampler.forced()
            if token is None:
                self.feed(said, position)
                position += len(said)
                said.clear()
                token = sampler.next()
            usage.new_tokens += 1
            if self.model.ends(token):
                break
            yield text.add(self.model.piece(token))
            said.append(token)
        yield text.rest()


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common beginning."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


class Text:
    """Joins pieces of bytes into text without the leading space, and stops before the first of `stop`."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = tuple(filter(None, stop))
        self.stopped = False
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.waiting = ""
        self.begun = False

    def add(self, piece: bytes) -> str:
        """What may be shown now: all but what could be the beginning of a stop."""
        self.waiting += self.decoder.decode(piece)
        if not self.begun:
            self.waiting = self.waiting.lstrip()
            self.begun = bool(self.waiting)
        places = [place for word in self.stop if (place := self.waiting.find(word)) >= 0]
        if places:
            self.stopped = True
            self.waiting = self.waiting[: min(places)]
        return self.show(0 if self.stopped else max((overlap(self.waiting, word) for word in self.stop), default=0))

    def rest(self) -> str:
        """What is left at the end."""
        if not self.stopped:
            self.waiting += self.decoder.decode(b"", True)
        return self.show(0)

    def show(self, keep: int) -> str:
        """All but the last `keep` characters."""
        shown, self.waiting = self.waiting[: len(self.waiting) - keep], self.waiting[len(self.waiting) - keep :]
        return shown


def overlap(text: str, word: str) -> int:
    """Characters at the end of a text with which a word could begin."""
    return next((size for size in range(min(len(text), len(word) - 1), 0, -1) if text.endswith(word[:size])), 0)
