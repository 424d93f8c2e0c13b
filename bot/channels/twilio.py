"""Twilio: signed webhooks in, the REST API out, status callbacks that carry our own id."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from bot.channels.base import Parsed, WebhookRequest, WebhookResponse
from bot.channels.forms import form_pairs, read_form
from bot.channels.gateway import Common, SmsGateway, seconds_left
from bot.channels.gateway_calls import PAUSE, GatewayCalls, refuse_status
from bot.domain.errors import ContactBlocked, RefusedInput, SendError, Throttled
from bot.domain.messages import DeliveryStatus, InboundKind, Outbound, Sent

NOTHING_TO_SAY = WebhookResponse(200, '<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
LONGEST_BODY = 1600
STATUS = {
    "accepted": DeliveryStatus.SENT,
    "scheduled": DeliveryStatus.SENT,
    "queued": DeliveryStatus.SENT,
    "sending": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.EXPIRED,
}
STOPPED, EXPIRED = 21610, 30036
OURS = frozenset({20003, 20404, 21603, 21606, 21660, 21701, 21703, 30002, 63038})
"""Errors that are ours to mend (account, number, service, daily limit): the message is kept."""
PATIENCE = frozenset({20429, 14107, 21611, 30001, 30022})


class Twilio(SmsGateway):
    """One account. `sender` is a number or the id of a messaging service (MG...)."""

    name = "twilio"
    takes_parts = False

    def __init__(
        self,
        account: str,
        auth_token: str,
        common: Common,
        *,
        sender: str = "",
        api_url: str = "https://api.twilio.com",
        max_segments: int = 4,
    ) -> None:
        super().__init__(common, max_segments)
        self.account = account
        self.auth_token = auth_token
        self.sender = sender or common.sender
        self.url = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self.calls = GatewayCalls("Twilio", common.timeout)
        # Without an address that Twilio can reach there are no callbacks, and a lost answer stays unknown.
        self.certain = common.callback_url.startswith("https://")

    def verify(self, request: WebhookRequest) -> None:
        """Raises RefusedInput unless the signature over address and fields is right."""
        if request.method != "POST":
            raise RefusedInput("use POST", 405)
        given = request.headers.get("x-twilio-signature", "")
        fields = form_pairs(request.body)
        if not any(hmac.compare_digest(given, self.signature(url, fields)) for url in addresses_of(request.url)):
            raise RefusedInput("wrong signature", 403)

    def signature(self, url: str, fields: Sequence[tuple[str, str]]) -> str:
        """Base64 of HMAC-SHA1 over the address and the fields in order, a repeated one with each value once."""
        signed = url + "".join(name + value for name, value in sorted(set(fields)))
        digest = hmac.new(self.auth_token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1).digest()
        return b64encode(digest).decode()

    def parse(self, request: WebhookRequest) -> Parsed:
        """One message. Raises RefusedInput."""
        fields = read_form(request.body)
        sender, identity = fields.get("From", ""), fields.get("MessageSid", "")
        if not sender or not identity:
            raise RefusedInput("From or MessageSid is missing")
        kind = kind_of(fields)
        return self.received(sender, fields.get("Body", ""), identity, kind, NOTHING_TO_SAY)

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """One status callback. Raises RefusedInput."""
        fields = read_form(request.body)
        status, identity = STATUS.get(fields.get("MessageStatus", "")), dict(request.query).get("id", "")
        if status is None or not identity:
            raise RefusedInput("MessageStatus or id is missing")
        code = int(fields.get("ErrorCode", "")) if fields.get("ErrorCode", "").isdecimal() else 0
        if status is DeliveryStatus.FAILED:
            status = {STOPPED: DeliveryStatus.STOPPED, EXPIRED: DeliveryStatus.EXPIRED}.get(code, status)
        return self.reported(identity, status, f"Twilio {code}" if code else "")

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """Ours, which the callback address carries."""
        return (self.external_id(outbound.id),) if self.certain else ()

    async def send(self, outbound: Outbound) -> Sent:
        """Hands over one message. Raises SendError and its kinds."""
        if len(outbound.text) > LONGEST_BODY:
            raise SendError("longer than Twilio takes", retryable=False)
        base = f"{self.common.callback_url.rstrip('/')}/channels/{self.name}/delivery"
        left = seconds_left(outbound, self.common.clock())
        fields = {
            "To": outbound.address.id,
            "MessagingServiceSid" if self.sender.startswith("MG") else "From": self.sender,
            "Body": outbound.text,
            # Twilio would otherwise replace letters to save a segment; what is previewed is what is sent.
            "SmartEncoded": "false",
            **({"StatusCallback": f"{base}?{urlencode({'id': outbound.id})}"} if self.certain else {}),
            **({"ValidityPeriod": str(min(left, 36_000))} if left else {}),
        }
        answer = await self.calls.call("POST", self.url, data=fields, auth=(self.account, self.auth_token))
        if answer.is_success:
            return Sent(self.tracked_ids(outbound))
        self.refuse(code_of(answer.content))
        refuse_status("Twilio", answer)
        raise SendError(f"Twilio refuses the message: {code_of(answer.content)}", retryable=False)

    def refuse(self, code: int) -> None:
        """Raises SendError for a code that says what became of the message."""
        if code == STOPPED:
            raise ContactBlocked("she has stopped at Twilio (21610)")
        if code in PATIENCE:
            raise Throttled(f"Twilio asks to wait ({code})", PAUSE, whole_channel=True)
        if code in OURS:
            raise SendError(f"Twilio refuses us ({code}): check its settings", retryable=True)

    async def close(self) -> None:
        """Lets connections go."""
        await self.calls.close()


def addresses_of(url: str) -> tuple[str, str]:
    """The address as called, and with or without the standard port: Twilio signs either."""
    parts = urlsplit(url)
    host, _, port = parts.netloc.partition(":")
    standard = {"https": "443", "http": "80"}.get(parts.scheme, "443")
    other = host if port else f"{host}:{standard}"
    return url, urlunsplit(parts._replace(netloc=other))


def kind_of(fields: dict[str, str]) -> InboundKind:
    """A picture or voice message keeps its kind so that the answer can be useful."""
    if fields.get("NumMedia", "0") in ("", "0"):
        return InboundKind.TEXT
    media = fields.get("MediaContentType0", "").partition("/")[0]
    return {"image": InboundKind.PHOTO, "audio": InboundKind.VOICE}.get(media, InboundKind.OTHER)


def code_of(content: bytes) -> int:
    """Twilio's error code; 0 when the answer has none."""
    try:
        code = json.loads(content).get("code", 0)
    except (ValueError, AttributeError):
        return 0
    return code if isinstance(code, int) else 0
