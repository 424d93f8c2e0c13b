"""The web chat page and its long poll for answers."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

from bot.channels.web import COOKIE, read_session, session_cookie
from bot.domain.errors import RefusedInput
from bot.domain.messages import Address
from bot.web.doors import Answer, Doors, Draft

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "khetdoot_language"
YEAR_SECONDS = 31_536_000
MAX_NUMBER = 2**53
STRINGS = {
    "title": "chat.title",
    "subtitle": "chat.subtitle",
    "greeting": "greeting",
    "placeholder": "chat.placeholder",
    "send": "chat.send",
    "location": "button.location",
    "location_sent": "chat.location_sent",
    "location_failed": "chat.location_failed",
    "offline": "chat.offline",
    "not_sent": "chat.not_sent",
    "language": "language.ask",
    "typing": "chat.typing",
    "noscript": "chat.noscript",
}
"""The page's strings and their messages in locales/<lang>/messages.po."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0


class Chat:
    """The endpoints of the page. A contact is the token in her cookie."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.templates = Jinja2Templates(TEMPLATES)
        self.version = static_version()
        self.directions = {tag: direction for tag, _, direction in doors.languages}

    async def front(self, request: Request) -> Response:
        """The bare address leads to the page."""
        return RedirectResponse("/chat", 307)

    async def page(self, request: Request) -> Response:
        """The page, in the language chosen before or that the browser asks for."""
        chosen = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE)
        language = chosen if chosen in self.directions else self._preferred(request)
        values = {
            "language": language,
            "chosen": chosen in self.directions,
            "direction": self.directions.get(language, "ltr"),
            "languages": self.doors.languages,
            "version": self.version,
            "strings": {name: self.doors.text(key, language) for name, key in STRINGS.items()},
        }
        response = self.templates.TemplateResponse(request, "chat.html", values)
        self._set_cookies(request, response, language if chosen in self.directions else None)
        return response

    async def answers(self, request: Request) -> Response:
        """`{"messages": [...]}` after the number `after`; waits for a while where there are none yet.

        `"draft": {"version", "text"}` stands beside it where one is being written that the page has not seen (`draft`).
        """
        address = Address("web", read_session(session_cookie(request.headers)))
        found, draft = await self._wait(request, address, read_number(request.query_params.get("after", "0")))
        shown = {"draft": {"version": draft.version, "text": draft.text}} if draft else {}
        return JSONResponse({"messages": [described(answer) for answer in found], **shown})

    async def picture(self, request: Request) -> Response:
        """The picture of one of her answers, as long as it is kept."""
        address = Address("web", read_session(session_cookie(request.headers)))
        number = read_number(request.path_params["number"])
        data = await to_thread.run_sync(self.doors.inbox.picture_for, address, number)
        if data is None:
            return Response(status_code=404)
        return Response(data, media_type="image/png", headers={"Cache-Control": f"private, max-age={YEAR_SECONDS}"})

    async def _wait(self, request: Request, address: Address, after: int) -> tuple[Sequence[Answer], Draft | None]:
        seen = request.query_params.get("draft", "")
        for pause in pauses(self.doors.poll_seconds):
            # In this order: drafts end before their answers are there.
            draft = await to_thread.run_sync(self.doors.draft, address)
            found = await to_thread.run_sync(self.doors.inbox.replies_for, address, after)
            if found or await request.is_disconnected():
                return found, None
            if draft and draft.text and draft.version != seen:
                return (), draft
            await asyncio.sleep(pause)
        return (), None

    def _preferred(self, request: Request) -> str:
        for entry in request.headers.get("accept-language", "").split(","):
            tag = entry.split(";")[0].strip().lower().split("-")[0]
            if tag in self.directions:
                return tag
        return "en"

    def _set_cookies(self, request: Request, response: Response, language: str | None) -> None:
        secure = self.doors.public_url.startswith("https:")
        try:
            session = read_session(session_cookie(request.headers))
        except RefusedInput:
            session = secrets.token_urlsafe(24)
        for name, value in ((COOKIE, session), (LANGUAGE_COOKIE, language)):
            if value:
                response.set_cookie(name, value, YEAR_SECONDS, httponly=True, samesite="lax", secure=secure)


def static_version() -> str:
    """Changes with the page's files, so that phones may keep them for long."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:8]


def read_number(value: str) -> int:
    """A message number. Raises RefusedInput."""
    if not (value.isascii() and value.isdecimal() and len(value) < 17 and int(value) < MAX_NUMBER):
        raise RefusedInput("after must be a message number")
    return int(value)


def described(answer: Answer) -> dict[str, object]:
    """A message as the page reads it; `answers` is the page's own id of the message that it answers."""
    outbound = answer.outbound
    return {
        "number": answer.number,
        "text": outbound.text,
        "language": outbound.language,
        "quick_replies": [{"label": reply.label, "text": reply.text} for reply in outbound.quick_replies],
        "ask_location": outbound.ask_location,
        "picture": f"/chat/pictures/{answer.number}" if answer.picture else "",
        "answers": (answer.in_reply_to or "").partition(":")[2],
    }


def pauses(total: float) -> Iterator[float]:
    """Seconds between two looks: short at first, as answers from cards take less than a second."""
    spent, pause = 0.0, FIRST_PAUSE
    while spent < total:
        yield pause
        spent += pause
        pause = min(LONGEST_PAUSE, pause * 1.3)
