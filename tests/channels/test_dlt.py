"""Registered texts: what matches, what a file may say, which error codes mean what."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.dlt import Template, check_template, check_values, read_registry
from bot.channels.dlt_errors import CODES, explain
from bot.channels.gateway import Common, SmsGateway
from bot.channels.no_webhook import NoWebhook
from bot.channels.sms_gateways import SmsGateways
from bot.domain.errors import ConfigurationError, SendError
from bot.domain.messages import Address, Outbound, QuickReply, Sent
from tests.fakes import FakeClock

ASHA = Address("sms", "+919876543210")
FILE = """
entity: "1101234567890123456"
header: KHTDOT
templates:
  - id: "1107160000000000001"
    language: hi
    text: "धान तना छेदक: सूखी गोभ नष्ट करें। {#var#} से पूछें।"
  - id: "1107160000000000002"
    text: "Your answer is ready: call 1800-180-1551."
  - id: "1107160000000000003"
    text: "You get no more messages. Write START to come back."
pointers: {en: "1107160000000000002"}
"""
HINDI = "धान तना छेदक - सूखी गोभ नष्ट करें. कृषि अधिकारी से पूछें"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "dlt.yaml"
    file.write_text(FILE, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("template", "text", "why"),
    [
        ("Spray {#var#} now.", "Spray neem oil now", ""),
        ("Spray {#var#} now.", "spray neem oil now", "the words differ"),
        ("Spray {#var#} now.", "Spray now", ""),
        ("Spray {#var#} now.", f"Spray {'x' * 30} now!!", ""),
        ("Spray {#var#} now.", f"Spray {'x' * 31} now", "a value is longer than 30 characters"),
        ("Spray {#var#}{#var#} now.", f"Spray {'x' * 55} now", ""),
        ("Call {#numeric#}", "Call: 112", ""),
        ("Pull out – burn.", "Pull out, burn", ""),
        ("Pull out – burn.", "Pull out, bury", "the words differ"),
        ("सूखी गोभ", "सूखी  गोभ।", ""),
        ("सूखी गोभ", "सूखा गोभ", "the words differ"),
        ("क्‍ष", "क्ष", ""),
    ],
)
def test_matching_passes_over_punctuation_and_spaces(template: str, text: str, why: str) -> None:
    assert check_values(template, text) == why


def test_labels_and_pointers(path: Path) -> None:
    registry = read_registry(path)
    assert registry.labels(HINDI) == {"entity": "1101234567890123456", "template": "1107160000000000001"}
    assert registry.labels("something else") == {"entity": "1101234567890123456"}
    assert registry.pointer("te") == "Your answer is ready: call 1800-180-1551."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"1101234567890123456"', "PE-1", "entity"),
        ("KHTDOT", "K!", "header"),
        ("...0002", "", "stands there twice"),
        ("1107160000000000003", "7", "not a number"),
        ("{#var#}", "{#var", "a slot is written"),
        ('{en: "1107160000000000002"}', '{en: "1"}', "there is no template"),
        ('{en: "1107160000000000002"}', '{en: "1107160000000000001"}', "has slots"),
        ("pointers", "pointer", "pointer"),
        ("entity:", ": [", "cannot read"),
    ],
)
def test_mistakes_in_the_file_are_named(path: Path, before: str, after: str, said: str) -> None:
    text = FILE.replace(before, after)
    if said == "stands there twice":
        text = FILE.replace("0000000003", "0000000001")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_registry(path)


def test_templates_that_match_everything_are_refused() -> None:
    assert list(check_template(Template(id="1107160000000000001", text="{#var#} {#var#}")))
    assert list(check_template(Template(id="1107160000000000001", text="x" * 2001)))


def test_codes_are_explained() -> None:
    assert explain("630") == "630: DLT: the template is not registered"
    assert explain("0x276") == "630: DLT: the template is not registered"
    assert explain("1") == "1"
    assert all(text.startswith("DLT: ") for text in CODES.values())


class FakeGateway(SmsGateway, NoWebhook):
    """Takes everything."""

    name = "fake"

    async def send(self, outbound: Outbound) -> Sent:
        return Sent(("fake:1",))


def strict(path: Path | None) -> SmsGateways:
    registry = read_registry(path) if path else None
    gateways, clock = [FakeGateway(Common(FakeClock()))], FakeClock()
    return SmsGateways(gateways, {}, clock=clock, wait=lambda *_: 0.0, taken=lambda _: False, registry=registry)


async def test_only_registered_texts_go_out(path: Path) -> None:
    channel = strict(path)
    registered, other = Outbound(ASHA, HINDI, "hi"), Outbound(ASHA, "नमस्ते", "hi", quick_replies=(QuickReply("a", "a"),))
    assert channel.fit(registered) == (registered,)
    (pointer,) = channel.fit(other)
    assert (pointer.text, pointer.quick_replies) == ("Your answer is ready: call 1800-180-1551.", ())
    assert channel.fit(pointer) == (pointer,)
    await channel.send(pointer)
    with pytest.raises(SendError) as raised:
        await channel.send(other)
    assert not raised.value.retryable
    assert strict(None).fit(registered) == (registered,)


def test_without_a_pointer_nothing_is_left(path: Path) -> None:
    path.write_text(FILE.split("pointers")[0], encoding="utf-8")
    assert strict(path).fit(Outbound(ASHA, "नमस्ते", "hi")) == ()
