"""One running model process seen from the service: calls go in, frames come back, its death ends every call."""

from __future__ import annotations

import contextlib
import itertools
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast

import structlog

from bot.answering.frames import Frame, read_frame, write_frame
from bot.domain.errors import EngineCrashed, EngineError, EngineRefused, EngineTimeout, PromptTooLong

log = structlog.get_logger()

DIED: Frame = {"op": "died"}
KINDS: dict[str, type[EngineError]] = {
    "too_long": PromptTooLong,
    "refused": EngineRefused,
    "timeout": EngineTimeout,
    "load": EngineCrashed,
}


@dataclass(slots=True)
class Call:
    """A request under way; `over` once its last frame was read. For one thread at a time."""

    id: int
    frames: queue.SimpleQueue[Frame] = field(default_factory=queue.SimpleQueue)
    over: bool = False

    def next(self, seconds: float) -> Frame:
        """Its next frame. Raises EngineTimeout when none comes in time, and the error that the process tells."""
        frame = self.poll(seconds)
        if frame is None:
            raise EngineTimeout("no word from the model process in time")
        return frame

    def poll(self, seconds: float) -> Frame | None:
        """Its next frame, if one comes in time. Raises the error that the process tells."""
        try:
            frame = self.frames.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        self.over = frame["op"] != "piece"
        if frame is DIED:
            raise EngineCrashed("the model process died")
        if frame["op"] == "error":
            raise KINDS.get(frame["kind"], EngineCrashed)(frame["message"])
        return frame


class Child:
    """A process started now. `call` and `cancel` may come from any thread."""

    def __init__(self, command: Sequence[str], load: Frame) -> None:
        """Starts the process and tells it what to load: `loading` is that call. Raises EngineCrashed."""
        try:
            # A session of its own: Ctrl-C is for the service, which closes the pipe.
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineCrashed(f"the model process does not start: {error.strerror}") from error
        self.input = cast(IO[bytes], self.process.stdin)
        self.output = cast(IO[bytes], self.process.stdout)
        self.complaints = cast(IO[bytes], self.process.stderr)
        self.numbers = itertools.count(1)
        self.calls: dict[int, Call] = {}
        self.lock = threading.Lock()
        self.dead = threading.Event()
        self.loading = self.open(0)
        self.readers = [
            threading.Thread(target=work, daemon=True) for work in (self.read_replies, self.read_complaints)
        ]
        for reader in self.readers:
            reader.start()
        self.write(load)

    def call(self, op: str, **fields: Any) -> Call:
        """Sends a request. Raises EngineCrashed."""
        call = self.open(next(self.numbers))
        self.write({"op": op, "id": call.id, **fields})
        return call

    def cancel(self, call: Call) -> None:
        """Asks the process to stop a call, which then ends with EngineTimeout; one that is gone has stopped."""
        with contextlib.suppress(EngineCrashed):
            self.write({"op": "cancel", "id": call.id})

    def stop(self, seconds: float = 1.0) -> None:
        """Ends the process: politely, by closing its input, and then by force."""
        try:
            self.input.close()
            self.process.wait(seconds)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for reader in self.readers:
            reader.join(seconds)

    def open(self, number: int) -> Call:
        """Registers a call, so that its frames find it."""
        call = Call(number)
        with self.lock:
            self.calls[number] = call
            if self.dead.is_set():
                call.frames.put(DIED)
        return call

    def write(self, frame: Frame) -> None:
        """Sends a frame. Raises EngineCrashed."""
        try:
            with self.lock:
                write_frame(self.input, frame)
        except (OSError, ValueError) as error:
            raise EngineCrashed("the model process is gone") from error

    def read_replies(self) -> None:
        """Hands frames to their calls until the process ends; then tells all of them."""
        while (frame := read_frame(self.output)) is not None:
            last = frame["op"] != "piece"
            with self.lock:
                call = self.calls.pop(frame["id"], None) if last else self.calls.get(frame["id"])
            if call:
                call.frames.put(frame)
        self.output.close()
        with self.lock:
            self.dead.set()
            calls, self.calls = self.calls, {}
        for call in calls.values():
            call.frames.put(DIED)

    def read_complaints(self) -> None:
        """Logs what llama.cpp says; it never says a prompt's text."""
        with self.complaints:
            for line in self.complaints:
                log.debug("model process", line=line.decode(errors="replace").rstrip())
