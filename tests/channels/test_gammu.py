"""The GSM modem's channel over a modem of the test's own: parts joined, reports once, nothing queued twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.gammu import MOST_WAITING, Gammu, part_of, relative_validity
from bot.channels.gateway import Common
from bot.domain.errors import SendError, StorageError, Throttled
from bot.domain.messages import Address, DeliveryReport, DeliveryStatus, Inbound, Outbound, Purpose
from bot.domain.modem import ReceivedSms, SentSms, SmsToSend
from tests.channels.cases import Request, call
from tests.fakes import FakeClock
from tests.web.fake_doors import FakeInbox

ASHA = "+919876543210"
HINDI = "धान तना छेदक: सूखी गोभ, सफेद बाली खींचकर नष्ट करें, अंडों के गुच्छे चुनें, ठूंठ जोतें। दवा से पहले पूछें।"


class FakeModem:
    """gammu-smsd's database in lists."""

    def __init__(self) -> None:
        self.queued: dict[str, tuple[str, list[SmsToSend], int, int]] = {}
        self.inbox: list[ReceivedSms] = []
        self.fates: list[SentSms] = []
        self.error: StorageError | None = None
        self.closed = False

    def queue(self, identity: str, to: str, parts: Sequence[SmsToSend], priority: int, validity: int) -> bool:
        if self.error:
            raise self.error
        new = identity not in self.queued
        self.queued.setdefault(identity, (to, list(parts), priority, validity))
        return new

    def waiting(self) -> int:
        return len(self.queued)

    def received(self) -> list[ReceivedSms]:
        return list(self.inbox)

    def remove_received(self, numbers: Sequence[int]) -> None:
        self.inbox = [sms for sms in self.inbox if sms.number not in numbers]

    def sent(self) -> list[SentSms]:
        return list(self.fates)

    def remove_sent(self, identity: str) -> None:
        self.fates = [fate for fate in self.fates if fate.identity != identity]

    def close(self) -> None:
        self.closed = True


class Desk:
    """What the channel passes on."""

    def __init__(self) -> None:
        self.clock, self.modem = FakeClock(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)), FakeModem()
        self.channel = Gammu(self.modem, Common(self.clock))
        self.inbounds: list[Inbound] = []
        self.reports: list[DeliveryReport] = []

    async def record(self, inbounds: Sequence[Inbound]) -> None:
        self.inbounds += inbounds

    async def report(self, report: DeliveryReport) -> None:
        self.reports.append(report)

    async def look(self) -> None:
        await self.channel.look(self.record, self.report)

    def arrive(self, number: int, text: str, header: str = "", sender: str = ASHA) -> None:
        self.modem.inbox.append(ReceivedSms(number, "2026-07-01 06:00:00", sender, text, bytes.fromhex(header)))

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.inbounds]


async def test_parts_in_any_order_are_one_message() -> None:
    desk = Desk()
    desk.arrive(7, "keeda hai", "050003C70202")
    desk.arrive(8, "wheat")
    desk.arrive(9, "mere dhan me ", "050003C70201")
    await desk.look()
    assert desk.texts() == ["mere dhan me keeda hai", "wheat"]
    assert desk.inbounds[1].external_id == "gammu:8-2026-07-01 06:00:00"
    assert desk.modem.inbox == []


async def test_two_senders_with_the_same_reference_stay_apart() -> None:
    desk = Desk()
    desk.arrive(1, "a1", "050003C70201")
    desk.arrive(2, "b1", "050003C70201", "+919876500001")
    desk.arrive(3, "b2", "050003C70202", "+919876500001")
    await desk.look()
    assert desk.texts() == ["b1b2"]


async def test_missing_parts_are_waited_for_a_while() -> None:
    desk = Desk()
    desk.arrive(1, "mere dhan me ", "06080400C70201")
    await desk.look()
    desk.clock.advance(seconds=59)
    await desk.look()
    assert desk.texts() == []
    desk.clock.advance(seconds=2)
    await desk.look()
    assert desk.texts() == ["mere dhan me"]


async def test_advertisers_are_removed_unheard() -> None:
    desk = Desk()
    desk.arrive(1, "Recharge now", sender="VK-AIRTEL")
    await desk.look()
    assert (desk.inbounds, desk.modem.inbox) == ([], [])


async def test_a_message_that_was_not_recorded_stays() -> None:
    desk = Desk()
    desk.arrive(1, "wheat")

    async def fail(inbounds: Sequence[Inbound]) -> None:
        raise StorageError("database is away")

    with pytest.raises(StorageError):
        await desk.channel.look(fail, desk.report)
    assert len(desk.modem.inbox) == 1


async def test_long_messages_go_in_parts_once() -> None:
    desk = Desk()
    message = Outbound(Address("sms", ASHA), HINDI, "hi", purpose=Purpose.ALERT, id="abc",
                       expires_at=desk.clock() + timedelta(hours=2))  # fmt: skip
    for _ in range(2):
        sent = await desk.channel.send(message)
    assert sent.external_ids == ("gammu:abc.1", "gammu:abc.2") == desk.channel.tracked_ids(message)
    assert len(desk.modem.queued) == 1
    to, parts, priority, validity = desk.modem.queued["abc"]
    assert (to, priority, validity) == (ASHA, 1, 23)
    assert [part.header.hex() for part in parts] == ["050003c20201", "050003c20202"]
    assert "".join(part.text for part in parts) == HINDI
    assert all(part.ucs2 for part in parts)


async def test_the_modems_own_queue_stays_short() -> None:
    desk = Desk()
    for number in range(MOST_WAITING):
        await desk.channel.send(Outbound(Address("sms", ASHA), "x", id=str(number)))
    with pytest.raises(Throttled) as raised:
        await desk.channel.send(Outbound(Address("sms", ASHA), "x", id="more"))
    assert not raised.value.whole_channel


async def test_without_its_database_nothing_is_sent() -> None:
    desk = Desk()
    desk.modem.error = StorageError("no such file")
    with pytest.raises(SendError) as raised:
        await desk.channel.send(Outbound(Address("sms", ASHA), "x", id="abc"))
    assert (raised.value.retryable, raised.value.uncertain) == (True, False)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("SendingOK", DeliveryStatus.SENT),
        ("SendingOKNoReport", DeliveryStatus.SENT),
        ("DeliveryPending", DeliveryStatus.SENT),
        ("DeliveryUnknown", DeliveryStatus.SENT),
        ("DeliveryOK", DeliveryStatus.DELIVERED),
        ("DeliveryFailed", DeliveryStatus.FAILED),
        ("SendingError", DeliveryStatus.FAILED),
        ("Error", DeliveryStatus.FAILED),
    ],
)
async def test_states(word: str, status: DeliveryStatus) -> None:
    desk = Desk()
    desk.modem.fates = [SentSms("abc", 1, word, 42), SentSms("abc", 2, "Reserved", -1)]
    await desk.look()
    await desk.look()
    (report,) = desk.reports
    assert (report.channel, report.external_id, report.status) == ("sms", "gammu:abc.1", status)
    assert report.error == (f"{word} 42" if status is DeliveryStatus.FAILED else "")


async def test_what_has_ended_or_stays_silent_is_tidied_away() -> None:
    desk = Desk()
    desk.modem.fates = [SentSms("ended", 1, "DeliveryOK", -1), SentSms("silent", 1, "SendingOK", -1)]
    await desk.look()
    assert [fate.identity for fate in desk.modem.fates] == ["silent"]
    desk.clock.advance(days=4)
    await desk.look()
    assert desk.modem.fates == []
    assert len(desk.reports) == 2


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", (0, 1, 1)),
        ("050003C70201", (0xC7, 2, 1)),
        ("06080401C70302", (0x1C7, 3, 2)),
        ("0A240106050003C70202", (0, 1, 1)),
        ("080003C7020224" + "0106", (0xC7, 2, 2)),
        ("05000304", (0, 1, 1)),
        ("050003C70001", (0, 1, 1)),
    ],
)
def test_headers(header: str, part: tuple[int, int, int]) -> None:
    assert part_of(ReceivedSms(1, "", ASHA, "", bytes.fromhex(header))) == part


@pytest.mark.parametrize(
    ("seconds", "value"),
    [(None, -1), (60, 0), (600, 1), (7200, 23), (43_200, 143), (45_000, 144), (86_400, 167), (90_000, 167),
     (172_800, 168), (30 * 86_400, 196), (35 * 86_400, 197), (10**9, 255)],
)  # fmt: skip
def test_validity_never_exceeds_the_time_left(seconds: int | None, value: int) -> None:
    assert relative_validity(seconds) == value


async def test_the_webhook_only_wakes() -> None:
    desk, inbox = Desk(), FakeInbox()
    assert (await call(desk.channel, Request(), inbox)).status_code == 200
    assert desk.channel.woken.is_set()
    assert (await call(desk.channel, Request(), inbox, "delivery")).status_code == 404
    assert (await call(desk.channel, Request(method="GET"), inbox)).status_code == 405
    assert inbox.inbounds == []
    await desk.channel.close()
    assert desk.modem.closed
