"""Reading a request safely: its body up to a limit, its public address, who really sent it."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from bot.channels.base import WebhookRequest
from bot.domain.errors import RefusedInput
from bot.web.doors import Doors

MAX_FIELDS = 200


async def read_webhook(request: Request, doors: Doors) -> WebhookRequest:
    """The request as channels see it. Raises RefusedInput on a body that is too long, packed or cut short."""
    query = request.scope["query_string"].decode("latin-1")
    return WebhookRequest(
        method=request.method,
        url=public_url(request, doors.public_url, query),
        headers=dict(request.headers),
        query=read_query(query),
        body=await read_body(request, doors.max_body),
        client=client_of(request, doors.trusted_proxies),
    )


async def read_body(request: Request, limit: int) -> bytes:
    """The body, never more than `limit` bytes of it in memory. Packed bodies are refused: a small one may unpack to
    gigabytes."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise RefusedInput("send the body as it is, not packed", 415)
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        raise RefusedInput(f"the body is longer than {limit} bytes", 413)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise RefusedInput(f"the body is longer than {limit} bytes", 413)
    except ClientDisconnect:
        raise RefusedInput("the body was cut short") from None
    return bytes(body)


def read_query(query: str) -> tuple[tuple[str, str], ...]:
    """The query's fields in order. Raises RefusedInput for absurdly many."""
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS))
    except ValueError:
        raise RefusedInput(f"more than {MAX_FIELDS} fields") from None


def public_url(request: Request, base: str, query: str) -> str:
    """The address that the caller used, which signatures cover; behind a proxy only the setting knows it."""
    if not base:
        return str(request.url)
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0]
    return base.rstrip("/") + path + (f"?{query}" if query else "")


def client_of(request: Request, trusted: Collection[str]) -> str:
    """The caller's address: the last one in X-Forwarded-For that no trusted proxy has, if the peer is trusted."""
    client = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed([hop.strip() for hop in forwarded if hop.strip()]):
        if client not in trusted:
            break
        client = hop
    return client
