"""A model hub on this machine: huggingface-hub's requests, Range, redirects to another place, scripted faults."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "a64113399c2f6b8ad3e11c394733a2ddadaa7f33"


class Fault(StrEnum):
    """What goes wrong with one GET of a file."""

    BREAK = "the connection breaks after 100,000 bytes"
    STUMBLE = "the connection breaks before the first byte of the body"
    BUSY = "503"
    NO_RANGE = "all of the file, whatever was asked for"
    ELSEWHERE = "a range that was not asked for"


class HubServer:
    """Files by `owner/name/file`; `faults` are served first, one a GET; `asked` are the Range headers of all GETs."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: deque[Fault] = deque()
        self.asked: list[str] = []
        self.stated_sha256: str | None = None
        self.head_status = 0
        self.url = self.elsewhere = ""
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """The HTTP side; `server.hub` is the HubServer."""

    protocol_version = "HTTP/1.1"
    server: Quiet

    def do_HEAD(self) -> None:
        hub = self.server.hub
        if hub.head_status:
            self.answer(hub.head_status)
            return
        found = re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/([\w.-]+)", self.path)
        if not found:
            self.plain_head()
            return
        content = hub.files.get(f"{found[1]}/{found[3]}")
        if content is None:
            self.answer(404, {"X-Error-Code": "EntryNotFound"})
            return
        etag = hub.stated_sha256 or hashlib.sha256(content).hexdigest()
        # As the hub does for large files: facts of the file here, the file itself elsewhere.
        facts = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(content))}
        self.answer(302, facts | {"Location": f"{hub.elsewhere}/elsewhere/{found[1]}/{found[3]}?signature=secret"})

    def plain_head(self) -> None:
        content = self.content()
        if content is None:
            self.answer(404)
            return
        self.answer(200, {"ETag": '"v1"'}, length=len(content))

    def do_GET(self) -> None:
        hub = self.server.hub
        found = re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/([\w.-]+)", self.path)
        if found:
            self.answer(302, {"Location": f"{hub.elsewhere}/elsewhere/{found[1]}/{found[3]}?signature=secret"})
            return
        content = self.content()
        if content is None:
            self.answer(404)
            return
        with hub.lock:
            hub.asked.append(self.headers.get("Range", ""))
            fault = hub.faults.popleft() if hub.faults else None
        self.send(content, fault)

    def content(self) -> bytes | None:
        return self.server.hub.files.get(self.path.partition("?")[0].removeprefix("/elsewhere").removeprefix("/"))

    def send(self, content: bytes, fault: Fault | None) -> None:
        if fault is Fault.BUSY:
            self.answer(503)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and fault is not Fault.NO_RANGE else 0
        if start >= len(content):
            self.answer(416)
            return
        start += 7 if fault is Fault.ELSEWHERE else 0
        self.send_response(206 if asked and fault is not Fault.NO_RANGE else 200)
        self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        most = {Fault.BREAK: 100_000, Fault.STUMBLE: 0}.get(fault) if fault else None
        body = content[start:] if most is None else content[start : start + most]
        self.wfile.write(body)
        if most is not None:
            self.close_connection = True

    def answer(self, status: int, headers: dict[str, str] | None = None, length: int = 0) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: HubServer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up: that is what is tested."""


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """A running hub on a free port."""
    hub = HubServer()
    with Quiet(hub) as http:
        hub.url = f"http://127.0.0.1:{http.server_port}"
        hub.elsewhere = f"http://localhost:{http.server_port}"  # another host in the eyes of a client
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            http.shutdown()
            thread.join()
