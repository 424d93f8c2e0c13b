"""A stand-in of an SMS gateway over real HTTP: keeps what it is sent and answers as told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer; status 0 resets the connection after the request was read."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


LOST = Answer(0)
"""The gateway has the message, its answer is lost."""


class GatewayServer:
    """`requests` are the fields of query, form and JSON together; UCS-2 fields stay Latin-1 text."""

    def __init__(self, default: Answer) -> None:
        self.default = default
        self.answers: deque[Answer] = deque()
        self.seen: list[Mapping[str, Any]] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def script(self, *answers: Answer) -> None:
        """The next answers."""
        self.answers.extend(answers)

    def requests(self) -> Sequence[Mapping[str, Any]]:
        """Fields of all calls."""
        return self.seen

    @contextmanager
    def running(self) -> Iterator[GatewayServer]:
        """Serves until the block ends."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.take(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Keeps one call and answers it."""
        length = int(handler.headers.get("content-length") or 0)
        self.seen.append(fields_of(handler.path, dict(handler.headers), handler.rfile.read(length)))
        answer = self.answers.popleft() if self.answers else self.default
        if not answer.status:
            # Linger 0: the peer sees a reset instead of an end.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(answer.body.encode())))
        handler.end_headers()
        handler.wfile.write(answer.body.encode())


def fields_of(path: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """Everything that a call says: `path`, headers in lower case behind `header:`, fields by their names."""
    parts = urlsplit(path)
    binary = "coding=2" in parts.query
    fields: dict[str, Any] = {"path": parts.path} | {f"header:{name.lower()}": value for name, value in headers.items()}
    fields |= dict(parse_qsl(parts.query, encoding="latin-1" if binary else "utf-8"))
    if "json" in headers.get("Content-Type", ""):
        return fields | dict(json.loads(body))
    return fields | dict(parse_qsl(body.decode(), keep_blank_values=True))
