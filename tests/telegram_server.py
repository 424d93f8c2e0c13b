"""A stand-in of Telegram's Bot API over real HTTP: keeps what bots send, hands out updates, refuses when told to."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx

TOKEN = "4242:AAE-stand-in"
BOT_ID = 4242
USERNAME = "KhetdootBot"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(frozen=True)
class Failure:
    """What a call gets instead of its result. `status` 0 resets the connection; `taken` lets the call have its effect
    first, as when an answer is lost on the way."""

    status: int
    description: str = ""
    parameters: Mapping[str, int] = field(default_factory=dict)
    taken: bool = False


def too_many(seconds: int) -> Failure:
    """429."""
    return Failure(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


BLOCKED = Failure(403, "Forbidden: bot was blocked by the user")
CANNOT_PARSE = Failure(400, "Bad Request: can't parse entities: Unsupported start tag")
NO_CHAT = Failure(400, "Bad Request: chat not found")
BAD_GATEWAY = Failure(502, "Bad Gateway")
RESET = Failure(0)
RESET_AFTER_TAKING = Failure(0, taken=True)
SAME = Failure(400, "Bad Request: message is not modified: specified new message content is exactly the same")
NOT_FOUND = Failure(400, "Bad Request: message to edit not found")
CANNOT_EDIT = Failure(400, "Bad Request: message can't be edited")
UNAUTHORIZED = Failure(401, "Unauthorized")


@dataclass(frozen=True)
class Call:
    """One call of a bot: the method in its documented spelling and its decoded fields."""

    method: str
    fields: Mapping[str, Any]


class TelegramServer:
    """State of the stand-in; all of it may be read and changed while the server runs."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.webhook: dict[str, Any] = {}
        self.commands: dict[str, Any] = {}
        self.pictures: list[tuple[str, bytes]] = []
        """Chat and file of each picture that was taken; its caption stands in `arrived`."""
        self.history: dict[tuple[str, int], list[str]] = {}
        """What each message of the bot said, one after the other, by chat and message id."""
        self.failures: defaultdict[str, deque[Failure]] = defaultdict(deque)
        self.changed = threading.Condition()
        self.updates: deque[dict[str, Any]] = deque()
        self.confirmed = 0
        self.next_update, self.next_message = 1000, 500
        self.last_ids: dict[int, int] = {}
        """The bot's latest message in each chat, for answering it."""
        self.port = 0
        self.stopping = False

    @property
    def url(self) -> str:
        """Base address, for KHETDOOT_TELEGRAM_API_URL."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, method: str, *failures: Failure) -> None:
        """The next calls of a method fail so, one after the other."""
        self.failures[method.lower()].extend(failures)

    def calls_of(self, method: str) -> list[Mapping[str, Any]]:
        """Fields of all calls of a method."""
        return [call.fields for call in self.calls if call.method.lower() == method.lower()]

    def sent(self, chat: int | str | None = None) -> list[str]:
        """Texts that arrived (in one chat), failed calls not counted."""
        return [text for to, text in self.arrived if chat is None or to == str(chat)]

    @property
    def arrived(self) -> list[tuple[str, str]]:
        """Chat and text of each message that was taken."""
        return [(str(call.fields["chat_id"]), call.fields["text"]) for call in self.calls if call.method == "taken"]

    def add_message(self, text: str, chat: int = 77, **changes: Any) -> dict[str, Any]:
        """Queues a text message as an update and returns the update."""
        return self.add_update(message=message(text, chat, self.new_message_id(), **changes))

    def add_update(self, **content: Any) -> dict[str, Any]:
        """Queues an update with the next id and returns it."""
        with self.changed:
            update = {"update_id": self.next_update, **content}
            self.next_update += 1
            self.updates.append(update)
            self.changed.notify_all()
        return update

    def deliver(self, update: Mapping[str, Any], **headers: str) -> httpx.Response:
        """Posts an update to the registered webhook, as Telegram would."""
        given = {SECRET_HEADER: self.webhook.get("secret_token", "")} | headers
        return httpx.post(self.webhook["url"], json=update, headers=given, timeout=20)

    def wait_until(self, check: Callable[[], bool], seconds: float = 10) -> bool:
        """Waits for something to become true of the state; a safety limit, no measurement."""
        with self.changed:
            return self.changed.wait_for(check, seconds)

    def new_message_id(self) -> int:
        """The next message id."""
        self.next_message += 1
        return self.next_message

    def answer(self, method: str, fields: Mapping[str, Any]) -> Any:
        """The result of a method."""
        handler = getattr(self, f"on_{method.lower()}", None)
        return handler(fields) if handler else True

    def on_getme(self, fields: Mapping[str, Any]) -> Any:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Khetdoot", "username": USERNAME}

    def on_getupdates(self, fields: Mapping[str, Any]) -> Any:
        offset, limit = int(fields.get("offset", 0)), int(fields.get("limit", 100))
        until = time.monotonic() + min(float(fields.get("timeout", 0)), 30)
        with self.changed:
            self.confirmed = max(self.confirmed, offset - 1)
            while self.updates and self.updates[0]["update_id"] < offset:
                self.updates.popleft()
            self.changed.notify_all()
            while not self.updates and not self.stopping and (left := until - time.monotonic()) > 0:
                self.changed.wait(left)
            return list(self.updates)[:limit]

    def on_sendmessage(self, fields: Mapping[str, Any]) -> Any:
        with self.changed:
            self.calls.append(Call("taken", fields))
            self.changed.notify_all()
        number = self.last_ids[int(fields["chat_id"])] = self.new_message_id()
        self.history[str(fields["chat_id"]), number] = [fields["text"]]
        return message(fields["text"], int(fields["chat_id"]), number, bot=True)

    def on_sendphoto(self, fields: Mapping[str, Any]) -> Any:
        size = {"file_id": "p", "file_unique_id": "p", "width": 640, "height": 400}
        with self.changed:
            self.pictures.append((str(fields["chat_id"]), fields["photo"]))
        shown = self.on_sendmessage({**fields, "text": fields.get("caption", "")})
        return {**shown, "text": None, "caption": fields.get("caption", ""), "photo": [size]}

    def on_editmessagetext(self, fields: Mapping[str, Any]) -> Any:
        said = self.history.get((str(fields["chat_id"]), int(fields["message_id"])))
        if said is None or said[-1] == fields["text"]:
            return SAME if said else NOT_FOUND
        with self.changed:
            said.append(fields["text"])
            self.changed.notify_all()
        return message(fields["text"], int(fields["chat_id"]), int(fields["message_id"]), bot=True)

    def on_setwebhook(self, fields: Mapping[str, Any]) -> Any:
        self.webhook = dict(fields)
        return True

    def on_deletewebhook(self, fields: Mapping[str, Any]) -> Any:
        self.webhook = {}
        return True

    def on_setmycommands(self, fields: Mapping[str, Any]) -> Any:
        self.commands[fields.get("language_code", "")] = fields["commands"]
        return True

    @contextmanager
    def running(self, port: int = 0) -> Iterator[TelegramServer]:
        """Serves on a free (or the given) loopback port."""
        server = Server(("127.0.0.1", port), Handler)
        server.state = self
        self.port, self.stopping = server.server_address[1], False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            with self.changed:
                self.stopping = True
                self.changed.notify_all()
            server.shutdown()
            server.server_close()
            thread.join()


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    daemon_threads = True
    block_on_close = False
    state: TelegramServer


class Handler(BaseHTTPRequestHandler):
    """`/bot<token>/<method>`, by GET or POST, fields as form or JSON."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """One call."""
        state = self.server.state
        _, _, rest = self.path.partition("/bot")
        token, _, method = rest.partition("?")[0].partition("/")
        fields = self.read_fields()
        if token != TOKEN:
            self.reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        with state.changed:
            state.calls.append(Call(method, fields))
            queue = state.failures[method.lower()]
            failure = queue.popleft() if queue else None
            state.changed.notify_all()
        if failure is None or failure.taken:
            result = state.answer(method, fields)
            failure = result if isinstance(result, Failure) else failure
        if failure is None:
            self.reply(200, {"ok": True, "result": result})
        elif failure.status == 0:
            self.reset()
        else:
            self.refuse(failure)

    do_GET = do_POST

    def read_fields(self) -> dict[str, Any]:
        """The call's fields; values that are JSON are decoded."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        if "json" in kind:
            return dict(json.loads(body or b"{}"))
        if "multipart" in kind:
            return read_multipart(kind, body)
        pairs = parse_qsl(body.decode(), keep_blank_values=True) + parse_qsl(self.path.partition("?")[2])
        return {name: decoded(value) for name, value in pairs}

    def refuse(self, failure: Failure) -> None:
        """Answers as the Bot API does on errors."""
        body: dict[str, Any] = {"ok": False, "error_code": failure.status, "description": failure.description}
        if failure.parameters:
            body["parameters"] = dict(failure.parameters)
        self.reply(failure.status, body)

    def reset(self) -> None:
        """Breaks the connection off (RST)."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        self.rfile = self.wfile = open("/dev/null", "r+b")  # noqa: SIM115 - the base class closes them

    def reply(self, status: int, body: Mapping[str, Any]) -> None:
        """Sends JSON."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


def read_multipart(kind: str, body: bytes) -> dict[str, Any]:
    """Fields of a form with files; a field that is `attach://<name>` becomes the file of that name."""
    form = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in form.get_payload():
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        fields[str(part.get_param("name", header="content-disposition"))] = (
            content if part.get_filename() else decoded(content.decode())
        )
    attached = {name: str(value).removeprefix("attach://") for name, value in fields.items()}
    return {name: fields.get(attached[name], value) for name, value in fields.items()}


def decoded(value: str) -> Any:
    """A form value: JSON arrays and objects read, the rest as it is."""
    return json.loads(value) if value[:1] in ("[", "{") else value


def message(text: str, chat: int, message_id: int, /, *, bot: bool = False, **changes: Any) -> dict[str, Any]:
    """A message in a private chat as the Bot API describes it; `changes` replace or add fields."""
    person = {"id": chat, "is_bot": False, "first_name": "Asha", "language_code": "hi"}
    sender = {"id": BOT_ID, "is_bot": True, "first_name": "Khetdoot", "username": USERNAME} if bot else person
    content = {
        "message_id": message_id,
        "date": 1_763_700_000,
        "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
        "from": sender,
        "text": text,
    }
    return {name: value for name, value in (content | changes).items() if value is not None}
