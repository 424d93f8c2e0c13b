"""Telegram: what updates mean, what is sent, and long polling, against a stand-in of the Bot API over real HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.telegram import SECRET_HEADER, Telegram
from bot.channels.telegram_texts import PreviewTelegram, utf16_units
from bot.domain.errors import ConfigurationError, ContactBlocked, SendError, StorageError, Throttled
from bot.domain.messages import Address, Inbound, InboundKind, Location, Outbound, QuickReply
from tests.channels.cases import (
    Bench,
    Check,
    Expected,
    IncomingCase,
    OutgoingCase,
    Request,
    by_label,
    free_cases,
    run_incoming,
    run_outgoing,
)
from tests.telegram_server import (
    BAD_GATEWAY,
    BLOCKED,
    BOT_ID,
    CANNOT_PARSE,
    NO_CHAT,
    RESET,
    RESET_AFTER_TAKING,
    TOKEN,
    UNAUTHORIZED,
    USERNAME,
    Failure,
    TelegramServer,
    message,
    too_many,
)

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
SECRET = "tested-secret_1"
OFFICERS = "-100500"
GROUP = -100600
FARMER = Address("telegram", "77")
SENT = {"status": "member", "user": {"id": BOT_ID, "is_bot": True, "first_name": "K"}}


def channel_at(url: str, **changes: Any) -> Telegram:
    """A channel that knows its name, as after `start`."""
    settings: dict[str, Any] = {
        "clock": lambda: NOW,
        "location_label": lambda language: f"place {language}",
        "secret": SECRET,
        "timeout": 5,
    }
    channel = Telegram(TOKEN, api_url=url, officers=[OFFICERS], **(settings | changes))
    channel.reader = replace(channel.reader, username=USERNAME)
    return channel


def post(update: dict[str, Any]) -> Request:
    """What Telegram's server sends."""
    headers = {"content-type": "application/json", SECRET_HEADER: SECRET}
    return Request(json.dumps({"update_id": 9001, **update}).encode(), headers)


def said(text: str | None, chat: int = 77, kind: str = "message", **changes: Any) -> Request:
    """A message; text None leaves it out, `sender` is who wrote it."""
    if sender := changes.pop("sender", None):
        changes["from"] = sender
    return post({kind: message(text or "", chat, 5, **({"text": text} | changes))})


def in_group(text: str, entity: str | None = None, length: int = 0, **changes: Any) -> Request:
    """A message in a group, with one entity that starts where `@` or `/` stands."""
    offset = max(text.find("@"), 0) if entity == "mention" else 0
    entities = [{"type": entity, "offset": offset, "length": length, **changes.pop("more", {})}] if entity else []
    asha: dict[str, Any] = {"id": 77, "is_bot": False, "first_name": "Asha"}
    return said(text, GROUP, entities=entities, sender=changes.pop("sender", asha), **changes)


def pressed(data: str, *buttons: tuple[str, str]) -> Request:
    """A press of a button under one of our messages."""
    keyboard = {"inline_keyboard": [[{"text": label, "callback_data": value}] for label, value in buttons]}
    person = {"id": 77, "is_bot": False, "first_name": "Asha", "language_code": "te"}
    ours = message("Which crop?", 77, 41, bot=True, reply_markup=keyboard)
    return post({"callback_query": {"id": "c1", "from": person, "chat_instance": "i", "data": data, "message": ours}})


def membership(status: str, chat: int = 77) -> Request:
    """The bot's own membership changes."""
    new = SENT | {"status": status} | ({"until_date": 0} if status == "kicked" else {})
    change = {
        "chat": {"id": chat, "type": "private"},
        "from": {"id": 77, "is_bot": False, "first_name": "Asha"},
        "date": 1_763_700_000,
        "old_chat_member": SENT,
        "new_chat_member": new,
    }
    return post({"my_chat_member": change})


FILE: Mapping[str, Any] = {"file_id": "f", "file_unique_id": "u"}
PHOTO = [{**FILE, "width": 1, "height": 1}]
VOICE = {**FILE, "duration": 3}
DOCUMENT = {**FILE, "mime_type": "image/png"}
STICKER = {**FILE, "width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}
OFFICER: Mapping[str, Any] = {"id": 8, "is_bot": False, "first_name": "O"}
REPLIED = message("Question of a farmer", int(OFFICERS), 321, bot=True)
ASKED = Expected("help", "77")

BENCH = Bench(
    channel_at("http://127.0.0.1:9"),
    good=said,
    wrong_secret=lambda request: replace(request, headers={**request.headers, SECRET_HEADER: "wrong-sécret"}),
)
CASES = [
    IncomingCase(
        "text",
        said("मेरे धान में कीड़ा"),
        expected=(Expected("मेरे धान में कीड़ा", "77", external_id="9001", language_hint="hi"),),
        answer='"action": "typing"',
    ),
    IncomingCase("no secret", replace(said("help"), headers={}), 403),
    IncomingCase("start", said("/start"), expected=(Expected("/start", "77"),)),
    IncomingCase("command with our name", said("/help@khetdootbot now"), expected=(Expected("/help now", "77"),)),
    IncomingCase("button", pressed("rice", ("Rice", "rice")), expected=(Expected("rice", "77", in_reply_to="77:41"),)),
    IncomingCase(
        "button says its number",
        pressed("#2", ("Rice", "rice"), ("A very long label", "#2")),
        expected=(Expected("A very long label", "77", language_hint="te"),),
        answer='"answerCallbackQuery"',
    ),
    IncomingCase(
        "button without a message",
        post({"callback_query": {"id": "c", "from": OFFICER, "chat_instance": "i", "data": "x"}}),
    ),
    IncomingCase("button of a lost keyboard", pressed("#3"), expected=(Expected("3", "77"),)),
    IncomingCase(
        "location",
        said(None, location={"latitude": 17.4, "longitude": 78.5}),
        expected=(Expected("", "77", InboundKind.LOCATION, location=Location(17.4, 78.5)),),
    ),
    IncomingCase(
        "venue",
        said(None, venue={"location": {"latitude": 1, "longitude": 2}, "title": "Mandi", "address": "x"}),
        expected=(Expected("", "77", InboundKind.LOCATION, location=Location(1, 2)),),
    ),
    IncomingCase(
        "photo",
        said(None, photo=PHOTO, caption="what is it"),
        expected=(Expected("what is it", "77", InboundKind.PHOTO),),
    ),
    IncomingCase(
        "photo of an album",
        said(None, photo=PHOTO, media_group_id="555"),
        expected=(Expected("", "77", InboundKind.PHOTO, external_id="album:555"),),
    ),
    IncomingCase("photo as a file", said(None, document=DOCUMENT), expected=(Expected("", "77", InboundKind.PHOTO),)),
    IncomingCase("voice", said(None, voice=VOICE), expected=(Expected("", "77", InboundKind.VOICE),)),
    IncomingCase("sticker", said(None, sticker=STICKER), expected=(Expected("", "77", InboundKind.STICKER),)),
    IncomingCase("file", said(None, document=FILE), expected=(Expected("", "77", InboundKind.OTHER),)),
    IncomingCase("notice", said(None, pinned_message=message("x", 77, 4)), expected=()),
    IncomingCase(
        "edit",
        said("rice not wheat", kind="edited_message"),
        expected=(Expected("rice not wheat", "77", InboundKind.EDIT),),
    ),
    IncomingCase(
        "live location", said(None, kind="edited_message", location={"latitude": 1, "longitude": 2}), expected=()
    ),
    IncomingCase("blocked", membership("kicked"), expected=(Expected("", "77", InboundKind.BLOCKED),)),
    IncomingCase("unblocked", membership("member"), expected=()),
    IncomingCase("channel post", said("news", kind="channel_post"), expected=()),
    IncomingCase("poll", post({"poll": {"id": "1"}}), expected=()),
    IncomingCase("another bot", said("spam", sender={"id": 9, "is_bot": True, "first_name": "B"}), expected=()),
    IncomingCase("message that cannot be read", post({"message": {"text": 5}}), expected=()),
    IncomingCase("date beyond time", said("hi", date=10**18), expected=()),
    IncomingCase("no update id", Request(b'{"message": {}}', {SECRET_HEADER: SECRET}), 400),
    IncomingCase("group chatter", in_group("good morning all"), expected=()),
    IncomingCase(
        "group, named",
        in_group("@KhetdootBot my rice is yellow", "mention", 12),
        expected=(Expected("my rice is yellow", str(GROUP), sender_id="77"),),
    ),
    IncomingCase(
        "group, named in capitals",
        in_group("hey @KHETDOOTBOT help", "mention", 12),
        expected=(Expected("hey help", str(GROUP)),),
    ),
    IncomingCase("group, another named", in_group("@OtherBot0123 help", "mention", 13), expected=()),
    IncomingCase("group, command", in_group("/help", "bot_command", 5), expected=(Expected("/help", str(GROUP)),)),
    IncomingCase("group, other bot's command", in_group("/help@OtherBot", "bot_command", 14), expected=()),
    IncomingCase(
        "group, named without a name",
        in_group("bot help", "text_mention", 3, more={"user": {"id": BOT_ID, "is_bot": True, "first_name": "K"}}),
        expected=(Expected("bot help", str(GROUP)),),
    ),
    IncomingCase(
        "group, reply to the bot",
        in_group("and wheat?", reply_to_message=message("rice ...", GROUP, 40, bot=True)),
        expected=(Expected("and wheat?", str(GROUP), in_reply_to=f"{GROUP}:40"),),
    ),
    IncomingCase("group, reply to a person", in_group("yes", reply_to_message=message("x", 77, 40)), expected=()),
    IncomingCase(
        "officers' group",
        said(
            "Spray neem oil",
            int(OFFICERS),
            reply_to_message=REPLIED,
            sender=OFFICER,
        ),
        expected=(Expected("Spray neem oil", OFFICERS, in_reply_to=f"{OFFICERS}:321", sender_id="8"),),
    ),
    IncomingCase(
        "anonymous administrator",
        said(
            "Spray neem oil",
            int(OFFICERS),
            sender_chat={"id": int(OFFICERS), "type": "supergroup"},
            sender={"id": 1087968824, "is_bot": True, "first_name": "Group"},
        ),
        expected=(Expected("Spray neem oil", OFFICERS),),
    ),
    IncomingCase("delivery", said("hi"), 404, endpoint="delivery"),
]


@pytest.mark.parametrize("case", CASES, ids=by_label)
async def test_incoming(case: IncomingCase) -> None:
    await run_incoming(case, BENCH.channel)


@free_cases
async def test_free_cases(check: Check) -> None:
    await check(BENCH)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer().running() as running:
        yield running


@pytest.fixture
async def channel(server: TelegramServer) -> AsyncIterator[Telegram]:
    made = channel_at(server.url)
    yield made
    await made.close()


class SendMessageGateway:
    """The stand-in's sendMessage as the harness drives it."""

    def __init__(self, server: TelegramServer) -> None:
        self.server = server

    def script(self, *answers: Failure) -> None:
        """Failures of the next calls."""
        self.server.fail("sendMessage", *answers)

    def requests(self) -> Sequence[Mapping[str, Any]]:
        """All calls, failed ones too."""
        return self.server.calls_of("sendMessage")


HINDI_60 = "बहुत लंबा जवाब जो चौंसठ बाइट से ज्यादा है"
OUTGOING = [
    OutgoingCase(
        "text",
        Outbound(FARMER, "a < b & c"),
        calls=({"chat_id": "77", "text": "a &lt; b &amp; c", "parse_mode": "HTML"},),
    ),
    OutgoingCase(
        "plain text after a parse error",
        Outbound(FARMER, "a < b"),
        (CANNOT_PARSE,),
        calls=({"parse_mode": "HTML"}, {"text": "a < b", "parse_mode": None}),
    ),
    OutgoingCase(
        "quick replies",
        Outbound(
            FARMER,
            "Which?",
            quick_replies=(QuickReply("Rice", "rice"), QuickReply("Long", HINDI_60), QuickReply("#", "#1")),
        ),
        calls=(
            {
                "reply_markup": {
                    "inline_keyboard": [
                        [{"text": "Rice", "callback_data": "rice"}, {"text": "Long", "callback_data": "#2"}],
                        [{"text": "#", "callback_data": "#3"}],
                    ]
                }
            },
        ),
    ),
    OutgoingCase(
        "location",
        Outbound(FARMER, "Where?", "hi", ask_location=True, quick_replies=(QuickReply("Skip", "skip"),)),
        calls=(
            {
                "reply_markup": {
                    "keyboard": [[{"text": "place hi", "request_location": True}], [{"text": "Skip"}]],
                    "resize_keyboard": True,
                    "one_time_keyboard": True,
                }
            },
        ),
    ),
    OutgoingCase(
        "no location in groups",
        Outbound(Address("telegram", "-5"), "Where?", ask_location=True),
        calls=({"reply_markup": None},),
    ),
    OutgoingCase("throttled", Outbound(FARMER, "x"), (too_many(7),), ({},), Throttled, retryable=True, retry_after=7),
    OutgoingCase("blocked", Outbound(FARMER, "x"), (BLOCKED,), ({},), ContactBlocked),
    OutgoingCase("no such chat", Outbound(FARMER, "x"), (NO_CHAT,), ({},), SendError),
    OutgoingCase("server error", Outbound(FARMER, "x"), (BAD_GATEWAY,), ({},), SendError, retryable=True),
    OutgoingCase("token refused", Outbound(FARMER, "x"), (UNAUTHORIZED,), ({},), SendError, retryable=True),
    OutgoingCase(
        "connection broken", Outbound(FARMER, "x"), (RESET,), ({},), SendError, retryable=True, uncertain=True
    ),
    OutgoingCase(
        "answer lost", Outbound(FARMER, "x"), (RESET_AFTER_TAKING,), ({},), SendError, retryable=True, uncertain=True
    ),
    OutgoingCase(
        "group moved",
        Outbound(Address("telegram", "-5"), "x"),
        (Failure(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1005}),),
        calls=({"chat_id": "-5"}, {"chat_id": "-1005"}),
    ),
    OutgoingCase(
        "group moved and closed",
        Outbound(Address("telegram", "-5"), "x"),
        (Failure(400, "moved", {"migrate_to_chat_id": -1005}), BLOCKED),
        ({}, {}),
        ContactBlocked,
    ),
    OutgoingCase(
        "parse error and throttled",
        Outbound(FARMER, "x"),
        (CANNOT_PARSE, too_many(3)),
        ({}, {}),
        Throttled,
        retryable=True,
        retry_after=3,
    ),
]


@pytest.mark.parametrize("case", OUTGOING, ids=by_label)
async def test_outgoing(case: OutgoingCase, channel: Telegram, server: TelegramServer) -> None:
    await run_outgoing(case, channel, SendMessageGateway(server))


async def test_a_throttled_chat_holds_up_no_other(channel: Telegram, server: TelegramServer) -> None:
    server.fail("sendMessage", too_many(3600))
    with pytest.raises(Throttled):
        await channel.send(Outbound(FARMER, "to the first"))
    await channel.send(Outbound(Address("telegram", "78"), "to the second"))
    assert server.arrived == [("78", "to the second")]


async def test_sent_ids_are_unique_between_chats(channel: Telegram) -> None:
    sent = [await channel.send(Outbound(Address("telegram", chat), "x")) for chat in ("77", "78")]
    chats = [external_id.partition(":")[0] for one in sent for external_id in one.external_ids]
    assert chats == ["77", "78"]


async def test_nothing_listens() -> None:
    channel = channel_at("http://127.0.0.1:9")
    with pytest.raises(SendError) as raised:
        await channel.send(Outbound(FARMER, "x"))
    assert (raised.value.retryable, raised.value.uncertain) == (True, False)
    with pytest.raises(SendError):
        await channel.start()
    await channel.close()


async def test_no_answer_in_time(server: TelegramServer) -> None:
    server.answer = lambda method, fields: server.wait_until(lambda: server.stopping, 3)  # type: ignore[method-assign]
    channel = channel_at(server.url, timeout=0.2)
    with pytest.raises(SendError) as raised:
        await channel.send(Outbound(FARMER, "x"))
    assert (raised.value.retryable, raised.value.uncertain) == (True, True)
    await channel.close()


def test_long_texts_are_cut_at_sentence_ends() -> None:
    text = "धान में पानी कम करें। 🌾 " * 400
    outbound = Outbound(FARMER, text, quick_replies=(QuickReply("more", "more"),), ask_location=True)
    parts = BENCH.channel.fit(outbound)
    assert len(parts) == 3
    assert all(utf16_units(part.text) == len(part.text.encode("utf-16-le")) // 2 <= 4096 for part in parts)
    assert all(part.text.endswith(("।", "🌾")) for part in parts)
    assert [bool(part.quick_replies or part.ask_location) for part in parts] == [False, False, True]
    assert "".join(" ".join(part.text for part in parts).split()) == "".join(text.split())
    assert BENCH.channel.preview(parts[0]) == (parts[0].text,)


async def test_the_preview_fits_alike_and_cannot_send() -> None:
    outbound = Outbound(FARMER, "x" * 5000)
    assert PreviewTelegram().fit(outbound) == BENCH.channel.fit(outbound)
    with pytest.raises(SendError):
        await PreviewTelegram().send(outbound)


def test_an_empty_text_sends_nothing() -> None:
    assert BENCH.channel.fit(Outbound(FARMER, " \n")) == ()


class Recorder:
    """Takes what `poll` reads; fails as often as told first."""

    def __init__(self, failures: int = 0) -> None:
        self.inbounds: list[Inbound] = []
        self.failures = failures
        self.taken = asyncio.Condition()

    async def __call__(self, inbounds: Sequence[Inbound]) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageError("database is away")
        async with self.taken:
            self.inbounds += inbounds
            self.taken.notify_all()

    async def wait(self, count: int) -> list[str]:
        """The texts once there are so many; a safety limit, no measurement."""
        async with asyncio.timeout(10), self.taken:
            await self.taken.wait_for(lambda: len(self.inbounds) >= count)
        return [inbound.text for inbound in self.inbounds]


class Pauses:
    """Waits for nothing and notes how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


async def polled(channel: Telegram, server: TelegramServer, recorder: Recorder, count: int) -> list[str]:
    """What polling records until so many texts came and Telegram knows of it."""
    task = asyncio.create_task(channel.poll(recorder))
    texts = await recorder.wait(count)
    last = server.next_update - 1
    assert await asyncio.to_thread(server.wait_until, lambda: server.confirmed >= last)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return texts


async def test_polling_records_then_confirms(channel: Telegram, server: TelegramServer) -> None:
    for text in ("one", "two"):
        server.add_message(text)
    server.add_update(message={"text": 5})
    server.add_update(callback_query=json.loads(pressed("rice").body)["callback_query"])
    assert await polled(channel, server, Recorder(), 3) == ["one", "two", "rice"]
    assert server.calls_of("sendChatAction")
    assert server.calls_of("answerCallbackQuery") == [{"callback_query_id": "c1"}]


async def test_an_update_is_not_confirmed_before_it_is_recorded(server: TelegramServer) -> None:
    pauses = Pauses()
    channel = channel_at(server.url, pause=pauses)
    server.add_message("one")
    recorder = Recorder(failures=3)
    assert await polled(channel, server, recorder, 1) == ["one"]
    assert pauses.seconds == [2, 4, 8]
    offsets = [int(fields["offset"]) for fields in server.calls_of("getUpdates")]
    assert offsets[:4] == [0, 0, 0, 0]
    await channel.close()


async def test_polling_goes_on_after_errors(server: TelegramServer, caplog: pytest.LogCaptureFixture) -> None:
    pauses = Pauses()
    channel = channel_at(server.url, pause=pauses)
    server.fail("getUpdates", too_many(9), BAD_GATEWAY, Failure(409, "Conflict: other getUpdates"), RESET)
    server.fail("sendChatAction", BAD_GATEWAY)
    server.add_message("still here")
    caplog.set_level(logging.INFO)
    assert await polled(channel, server, Recorder(), 1) == ["still here"]
    assert pauses.seconds == [9, 2, 4, 8]
    assert "still here" not in caplog.text
    assert TOKEN not in caplog.text
    await channel.close()


async def test_before_its_name_is_known_texts_stay_whole() -> None:
    channel = channel_at("http://127.0.0.1:9")
    channel.reader = replace(channel.reader, username="")
    case = IncomingCase("", said("/start@KhetdootBot"), expected=(Expected("/start@KhetdootBot", "77"),))
    await run_incoming(case, channel)


async def test_polling_acknowledges_words_alone(channel: Telegram, server: TelegramServer) -> None:
    server.add_update(message=json.loads(said(None, sticker=STICKER).body)["message"])
    recorder = Recorder()
    await polled(channel, server, recorder, 1)
    assert recorder.inbounds[0].kind is InboundKind.STICKER
    server.add_update(channel_post={"text": "alone"})
    await polled(channel, server, recorder, 1)
    assert len(recorder.inbounds) == 1
    assert not server.calls_of("sendChatAction")


async def test_a_refused_token_ends_polling(channel: Telegram, server: TelegramServer) -> None:
    server.fail("getUpdates", UNAUTHORIZED)
    with pytest.raises(ConfigurationError, match="KHETDOOT_TELEGRAM_TOKEN"):
        await channel.poll(Recorder())


async def test_start_registers_the_webhook_with_its_secret(channel: Telegram, server: TelegramServer) -> None:
    channel.reader = replace(channel.reader, username="")
    await channel.start("https://advice.example.org/")
    assert channel.reader.username == USERNAME
    assert server.webhook["url"] == "https://advice.example.org/channels/telegram/receive"
    assert server.webhook["secret_token"] == SECRET
    await channel.start()
    assert server.webhook == {}


async def test_start_names_the_setting_that_is_wrong(channel: Telegram, server: TelegramServer) -> None:
    server.fail("getMe", UNAUTHORIZED)
    with pytest.raises(ConfigurationError, match="KHETDOOT_TELEGRAM_TOKEN"):
        await channel.start()


@pytest.mark.parametrize("token", ["", "abc", "12:", ":abc", "x1:abc"])
def test_a_malformed_token_is_named(token: str) -> None:
    with pytest.raises(ConfigurationError, match="KHETDOOT_TELEGRAM_TOKEN"):
        Telegram(token, clock=lambda: NOW, location_label=str)


def test_a_secret_that_telegram_would_refuse_is_named() -> None:
    with pytest.raises(ConfigurationError, match="WEBHOOK_SECRET"):
        channel_at("http://127.0.0.1:9", secret="with spaces")


def test_without_a_secret_one_is_derived() -> None:
    first, second = (channel_at("http://127.0.0.1:9", secret="").secret for _ in range(2))
    assert first == second != ""
    assert TOKEN.partition(":")[2] not in first


PNG = b"\x89PNG\r\n\x1a\n\x00 a chart \r\n--"
NO_PHOTOS = Failure(400, "Bad Request: not enough rights to send photos to the chat")


async def test_a_picture_goes_with_its_text(channel: Telegram, server: TelegramServer) -> None:
    asked = Outbound(FARMER, "रविवार: बारिश < 5 mm", "hi", image=PNG, quick_replies=(QuickReply("Why?", "why"),))
    sent = await channel.send(asked)
    assert server.pictures == [("77", PNG)]
    (call,) = server.calls_of("sendPhoto")
    assert call["caption"] == "रविवार: बारिश &lt; 5 mm"
    assert call["reply_markup"]["inline_keyboard"] == [[{"text": "Why?", "callback_data": "why"}]]
    assert sent.external_ids == (f"77:{server.last_ids[77]}",)
    assert server.calls_of("sendMessage") == []


@pytest.mark.parametrize("refusals", [[NO_PHOTOS], [CANNOT_PARSE, NO_PHOTOS]], ids=["refused", "twice"])
async def test_without_its_picture_the_text_still_goes(
    channel: Telegram, server: TelegramServer, refusals: Sequence[Failure]
) -> None:
    server.fail("sendPhoto", *refusals)
    await channel.send(Outbound(FARMER, "Dry until Monday.", image=PNG))
    assert (server.pictures, server.sent(77)) == ([], ["Dry until Monday."])


async def test_a_caption_that_cannot_be_parsed_goes_plain(channel: Telegram, server: TelegramServer) -> None:
    server.fail("sendPhoto", CANNOT_PARSE)
    await channel.send(Outbound(FARMER, "a < b", image=PNG))
    assert (server.sent(77), len(server.pictures)) == (["a < b"], 1)


@pytest.mark.parametrize(("failure", "kind"), [(too_many(7), Throttled), (BLOCKED, ContactBlocked), (RESET, SendError)])
async def test_a_picture_that_may_go_later_is_not_sent_as_text(
    channel: Telegram, server: TelegramServer, failure: Failure, kind: type[SendError]
) -> None:
    server.fail("sendPhoto", failure)
    with pytest.raises(kind):
        await channel.send(Outbound(FARMER, "x", image=PNG))
    assert server.calls_of("sendMessage") == []


@pytest.mark.parametrize(("length", "parts"), [(100, 1), (1024, 1), (1025, 2), (5500, 3)])
def test_a_long_text_goes_on_after_its_picture(length: int, parts: int) -> None:
    text = ("धान में पानी कम करें। 🌾 " * 400)[: length - 1] + "।"
    text = text[: length - sum(sign > "\uffff" for sign in text)]
    filled = text + "।" * (length - utf16_units(text))
    fitted = BENCH.channel.fit(Outbound(FARMER, filled, image=PNG, quick_replies=(QuickReply("why", "why"),)))
    assert [bool(part.image) for part in fitted] == [True] + [False] * (parts - 1)
    assert [bool(part.quick_replies) for part in fitted] == [False] * (parts - 1) + [True]
    assert utf16_units(fitted[0].text) <= 1024
    assert "".join("".join(part.text for part in fitted).split()) == "".join(filled.split())


async def test_the_command_menu(channel: Telegram, server: TelegramServer) -> None:
    await channel.describe({"": {"help": "How to ask"}, "hi": {"help": "कैसे पूछें"}})
    assert server.commands["hi"] == [{"command": "help", "description": "कैसे पूछें"}]
    server.fail("setMyCommands", BAD_GATEWAY)
    with pytest.raises(SendError):
        await channel.describe({"": {"help": "x"}})


async def test_an_answer_takes_the_place_of_its_draft(channel: Telegram, server: TelegramServer) -> None:
    shown = await channel.draft(FARMER, "a < b", "")
    assert await channel.draft(FARMER, "a < b & c", shown) == shown
    answer = Outbound(FARMER, "a < b & d", quick_replies=(QuickReply("Rice", "rice"),), draft=shown)
    assert [(await channel.send(answer)).external_ids for _ in "ab"] == [(shown,)] * 2, (
        "edited once, the second is none"
    )
    (said,) = server.history.values()
    assert said == ["a < b", "a < b & c", "a &lt; b &amp; d"]
    server.fail("editMessageText", CANNOT_PARSE)
    await channel.send(replace(answer, text="e"))
    assert [call.get("parse_mode") for call in server.calls_of("editMessageText")[-2:]] == ["HTML", None]
    assert said[-1] == "e"


@pytest.mark.parametrize(
    "changes",
    [
        {"ask_location": True},
        {"image": b"\x89PNG"},
        {"draft": "77:1"},
        {"address": Address("telegram", "78")},
    ],
)
async def test_what_can_take_no_place_is_a_message_of_its_own(
    channel: Telegram, server: TelegramServer, changes: dict[str, Any]
) -> None:
    shown = await channel.draft(FARMER, "draft", "")
    await channel.send(replace(Outbound(FARMER, "answer", draft=shown), **changes))
    assert list(server.history.values()) == [["draft"], ["answer"]]


async def test_drafts_fail_as_messages_do(channel: Telegram, server: TelegramServer) -> None:
    shown = await channel.draft(FARMER, "draft", "")
    server.fail("editMessageText", too_many(3), BLOCKED, RESET)
    for kind, uncertain in ((Throttled, False), (ContactBlocked, False), (SendError, True)):
        with pytest.raises(kind) as raised:
            await channel.draft(FARMER, "more", shown)
        assert raised.value.uncertain is uncertain
