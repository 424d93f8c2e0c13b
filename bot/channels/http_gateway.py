"""Any other gateway that speaks HTTP, described by a YAML file (deploy/sms/http-gateway.yaml is an example)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import regex
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.channels.base import Parsed, WebhookRequest, WebhookResponse
from bot.channels.forms import read_form
from bot.channels.gateway import Common, SmsGateway, seconds_left
from bot.channels.gateway_calls import PAUSE, GatewayCalls, refuse_status
from bot.channels.segments import encode
from bot.domain.errors import ConfigurationError, ContactBlocked, RefusedInput, SendError, Throttled
from bot.domain.messages import DeliveryStatus, Outbound, Sent

PLACEHOLDER = regex.compile(r"\{([a-z_]+)\}")
Template = dict[str, Any]


class Strict(BaseModel):
    """A section of the file; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sending(Strict):
    """How a message is handed over. `taken`, `blocked`, `again` and `id` are patterns on the answer's body; without
    `taken` each 2xx is a success, without `id` reports carry our own id, which `{id}` or `{callback}` told."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    query: Template = Field(default_factory=dict)
    form: Template = Field(default_factory=dict)
    json_body: Template = Field(default_factory=dict, alias="json")
    taken: str = ""
    blocked: str = ""
    again: str = ""
    id: str = ""

    @field_validator("taken", "blocked", "again", "id")
    @classmethod
    def is_pattern(cls, value: str) -> str:
        """A pattern that cannot be read is a mistake of the file."""
        try:
            regex.compile(value)
        except regex.error as error:
            raise ValueError(f"no pattern: {error}") from None
        return value


class Receiving(Strict):
    """Which fields a message in has."""

    sender: str = "from"
    text: str = "text"
    id: str = "id"


class Reporting(Strict):
    """Which fields a report has, and what its words for states mean; other words are passed over."""

    id: str = "id"
    status: str = "status"
    error: str = "error"
    states: dict[str, DeliveryStatus] = Field(default_factory=dict)


class Description(Strict):
    """The whole file. `national_languages` are the shift tables that the gateway sends (see shift_tables)."""

    send: Sending
    receive: Receiving = Receiving()
    report: Reporting = Reporting()
    method: str = "POST"
    answer: str = ""
    national_languages: tuple[int, ...] = ()


class HttpGateway(SmsGateway):
    """Forms, JSON and query fields, in and out."""

    name = "http"
    takes_parts = False

    def __init__(self, description: Description, common: Common, *, max_segments: int = 4) -> None:
        super().__init__(common, max_segments, description.national_languages)
        self.description = description
        self.method = description.method
        self.calls = GatewayCalls("the HTTP gateway", common.timeout)
        self.certain = not description.send.id

    def parse(self, request: WebhookRequest) -> Parsed:
        """One message. Raises RefusedInput."""
        fields, names = fields_of(request), self.description.receive
        sender, identity = fields.get(names.sender, ""), fields.get(names.id, "")
        if not sender or not identity or names.text not in fields:
            raise RefusedInput(f"{names.sender}, {names.id} or {names.text} is missing")
        return self.received(
            sender, fields[names.text], identity, response=WebhookResponse(200, self.description.answer)
        )

    def parse_delivery(self, request: WebhookRequest) -> Parsed:
        """One report. Raises RefusedInput."""
        fields, names = fields_of(request), self.description.report
        identity, word = fields.get(names.id, ""), fields.get(names.status, "")
        if not identity or not word:
            raise RefusedInput(f"{names.id} or {names.status} is missing")
        response = WebhookResponse(200, self.description.answer)
        if word not in names.states:
            return Parsed(response=response)
        status = names.states[word]
        error = fields.get(names.error, "") if status is DeliveryStatus.FAILED else ""
        return self.reported(identity, status, error, response)

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """Ours, where the gateway reports by it."""
        return (self.external_id(outbound.id),) if self.certain else ()

    async def send(self, outbound: Outbound) -> Sent:
        """Hands over one message. Raises SendError and its kinds."""
        send, values = self.description.send, self.values(outbound)
        answer = await self.calls.call(
            send.method,
            filled(send.url, values),
            headers=filled(send.headers, values),
            params=filled(send.query, values) or None,
            data=filled(send.form, values) or None,
            json=filled(send.json_body, values) or None,
        )
        body = answer.text[:10_000]
        if send.blocked and regex.search(send.blocked, body):
            raise ContactBlocked("she has stopped at the gateway")
        if send.again and regex.search(send.again, body):
            raise Throttled("the HTTP gateway asks to wait", PAUSE, whole_channel=True)
        refuse_status("the HTTP gateway", answer)
        if not answer.is_success or (send.taken and not regex.search(send.taken, body)):
            raise SendError(f"the HTTP gateway refuses the message with status {answer.status_code}", retryable=False)
        return Sent(self.ids_in(body, outbound))

    def ids_in(self, body: str, outbound: Outbound) -> tuple[str, ...]:
        """The id that reports will have."""
        if self.certain:
            return self.tracked_ids(outbound)
        found = regex.search(self.description.send.id, body)
        return (self.external_id(found[1] if found.re.groups else found[0]),) if found else ()

    def values(self, outbound: Outbound) -> Mapping[str, str]:
        """What placeholders stand for."""
        labels = self.common.labels(outbound.text)
        alphabet = encode(outbound.text, self.tables_for(outbound.language))[0]
        base = f"{self.common.callback_url.rstrip('/')}/channels/{self.name}/delivery"
        return {
            "to": outbound.address.id,
            "to_digits": outbound.address.id.lstrip("+"),
            "from": self.common.sender,
            "text": outbound.text,
            "id": outbound.id,
            "callback": f"{base}?token={self.common.token}&{self.description.report.id}={outbound.id}",
            "encoding": "ucs2" if alphabet.name == "ucs2" else "gsm7",
            "national_language": str(alphabet.locking or alphabet.shift or ""),
            "validity_seconds": str(seconds_left(outbound, self.common.clock()) or ""),
            "dlt_entity": labels.get("entity", ""),
            "dlt_template": labels.get("template", ""),
        }

    async def close(self) -> None:
        """Lets connections go."""
        await self.calls.close()


def read_description(path: Path) -> Description:
    """Reads the file. Raises ConfigurationError, which quotes no value: it may be a password."""
    try:
        return Description.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"KHETDOOT_HTTP_GATEWAY_FILE: cannot read {path}: {type(error).__name__}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigurationError(f"KHETDOOT_HTTP_GATEWAY_FILE: {path}: {problems}") from None


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """The template with its placeholders replaced, once: what a text says is never read as a placeholder."""
    if isinstance(template, str):
        return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    return [filled(value, values) for value in template] if isinstance(template, list) else template


def fields_of(request: WebhookRequest) -> dict[str, str]:
    """Fields of the query and of a form or JSON object. Raises RefusedInput."""
    fields = dict(request.query)
    if not request.body:
        return fields
    if "json" not in request.headers.get("content-type", ""):
        return fields | read_form(request.body)
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        raise RefusedInput("the body is no JSON") from None
    if not isinstance(data, dict):
        raise RefusedInput("the body is no JSON object")
    return fields | {name: str(value) for name, value in data.items() if isinstance(value, str | int | float)}
