"""Frames between the service and the model process: whole ones come through, anything else is the end."""

from __future__ import annotations

import io

import pytest

from bot.answering.frames import LENGTH, MOST_BYTES, Frame, read_frame, write_frame

FRAME: Frame = {"op": "complete", "id": 1, "rest": "వరి \0 <|end|>", "seconds": 0.5}


def written(*frames: Frame) -> bytes:
    stream = io.BytesIO()
    for frame in frames:
        write_frame(stream, frame)
    return stream.getvalue()


def test_what_is_written_is_read() -> None:
    stream = io.BytesIO(written(FRAME, {"op": "cancel", "id": 1}))
    assert read_frame(stream) == FRAME
    assert read_frame(stream) == {"op": "cancel", "id": 1}
    assert read_frame(stream) is None


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, -1])
def test_a_frame_cut_off_is_the_end(size: int) -> None:
    assert read_frame(io.BytesIO(written(FRAME)[:size])) is None


@pytest.mark.parametrize("body", [b"not json", b"[1, 2]", b'"text"', b"\xff\xfe"])
def test_what_is_no_frame_is_the_end(body: bytes) -> None:
    assert read_frame(io.BytesIO(LENGTH.pack(len(body)) + body)) is None


def test_something_printed_into_the_pipe_is_not_waited_for() -> None:
    stream = io.BytesIO(b"llama_model_loader: loaded meta data")
    assert read_frame(stream) is None
    assert stream.tell() == LENGTH.size  # four letters read as a length: far more than any frame
    assert LENGTH.unpack(b"llam")[0] > MOST_BYTES
