"""A stand-in of model servers over OpenAI's protocol: any kind, any dialect, any misbehaviour."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Fault(StrEnum):
    """What goes wrong with one completion."""

    BUSY = "429 with Retry-After: 0.1"
    BUSY_LONG = "429 with Retry-After: 60"
    LOADING = "503"
    BROKEN = "500"
    HALF = "half a JSON"
    DRIP = "a byte now and then"
    SILENT = "no answer at all"
    HANGS_UP = "closes the connection"
    TOO_LONG = "400, context length"
    REFUSED = "400"
    FORBIDDEN = "401"
    NO_CHOICES = "an answer without choices"


@dataclass
class ModelServer:
    """`replies` are said in turn, the last one for ever; `faults` come first; `bodies` are the requests for text."""

    owner: str = "vllm"
    version: str = "0.12.0"
    model: str = "phi-3-mini"
    replies: deque[str] = field(default_factory=lambda: deque(["A C"]))
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    only_chat: bool = False
    refuses_schemas: bool = False
    lists_models: bool = True
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)
    going: threading.Event = field(default_factory=threading.Event)
    holds_after: str = ""
    """A stream stops after this word until `going` is set."""

    def say(self) -> str:
        """The next reply."""
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    """The HTTP side; `server.model` is the ModelServer."""

    protocol_version = "HTTP/1.1"
    server: Quiet

    def do_GET(self) -> None:
        model, path = self.server.model, self.path.partition("?")[0]
        model.paths.append(self.path)
        if path == "/v1/models" and model.lists_models:
            self.answer(200, {"data": [{"id": model.model, "object": "model", "owned_by": model.owner}]})
        elif path == "/version":
            self.answer(200, {"version": model.version})
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        model, path = self.server.model, self.path.partition("?")[0]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model.paths.append(self.path)
        if path == "/tokenize":
            words = str(body.get("content", body.get("prompt"))).split()
            self.answer(200, {"tokens": list(range(len(words))), "count": len(words)})
            return
        model.bodies.append(body)
        model.headers.append({name.lower(): value for name, value in self.headers.items()})
        chat = path.endswith("/chat/completions")
        if not path.endswith("/completions") or (model.only_chat and not chat):
            self.answer(404, {"error": "no such place"})
        elif model.refuses_schemas and "response_format" in body:
            self.answer(400, {"error": "response_format is not supported"})
        elif fault := (model.faults.popleft() if model.faults else model.always):
            self.misbehave(fault)
        elif body.get("stream"):
            self.stream(model.say(), chat=chat)
        else:
            self.answer(200, said(model.say(), chat=chat))

    def misbehave(self, fault: Fault) -> None:
        model = self.server.model
        match fault:
            case Fault.BUSY | Fault.BUSY_LONG:
                self.answer(429, {}, {"Retry-After": "0.1" if fault is Fault.BUSY else "60"})
            case Fault.LOADING | Fault.BROKEN | Fault.REFUSED | Fault.FORBIDDEN:
                status = {Fault.LOADING: 503, Fault.BROKEN: 500, Fault.REFUSED: 400, Fault.FORBIDDEN: 401}[fault]
                self.answer(status, {"error": "no"})
            case Fault.TOO_LONG:
                self.answer(400, {"error": "This model's maximum context length is 2048 tokens"})
            case Fault.NO_CHOICES:
                self.answer(200, {"choices": []})
            case Fault.HALF:
                self.send(200, json.dumps(said("A", chat=False)).encode()[:40], {})
            case Fault.HANGS_UP:
                self.close_connection = True
            case Fault.SILENT:
                model.released.wait(10)
                self.close_connection = True
            case Fault.DRIP:
                self.drip()

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True  # the client has given up

    def stream(self, text: str, *, chat: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in text.split(" "):
            piece = {"delta": {"content": f"{word} "}} if chat else {"text": f"{word} "}
            self.wfile.write(f"data: {json.dumps({'choices': [piece]})}\n\n".encode())
            if word == self.server.model.holds_after:
                self.server.model.going.wait(60)
        self.wfile.write(b'data: {"choices": []}\n\ndata: [DONE]\n\n')
        self.close_connection = True

    def answer(self, status: int, data: Any, extra: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(data).encode(), extra or {})

    def send(self, status: int, body: bytes, extra: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def said(text: str, *, chat: bool) -> dict[str, Any]:
    """A whole answer."""
    choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    usage = {"prompt_tokens": 20, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 12}}
    return {"choices": [choice | {"index": 0, "finish_reason": "stop"}], "usage": usage}


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, model: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.model = model

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up: that is what is tested."""


@contextmanager
def model_server(model: ModelServer) -> Iterator[ModelServer]:
    """A running server on a free port."""
    with Quiet(model) as http:
        model.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield model
        finally:
            model.released.set()
            http.shutdown()
            thread.join()
