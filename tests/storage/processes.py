"""What the concurrency tests run as processes of their own: `python -m tests.storage.processes ROLE URL ...`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from bot.domain.messages import Address, Inbound, Outbound
from bot.storage.claims import TurnSummary
from bot.storage.database import Database
from bot.storage.messages import Messages

LEASE = timedelta(seconds=60)
SUMMARY = TurnSummary("en", "ask_advice", "pest", "answered", "rice/stem-borer")


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def say(word: str) -> None:
    """Tells the test how far this process is."""
    print(word, flush=True)


def hang() -> str:
    """Stops here until killed."""
    say("hanging")
    time.sleep(600)
    raise AssertionError("nobody killed this process")


def new_id() -> str:
    """A real id."""
    return uuid4().hex


def record(messages: Messages, contacts: str, count: str) -> None:
    """Records the same messages as every other process of this role."""
    for number in range(int(count)):
        address = Address("sms", f"+{number % int(contacts)}")
        messages.record(Inbound(address, f"m{number}", f"question {number}", now()))


def answer(messages: Messages, worker: str) -> None:
    """Answers until nothing is pending."""
    while messages.counts().inbox.keys() & {"received", "processing"}:
        claim = messages.claim_inbound(worker, LEASE)
        if claim is None:
            time.sleep(0.005)
            continue
        replies = [Outbound(claim.contact.address, f"{claim.inbound.external_id}/{part}") for part in "ab"]
        messages.complete(claim, claim.contact, replies, [], SUMMARY)


def send(messages: Messages, worker: str, gateway: str) -> None:
    """Sends until nothing waits; the gateway is a file to which a line is appended at once."""
    with Path(gateway).open("a", buffering=1) as taken:
        while messages.counts().outbox.keys() & {"queued", "sending"}:
            rows = messages.claim_outbound(worker, 4, LEASE, ["sms"])
            for row in rows:
                taken.write(f"{row.outbound.address.id} {row.outbound.text} {row.uncertain}\n")
                messages.mark_sent(row.id, [f"g{row.number}"])
            if not rows:
                time.sleep(0.005)


def claim_and_hang(messages: Messages, worker: str) -> None:
    """Dies between claim and complete."""
    assert messages.claim_inbound(worker, LEASE) is not None
    hang()


def complete_and_hang(messages: Messages, worker: str) -> None:
    """Dies within the transaction of `complete`, when the inbound is done and no reply is written yet."""
    claim = messages.claim_inbound(worker, LEASE)
    assert claim is not None
    messages.ids = hang
    messages.complete(claim, claim.contact, [Outbound(claim.contact.address, "never")], [], SUMMARY)


def send_and_hang(messages: Messages, worker: str) -> None:
    """Dies when the gateway may have taken the message."""
    assert messages.claim_outbound(worker, 1, LEASE, ["sms"])
    hang()


ROLES = {role.__name__: role for role in (record, answer, send, claim_and_hang, complete_and_hang, send_and_hang)}


def main(role: str, url: str, *arguments: str) -> None:
    """Runs one role."""
    database = Database(url)
    messages = Messages(database, now, new_id)
    # Tests kill one after the other; none of these messages is to be given up for that.
    messages.max_attempts = 100
    say("ready")
    ROLES[role](messages, *arguments)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
