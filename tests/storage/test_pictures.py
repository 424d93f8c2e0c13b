"""Pictures beside messages: carried to the sender, and erased as soon as nobody needs them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.domain.messages import Address, Inbound, Outbound
from bot.storage.claims import TurnSummary
from bot.storage.messages import Messages
from bot.storage.tables import pictures
from tests.storage.conftest import FrozenClock, Make

LEASE = timedelta(seconds=30)
PNG = b"\x89PNG\r\n\x1a\n\x00picture"
WEB = Address("web", "a-session-of-a-page")


def kept(messages: Messages) -> int:
    """How many pictures are stored."""
    with messages.database.read() as connection:
        return connection.execute(select(func.count()).select_from(pictures)).scalar_one()


def queued(messages: Messages, inbound: Inbound, text: str = "Dry until Monday.") -> str:
    """A turn whose answer has a picture; the answer's id."""
    messages.record(inbound)
    claim = messages.claim_inbound("w", LEASE)
    assert claim is not None
    outbounds = [Outbound(inbound.address, "first"), Outbound(inbound.address, text, image=PNG)]
    messages.complete(claim, claim.contact, outbounds, [], TurnSummary())
    return messages.replies_for(inbound.address)[-1].id


def test_the_sender_gets_the_picture_with_its_message(messages: Messages, inbound: Make) -> None:
    answer = queued(messages, inbound())
    (first,) = messages.claim_outbound("s", 9, LEASE, ["sms"])
    assert first.outbound.image == b""
    messages.mark_sent(first.id, ["g1"])
    (second,) = messages.claim_outbound("s", 9, LEASE, ["sms"])
    assert (second.id, second.outbound.image) == (answer, PNG)
    messages.mark_retry(second.id, "busy", messages.clock())
    (again,) = messages.claim_outbound("s", 9, LEASE, ["sms"])
    assert again.outbound.image == PNG
    assert messages.mark_sent(again.id, ["g2"])
    assert kept(messages) == 0


def test_a_page_reads_its_own_picture_for_a_day(messages: Messages, clock: FrozenClock) -> None:
    queued(messages, Inbound(WEB, "m1", "weather", clock()))
    for _ in range(2):
        (row,) = messages.claim_outbound("s", 9, LEASE, ["web"])
        messages.mark_sent(row.id)
    first, answer = messages.replies_for(WEB)
    assert (first.picture, answer.picture) == (False, True)
    assert messages.picture_for(WEB, answer.number) == PNG
    assert messages.picture_for(WEB, first.number) is None
    assert messages.picture_for(Address("web", "another-page-there"), answer.number) is None
    clock.move(hours=23)
    messages.erase_texts(clock() - timedelta(days=90))
    assert messages.picture_for(WEB, answer.number) == PNG
    clock.move(hours=2)
    messages.erase_texts(clock() - timedelta(days=90))
    assert messages.picture_for(WEB, answer.number) is None


def test_what_is_given_up_or_forgotten_keeps_no_picture(messages: Messages, inbound: Make) -> None:
    messages.mark_failed(queued(messages, inbound()), "no such chat")
    assert kept(messages) == 0
    message = inbound("again")
    queued(messages, message)
    assert kept(messages) == 1
    claim = messages.record(message)
    assert claim.contact_id is not None
    messages.record(inbound("forget"))
    turn = messages.claim_inbound("w", LEASE)
    assert turn is not None
    messages.complete(turn, turn.contact, [], [], TurnSummary(), forget=True)
    assert kept(messages) == 0


def test_a_repeated_bulk_message_keeps_its_first_picture(messages: Messages) -> None:
    sent = [Outbound(WEB, "rain", image=PNG), Outbound(WEB, "wind")]
    ids = messages.queue(sent, key="alert:1")
    assert messages.queue([Outbound(WEB, "rain", image=b"other"), sent[1]], key="alert:1") == ids
    with messages.database.read() as connection:
        assert connection.execute(select(pictures.c.outbox_id, pictures.c.data)).all() == [(ids[0], PNG)]
