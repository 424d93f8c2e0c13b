"""The outermost layer: security headers, the access log, and an answer even when something breaks."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web import metrics

log = logging.getLogger("bot.web.access")
RETRY_SECONDS = "5"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Gatehouse:
    """Wraps the application. Logs method, route pattern, status and milliseconds: paths, queries and addresses may
    identify a person or hold a secret."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self.headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", cache_rule(scope["path"], status))
            await send(message)

        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - a process loop: one request must not end the server
            # Only the kind: messages of foreign errors may quote what a person wrote.
            log.error("request failed: %s", type(error).__name__, extra={"route": route_of(scope)})
            if not status:
                await unavailable()(scope, receive, send_guarded)
        finally:
            self._note(scope, status, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), scope["method"]
        metrics.count_request(route, method, status, seconds)
        log.info("%s %s %d %d ms", method if method in metrics.METHODS else "other", route, status, seconds * 1000)


def cache_rule(path: str, status: int) -> str:
    """The page's files are asked for by version and may be kept; everything else is someone's own."""
    return "public, max-age=604800" if path.startswith("/static/") and status == 200 else "no-store"


def route_of(scope: Scope) -> str:
    """The pattern that matched, such as `/channels/{channel}/receive`."""
    return getattr(scope.get("route"), "path", "-")


def unavailable() -> PlainTextResponse:
    """Asks the caller to come again: gateways then keep the message."""
    return PlainTextResponse("try again later\n", 503, {"Retry-After": RETRY_SECONDS})
