"""Kannel: smsbox calls `get-url` for messages in and `dlr-url` for reports; `sendsms` takes messages out.

A long message goes out part by part with our own concatenation header: Kannel cuts anywhere, even within a letter of an
Indic script, and the phone would show what nobody previewed. Each part's `dlr-url` has our id, so that reports find the
message even when smsbox's answer was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import regex

from bot.channels.base import Parsed, WebhookRequest
from bot.channels.dlt_errors import explain
from bot.channels.gateway import Common, Part, SmsGateway, seconds_left
from bot.channels.gateway_calls import GatewayCalls, refuse_status
from bot.domain.errors import RefusedInput, SendError
from bot.domain.messages import DeliveryStatus, Outbound, Purpose, Sent

ALL_REPORTS = 1 | 2 | 4 | 8 | 16
STATUS = {
    "1": DeliveryStatus.DELIVERED,
    "2": DeliveryStatus.FAILED,
    "4": DeliveryStatus.SENT,
    "8": DeliveryStatus.SENT,
    "16": DeliveryStatus.FAILED,
}
PRIORITY = {Purpose.FAREWELL: 3, Purpose.REPLY: 2, Purpose.HANDOFF: 2, Purpose.ALERT: 1, Purpose.BROADCAST: 0}
CHARSETS = {"UTF-16BE": "utf-16-be", "UTF-8": "utf-8", "ISO-8859-1": "latin-1", "WINDOWS-1252": "cp1252"}
# An SMSC's receipt quotes the beginning of the message; only state and code of it are kept.
RECEIPT = regex.compile(r"\b(?:stat:(?P<stat>[A-Z]{5,7}))?(?:\s+err:(?P<err>[0-9A-Fa-f]{1,8}))?", regex.IGNORECASE)
REJECTED = regex.compile(r"NACK/(?P<err>0x[0-9A-Fa-f]+|[0-9]+)")


class Kannel(SmsGateway):
    """One smsbox. `smsc` picks one of bearerbox's connections, by default it routes itself."""

    name = "kannel"
    method = "GET"

    def __init__(
        self, sendsms_url: str, username: str, password: str, common: Common, *, smsc: str = "", max_segments: int = 4
    ) -> None:
        super().__init__(common, max_segments)
        self.sendsms_url = sendsms_url
        self.account = {"username": username, "password": password}
        self.smsc = smsc
        self.calls = GatewayCalls("Kannel", common.timeout)

    def parse(self, request: WebhookRequest) -> Parsed:
        """One message. Raises RefusedInput."""
        fields = read_fields(request.url)
        sender, identity = fields.get("from", b"").decode("latin-1"), fields.get("id", b"").decode("latin-1")
        if not sender.strip() or not identity:
            raise RefusedInput("from or id is missing: is get-url as in deploy/kannel/kannel.conf?")
        return self.received(sender, text_of(fields), identity)

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """One report. Raises RefusedInput."""
        fields = {name: value.decode("latin-1") for name, value in read_fields(request.url).items()}
        status, identity = STATUS.get(fields.get("status", "")), fields.get("id", "")
        if status is None or not identity:
            raise RefusedInput("status or id is missing")
        return self.reported(identity, *read_answer(fields.get("answer", ""), status))

    async def send(self, outbound: Outbound) -> Sent:
        """Hands over the parts that smsbox does not have yet. Raises SendError and its kinds."""
        parts, begun = self.parts(outbound), False
        for part in parts:
            if outbound.doubtful and await asyncio.to_thread(self.common.taken, part.external_id):
                continue
            try:
                await self.send_part(outbound, part)
            except SendError as error:
                # Some parts are out: the next attempt must first look which.
                raise SendError(str(error), retryable=error.retryable, uncertain=True) if begun else error from error
            begun = True
        return Sent(tuple(part.external_id for part in parts))

    async def send_part(self, outbound: Outbound, part: Part) -> None:
        """One SMS. Raises SendError and its kinds."""
        answer = await self.calls.call("GET", f"{self.sendsms_url}?{self.query(outbound, part)}")
        said = answer.text[:1]
        if answer.status_code == 202 and said in ("0", "3"):
            return
        if answer.status_code == 503 or said == "4":
            raise SendError("Kannel cannot take it now", retryable=True)
        refuse_status("Kannel", answer)
        raise SendError(f"Kannel refuses the message with status {answer.status_code}", retryable=False)

    def query(self, outbound: Outbound, part: Part) -> str:
        """The fields of `sendsms`. UCS-2 goes as UTF-16BE bytes without `charset`, which needs no iconv in Kannel."""
        identity = part.external_id.removeprefix(f"{self.name}:")
        callback = urlencode({"token": self.common.token, "id": identity}) + "&status=%d&answer=%A"
        left = seconds_left(outbound, self.common.clock())
        fields: dict[str, str | bytes] = {
            **self.account,
            "from": self.common.sender,
            "to": outbound.address.id,
            "smsc": self.smsc,
            "coding": "2" if part.ucs2 else "0",
            "charset": "" if part.ucs2 else "UTF-8",
            "text": part.text.encode("utf-16-be") if part.ucs2 else part.text,
            "udh": part.header,
            "priority": str(PRIORITY[outbound.purpose]),
            "validity": str(max(1, left // 60)) if left else "",
            "dlr-mask": str(ALL_REPORTS),
            "dlr-url": f"{self.common.callback_url.rstrip('/')}/channels/{self.name}/delivery?{callback}",
            "meta-data": smpp_fields(self.common.labels(outbound.text)),
        }
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value)

    async def close(self) -> None:
        """Lets connections go."""
        await self.calls.close()


def read_fields(url: str) -> dict[str, bytes]:
    """The query's fields as bytes: UCS-2 comes as UTF-16BE, percent-escaped only where a byte is no letter."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, encoding="latin-1", max_num_fields=50)
    return {name: value.encode("latin-1", "replace") for name, value in pairs}


def text_of(fields: Mapping[str, bytes]) -> str:
    """The text, by the charset that Kannel names; raises RefusedInput for binary messages."""
    if fields.get("coding") == b"1":
        raise RefusedInput("a binary message")
    named = fields.get("charset", b"").decode("latin-1").upper()
    if named and named not in CHARSETS:
        raise RefusedInput("an unknown charset")
    charset = CHARSETS.get(named) or ("utf-16-be" if fields.get("coding") == b"2" else "utf-8")
    return fields.get("text", b"").decode(charset, "replace")


def read_answer(answer: str, status: DeliveryStatus) -> tuple[DeliveryStatus, str]:
    """State and error of an SMSC's words: `stat:EXPIRED err:001` or `NACK/0x0000000b/Invalid Destination Address`."""
    if status is not DeliveryStatus.FAILED:
        return status, ""
    if refused := REJECTED.search(answer):
        return status, explain(refused["err"])
    found = next((match for match in RECEIPT.finditer(answer) if match["stat"]), None)
    if found is None:
        return status, "not delivered"
    state = found["stat"].upper()
    return DeliveryStatus.EXPIRED if state == "EXPIRED" else status, f"{state} {explain(found['err'] or '')}".strip()


def smpp_fields(labels: Mapping[str, str]) -> str:
    """Entity and template as SMPP optional parameters; the names stand in kannel.conf as `smpp-tlv`."""
    named = {"dlt_entity": labels.get("entity", ""), "dlt_template": labels.get("template", "")}
    filled = {name: value for name, value in named.items() if value}
    return f"?smpp?{urlencode(filled)}" if filled else ""
