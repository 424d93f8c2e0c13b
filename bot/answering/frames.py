"""The protocol between the service and its model process: a frame is four bytes of length and a JSON object."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

LENGTH = struct.Struct(">I")
MOST_BYTES = 1 << 24
"""A longer frame is none of ours: something else wrote into the pipe."""

Frame = dict[str, Any]
"""Requests have `op` (load complete warm count cancel) and `id`; replies `op` (ready piece done count error), `id`."""


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Writes one frame. Raises OSError or ValueError when the other side is gone."""
    body = json.dumps(frame).encode()
    stream.write(LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """Reads one frame; None at the end, and for what is no frame, after which nothing can be read any more."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    size = LENGTH.unpack(head)[0]
    body = stream.read(size) if size <= MOST_BYTES else b""
    if len(body) < size or size > MOST_BYTES:
        return None
    try:
        frame = json.loads(body)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) else None
