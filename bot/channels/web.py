"""The web chat page as a channel. The page posts JSON and reads its answers from the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

import regex

from bot.channels.base import Parsed, WebhookRequest, WebhookResponse
from bot.channels.reading import clean_text, read_json, read_location
from bot.domain.errors import RefusedInput
from bot.domain.messages import Address, Inbound, InboundKind, Outbound, Sent

COOKIE = "khetdoot_chat"
SESSION = regex.compile(r"[A-Za-z0-9_-]{16,128}")
MESSAGE_ID = regex.compile(r"[A-Za-z0-9_.:-]{1,64}")
LANGUAGE = regex.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_TEXT = 2000
RECORDED = WebhookResponse(200, '{"recorded": true}', "application/json")


class WebChat:
    """Takes `{"id", "text" | "location", "session"?, "language"?}`. The session, an unguessable token that is the
    contact's address, comes from the body or from the page's cookie; `id` makes a repeated message count once."""

    name = "web"
    supports_buttons = True
    short = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput on what no page of ours sends; JSON alone keeps other sites' forms out."""
        if request.method != "POST":
            raise RefusedInput("use POST", 405)
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise RefusedInput("send application/json", 415)

    def parse(self, request: WebhookRequest) -> Parsed:
        """One message. Raises RefusedInput."""
        fields = read_json(request.body)
        session = read_session(fields.get("session") or session_cookie(request.headers))
        location = None if fields.get("location") is None else read_location(fields["location"])
        inbound = Inbound(
            address=Address(self.name, session),
            external_id=f"{_digest(session)}:{_message_id(fields.get('id'))}",
            text="" if location else _text(fields.get("text")),
            received_at=self.clock(),
            kind=InboundKind.LOCATION if location else InboundKind.TEXT,
            location=location,
            language_hint=_language(fields.get("language")),
        )
        return Parsed((inbound,), response=RECORDED)

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """Raises RefusedInput: the page reports nothing."""
        raise RefusedInput("the web chat has no delivery reports", 404)

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """A page takes any length."""
        return (outbound,)

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """The text as the page shows it."""
        return (outbound.text,)

    async def send(self, outbound: Outbound) -> Sent:
        """Nothing to do: the page reads the outbox."""
        return Sent()

    async def draft(self, address: Address, text: str, shown: str) -> str:
        """Nothing to do: the page reads what the worker keeps of it."""
        return ""

    async def close(self) -> None:
        """Nothing to let go."""


def read_session(value: object) -> str:
    """A session token. Raises RefusedInput with status 401."""
    if not isinstance(value, str) or not SESSION.fullmatch(value):
        raise RefusedInput("no valid session", 401)
    return value


def session_cookie(headers: Mapping[str, str]) -> str | None:
    """The session that the page's cookie holds, whatever other cookies look like."""
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return next((value.strip('"') for name, _, value in pairs if name == COOKIE), None)


def _digest(session: str) -> str:
    # Ids are unique in the whole channel, and one page must not guess another's.
    return hashlib.sha256(session.encode()).hexdigest()[:24]


def _message_id(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or not MESSAGE_ID.fullmatch(str(value)):
        raise RefusedInput("id must be 1 to 64 letters or digits")
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RefusedInput("text is missing")
    text = clean_text(value)
    if not text:
        raise RefusedInput("the message is empty")
    if len(text) > MAX_TEXT:
        raise RefusedInput(f"the message is longer than {MAX_TEXT} characters", 413)
    return text


def _language(value: object) -> str | None:
    return value if isinstance(value, str) and LANGUAGE.fullmatch(value) else None
