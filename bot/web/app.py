"""The web application: routes, and which refusal becomes which status."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.domain.errors import KhetdootError, RefusedInput
from bot.web.chat import STATIC, Chat
from bot.web.doors import Answer, Doors, Inbox, Text
from bot.web.gatehouse import Gatehouse, unavailable
from bot.web.health import Health
from bot.web.webhooks import Webhooks

__all__ = ["Answer", "Doors", "Inbox", "Text", "create_app"]


def create_app(doors: Doors) -> Starlette:
    """The application over its doors. Run it with uvicorn's own access log off: that one prints queries."""
    webhooks, chat, health = Webhooks(doors), Chat(doors), Health(doors)
    return Starlette(
        routes=[
            Route("/channels/{channel}/receive", webhooks.receive, methods=["GET", "POST"]),
            Route("/channels/{channel}/delivery", webhooks.delivery, methods=["GET", "POST"]),
            Route("/", chat.front),
            Route("/chat", chat.page),
            Route("/chat/messages", chat.answers),
            Route("/chat/pictures/{number}", chat.picture),
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/metrics", health.metrics),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Gatehouse, https=doors.public_url.startswith("https:"))],
        exception_handlers={RefusedInput: refuse, KhetdootError: fail},
    )


async def refuse(request: Request, error: Exception) -> Response:
    """Bad input: its status and one line why."""
    status = error.status if isinstance(error, RefusedInput) else 400
    # What is left of a refused body is not waited for.
    headers = {"Connection": "close"} if status in (413, 415) else None
    return PlainTextResponse(f"{error}\n", status, headers)


async def fail(request: Request, error: Exception) -> Response:
    """Nothing was recorded; the gateway shall come again."""
    return unavailable()
