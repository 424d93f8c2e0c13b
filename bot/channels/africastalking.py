"""Africa's Talking: forms in, the messaging API out. Nothing is signed: an unguessable address and a list of callers
guard the door. Its ids come with its answer only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bot.channels.base import Parsed, WebhookRequest
from bot.channels.forms import read_form
from bot.channels.gateway import Common, SmsGateway
from bot.channels.gateway_calls import PAUSE, GatewayCalls, refuse_status
from bot.domain.errors import ConfigurationError, ContactBlocked, RefusedInput, SendError, Throttled
from bot.domain.messages import DeliveryStatus, Outbound, Purpose, Sent

STATUS = {
    "Sent": DeliveryStatus.SENT,
    "Submitted": DeliveryStatus.SENT,
    "Buffered": DeliveryStatus.SENT,
    "Success": DeliveryStatus.DELIVERED,
    "Rejected": DeliveryStatus.FAILED,
    "Failed": DeliveryStatus.FAILED,
    "AbsentSubscriber": DeliveryStatus.FAILED,
    "Expired": DeliveryStatus.EXPIRED,
}
STOPPED = frozenset({"UserInBlacklist", "UserInBlackList", "UserOptedOut"})
TAKEN = frozenset({100, 101, 102})
BLOCKED = 406
OURS = {401: "held for review", 402: "sender id refused", 405: "no credit left"}
AGAIN = frozenset({500, 501})
BULK = frozenset({Purpose.ALERT, Purpose.BROADCAST})


class AfricasTalking(SmsGateway):
    """One application. `sender` is a short code or registered name."""

    name = "africastalking"
    takes_parts = False
    certain = False

    def __init__(
        self,
        username: str,
        api_key: str,
        common: Common,
        *,
        callers: Collection[str] = (),
        api_url: str = "https://api.africastalking.com",
        max_segments: int = 4,
    ) -> None:
        if not common.token and not callers:
            raise ConfigurationError("KHETDOOT_SMS_TOKEN: Africa's Talking signs nothing; set a secret for its address")
        super().__init__(replace(common, callers=callers), max_segments)
        self.account = {"username": username}
        self.headers = {"apikey": api_key, "accept": "application/json"}
        self.url = f"{api_url.rstrip('/')}/version1/messaging"
        self.calls = GatewayCalls("Africa's Talking", common.timeout)

    def parse(self, request: WebhookRequest) -> Parsed:
        """One message. Raises RefusedInput."""
        fields = read_form(request.body)
        sender, identity = fields.get("from", ""), fields.get("id", "")
        if not sender or not identity:
            raise RefusedInput("from or id is missing")
        return self.received(sender, fields.get("text", ""), identity)

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """One report. Raises RefusedInput."""
        fields = read_form(request.body)
        status, identity = STATUS.get(fields.get("status", "")), fields.get("id", "")
        if status is None or not identity:
            raise RefusedInput("status or id is missing")
        reason = fields.get("failureReason", "") if status is DeliveryStatus.FAILED else ""
        return self.reported(identity, DeliveryStatus.STOPPED if reason in STOPPED else status, reason)

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """None: the id is Africa's Talking's."""
        return ()

    async def send(self, outbound: Outbound) -> Sent:
        """Hands over one message. Raises SendError and its kinds."""
        fields = {
            **self.account,
            "to": outbound.address.id,
            "message": outbound.text,
            "bulkSMSMode": "1",
            # 1: answered at once and sent from their queue, for what need not be quick.
            **({"enqueue": "1"} if outbound.purpose in BULK else {}),
            **({"from": self.common.sender} if self.common.sender else {}),
        }
        answer = await self.calls.call("POST", self.url, data=fields, headers=self.headers)
        refuse_status("Africa's Talking", answer)
        if not answer.is_success:
            raise SendError(f"Africa's Talking refuses the message with status {answer.status_code}", retryable=False)
        recipient = recipient_of(answer.content)
        self.refuse(recipient.get("statusCode"))
        return Sent((self.external_id(str(recipient.get("messageId"))),))

    def refuse(self, code: object) -> None:
        """Raises SendError for a recipient's status that is none of success."""
        if code in TAKEN:
            return
        if code == BLOCKED:
            raise ContactBlocked("she has stopped at Africa's Talking (406)")
        if code in AGAIN:
            raise Throttled(f"Africa's Talking failed ({code})", PAUSE, whole_channel=True)
        if code in OURS:
            raise SendError(f"Africa's Talking refuses us: {OURS[code]}", retryable=True)
        raise SendError(f"Africa's Talking refuses the message ({code})", retryable=False)

    async def close(self) -> None:
        """Lets connections go."""
        await self.calls.close()


def recipient_of(content: bytes) -> Mapping[str, Any]:
    """The one recipient of an answer. Raises SendError, uncertain, for what is no answer of theirs; a message without
    a recipient was refused as a whole."""
    try:
        data = json.loads(content)["SMSMessageData"]
        recipients = data["Recipients"]
    except (ValueError, KeyError, TypeError):
        raise SendError("Africa's Talking answered nonsense", retryable=True, uncertain=True) from None
    if not recipients:
        raise SendError("Africa's Talking refuses us: is the sender id right?", retryable=True)
    recipient: Mapping[str, Any] = recipients[0]
    return recipient
