"""Is it alive, is it ready, what has it counted."""

from __future__ import annotations

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.domain.errors import RefusedInput
from bot.web.doors import Doors

LOCAL = frozenset({"127.0.0.1", "::1"})


class Health:
    """The endpoints for operators' machines."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    async def alive(self, request: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """Each part's state; status 503 while one of them does not work."""
        parts = dict(await to_thread.run_sync(self.doors.ready))
        works = all(state is not False for state in parts.values())
        return JSONResponse({"ready": works, "parts": parts}, 200 if works else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text, for this machine alone unless the settings open it."""
        if not self.doors.metrics_public and not is_local(request):
            raise RefusedInput("not found", 404)
        return Response(await to_thread.run_sync(generate_latest), media_type=CONTENT_TYPE_LATEST)


def is_local(request: Request) -> bool:
    """A request from this machine that no proxy passed on."""
    passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in LOCAL and not passed_on
