"""The model process's loop: one thread listens, so that a call can be cancelled and tokens counted; one computes."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from bot.answering.frames import Frame, read_frame, write_frame
from bot.answering.generation import Generator, Interrupted, Model, Request, TooLong, Usage
from bot.answering.prefix_cache import PrefixCache

NICENESS = 5


class CountingModel(Model, Protocol):
    """A model that counts tokens from any thread."""

    def count(self, text: str) -> int: ...


class Load(Protocol):
    """Opens a model. Raises ValueError."""

    def __call__(self, path: str, *, threads: int, context: int, halt: Callable[[], bool]) -> CountingModel: ...


@dataclass(slots=True)
class Halt:
    """Whether the call at hand must stop: its deadline passed or it was cancelled."""

    deadline: float = 0.0
    current: int = -1
    cancelled: set[int] = field(default_factory=set)

    def __call__(self) -> bool:
        return self.current in self.cancelled or time.monotonic() > self.deadline

    def begin(self, call: int, seconds: float) -> None:
        """A call starts now."""
        self.current, self.deadline = call, time.monotonic() + seconds

    def end(self) -> None:
        """Nothing is at hand: nothing is stopped either, so that what was computed can be kept."""
        self.cancelled.discard(self.current)
        self.current, self.deadline = -1, float("inf")


class Server:
    """Speaks frames with the service until it closes the pipe or dies."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes], load: Load, library: str) -> None:
        self.requests = requests
        self.replies = replies
        self.load = load
        self.library = library
        self.halt = Halt()
        self.calls: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.writing = threading.Lock()

    def run(self) -> None:
        """Loads what the first frame names, then serves."""
        first = read_frame(self.requests)
        if first is None:
            return
        yield_to_the_service()
        try:
            model = self.open(first)
        except ValueError as error:
            self.reply(0, "error", kind="load", message=str(error))
            return
        generator = Generator(model, self.cache(first))
        threading.Thread(target=self.listen, args=(model,), daemon=True).start()
        self.reply(0, "ready")
        while True:
            self.serve(generator, self.calls.get())

    def open(self, first: Frame) -> CountingModel:
        """Loads the model. Raises ValueError."""
        self.halt.end()
        return self.load(first["path"], threads=first["threads"], context=first["context"], halt=self.halt)

    def cache(self, first: Frame) -> PrefixCache:
        """What is kept of prefixes. States hang on the library's version and, as keys and values are q8_0, on that."""
        return PrefixCache(
            f"{first['fingerprint']} {self.library} q8_0",
            Path(first["folder"]) if first["folder"] else None,
            memory_bytes=first["memory_bytes"],
            disk_bytes=first["disk_bytes"],
        )

    def listen(self, model: CountingModel) -> None:
        """Takes requests in; ends the process when the service is gone, whatever is being computed."""
        while (frame := read_frame(self.requests)) is not None:
            if frame["op"] == "cancel":
                self.halt.cancelled.add(frame["id"])
            elif frame["op"] == "count":
                self.reply(frame["id"], "count", tokens=model.count(frame["text"]))
            else:
                self.calls.put(frame)
        os._exit(0)

    def serve(self, generator: Generator, frame: Frame) -> None:
        """Does one call and then, with the caller served, keeps the state of its prefix."""
        self.halt.begin(frame["id"], frame["seconds"])
        try:
            if frame["op"] == "warm":
                generator.warm(frame["prefix"])
                self.reply(frame["id"], "done")
            else:
                self.complete(generator, frame)
        except TooLong as error:
            self.reply(frame["id"], "error", kind="too_long", message=str(error))
        except Interrupted:
            self.reply(frame["id"], "error", kind="timeout", message="stopped under way")
        except ValueError as error:
            self.reply(frame["id"], "error", kind="refused", message=str(error))
        self.halt.end()
        generator.keep(frame["prefix"])

    def complete(self, generator: Generator, frame: Frame) -> None:
        """One completion, in pieces when the caller wants to see it grow."""
        usage = Usage()
        request = Request(frame["prefix"], frame["rest"], frame["grammar"], frame["most_tokens"], tuple(frame["stop"]))
        text = ""
        for piece in generator.run(request, usage):
            text += piece
            if piece and frame["stream"]:
                self.reply(frame["id"], "piece", text=piece)
        self.reply(
            frame["id"],
            "done",
            text=text,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            new_tokens=usage.new_tokens,
        )

    def reply(self, call: int, op: str, **fields: Any) -> None:
        """Writes a frame; ends the process when nobody reads."""
        try:
            with self.writing:
                write_frame(self.replies, {"id": call, "op": op, **fields})
        except (OSError, ValueError):
            os._exit(0)


def yield_to_the_service() -> None:
    """The service goes first on the CPU, and this process goes first when memory runs out."""
    os.nice(NICENESS)
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
