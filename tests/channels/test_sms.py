"""What an SMS gateway is handed: fitted texts, numbered choices, exact previews. The terminal numbers too."""

from __future__ import annotations

import pytest

from bot.channels.base import WebhookRequest
from bot.channels.console import Console
from bot.channels.no_webhook import NoWebhook
from bot.channels.segments import measure
from bot.channels.sms import PreviewSms
from bot.domain.errors import RefusedInput, SendError
from bot.domain.messages import Address, Outbound, Purpose, QuickReply

PHONE = Address("sms", "+911234567890")
CROPS = (QuickReply("rice", "rice"), QuickReply("wheat", "wheat"))


def texts(channel: PreviewSms, text: str, *replies: QuickReply, language: str = "en") -> list[str]:
    """The messages after fitting."""
    outbound = Outbound(PHONE, text, language, quick_replies=replies, purpose=Purpose.ALERT, ask_location=True)
    fitted = channel.fit(outbound)
    assert all(not part.quick_replies and not part.ask_location and part.purpose == Purpose.ALERT for part in fitted)
    assert [again for part in fitted for again in channel.fit(part)] == list(fitted)
    return [part.text for part in fitted]


def test_choices_are_numbered() -> None:
    assert texts(PreviewSms(), "Which crop?", *CROPS) == ["Which crop?\n1 rice  2 wheat"]


def test_choices_stay_together_on_the_last_message() -> None:
    found = texts(PreviewSms(max_segments=1), "Look at the leaves. " * 12, *CROPS)
    assert len(found) == 2
    assert found[-1].endswith("\n1 rice  2 wheat")
    assert all(measure(text).count == 1 for text in found)


def test_choices_that_do_not_fit_any_more_follow() -> None:
    sentence = "x" * 75 + ". " + "y" * 75 + "."
    assert texts(PreviewSms(max_segments=1), sentence, *CROPS) == [sentence, "1 rice  2 wheat"]


def test_long_texts_become_several_messages() -> None:
    found = texts(PreviewSms(max_segments=2), "धान में पानी कम करें। " * 30)
    assert len(found) > 1
    assert all(measure(text).count <= 2 and text.endswith("।") for text in found)


def test_nothing_to_say_sends_nothing() -> None:
    assert texts(PreviewSms(), "  ") == []


def test_typography_is_plain() -> None:
    assert texts(PreviewSms(), "Don’t spray – wait. " + "a" * 100) == ["Don't spray - wait. " + "a" * 100]


def test_preview_is_what_the_network_bills() -> None:
    channel = PreviewSms()
    (fitted,) = channel.fit(Outbound(PHONE, "water the field " * 20))
    assert len(channel.preview(fitted)) == measure(fitted.text).count == 3
    assert "".join(channel.preview(fitted)) == fitted.text


def test_national_tables_are_for_their_language_where_the_gateway_takes_them() -> None:
    text = "खेत में पानी कम करें। " * 6
    assert len(PreviewSms().preview(Outbound(PHONE, text, "hi"))) == 2
    assert len(PreviewSms(tables=[6]).preview(Outbound(PHONE, text, "mr"))) == 1
    assert len(PreviewSms(tables=[6]).preview(Outbound(PHONE, text, "te"))) == 2
    assert PreviewSms(tables=[6, 12]).tables_for("te-Latn") == (12,)


async def test_the_preview_cannot_send() -> None:
    with pytest.raises(SendError) as raised:
        await PreviewSms().send(Outbound(PHONE, "hi"))
    assert not raised.value.retryable


async def test_the_console_prints() -> None:
    printed: list[str] = []
    console = Console(printed.append)
    (fitted,) = console.fit(Outbound(Address("console", "me"), "Which crop?", quick_replies=CROPS))
    await console.send(fitted)
    assert printed == ["Which crop?\n1 rice\n2 wheat"]


@pytest.mark.parametrize("channel", [PreviewSms(), Console(print)], ids=lambda channel: channel.name)
async def test_nobody_calls_them(channel: NoWebhook) -> None:
    request = WebhookRequest("POST", "", {}, (), b"")
    for refuse in (channel.verify, channel.parse, channel.parse_delivery):
        with pytest.raises(RefusedInput) as raised:
            refuse(request)
        assert raised.value.status == 404
    await channel.close()
