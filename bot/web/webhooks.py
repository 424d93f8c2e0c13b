"""The door in: a gateway's request is checked, read and recorded, and answered as soon as it is safe on disk."""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.base import Channel, Parsed, WebhookRequest
from bot.domain.errors import RefusedInput
from bot.web import metrics
from bot.web.doors import Doors
from bot.web.requests import read_webhook

Parse = Callable[[WebhookRequest], Parsed]


class Webhooks:
    """The endpoints below /channels."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    async def receive(self, request: Request) -> Response:
        """Messages in."""
        channel = self._channel(request)
        return await self._take(request, channel, channel.parse)

    async def delivery(self, request: Request) -> Response:
        """Delivery reports in."""
        channel = self._channel(request)
        return await self._take(request, channel, channel.parse_delivery)

    def _channel(self, request: Request) -> Channel:
        if request.method == "HEAD":
            raise RefusedInput("use GET or POST", 405)
        name = request.path_params["channel"]
        if name not in self.doors.channels:
            raise RefusedInput("no such channel", 404)
        return self.doors.channels[name]

    async def _take(self, request: Request, channel: Channel, parse: Parse) -> Response:
        webhook = await read_webhook(request, self.doors)
        channel.verify(webhook)
        parsed = parse(webhook)
        if parsed.inbounds or parsed.reports:
            await to_thread.run_sync(self._record, parsed)
            metrics.count_parsed(channel.name, parsed)
        answer = parsed.response
        return Response(answer.body, answer.status, media_type=answer.content_type)

    def _record(self, parsed: Parsed) -> None:
        if parsed.inbounds:
            self.doors.inbox.record_all(parsed.inbounds)
            self.doors.notify()
        for report in parsed.reports:
            self.doors.inbox.record_delivery(report)
