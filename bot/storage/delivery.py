"""The states of an outgoing message: which may follow which, and what its parts' states make of it."""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.messages import RANK, DeliveryStatus

ENDS = frozenset(status for status, rank in RANK.items() if rank == max(RANK.values()))
"""States that nothing follows."""


def advanced(current: DeliveryStatus, reported: DeliveryStatus) -> DeliveryStatus:
    """The state after a report: only forwards, so that late and repeated reports change nothing."""
    return reported if RANK[reported] > RANK[current] else current


def combined(parts: Collection[DeliveryStatus]) -> DeliveryStatus:
    """A message's state from its parts': it failed with its first lost part and arrived with its last one."""
    for lost in (DeliveryStatus.STOPPED, DeliveryStatus.FAILED, DeliveryStatus.EXPIRED):
        if lost in parts:
            return lost
    return min(parts, key=RANK.__getitem__)
