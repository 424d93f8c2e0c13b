"""The channel `sms`: several gateways by priority behind one name, so that a contact stays one person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.channels.dlt import Registry
from bot.channels.gateway import SMS, Gateway
from bot.channels.no_webhook import NoWebhook
from bot.domain.errors import SendError, Throttled
from bot.domain.messages import Outbound, Sent

FIRST_REST, LONGEST_REST = 5.0, 120.0
Wait = Callable[[str, float, float], float]
"""(key, messages a second, burst) -> seconds to wait, 0 when the turn was taken (see Cache)."""


class SmsGateways(NoWebhook):
    """Sends through the first gateway that works. One that fails as a whole rests, longer each time; a message that
    it may have taken is never given to another one. With a `registry` only texts that stand in it go out."""

    name = SMS
    supports_buttons = False
    short = True

    def __init__(
        self,
        gateways: Sequence[Gateway],
        rates: Mapping[str, float],
        *,
        clock: Callable[[], datetime],
        wait: Wait,
        taken: Callable[[str], bool],
        registry: Registry | None = None,
    ) -> None:
        self.gateways = gateways
        self.rates = rates
        self.clock = clock
        self.wait = wait
        self.taken = taken
        self.registry = registry
        self.certain = all(gateway.certain for gateway in gateways)
        self.rests: dict[str, tuple[datetime, float]] = {}

    def fit(self, outbound: Outbound) -> tuple[Outbound, ...]:
        """As the first gateway needs it. Where only registered texts may go out, another one becomes the registered
        word on where the answer waits; nothing is left where there is none."""
        fitted = self.gateways[0].fit(outbound)
        if all(self.may_send(part) for part in fitted):
            return fitted
        assert self.registry
        pointer = self.registry.pointer(outbound.language)
        return (replace(outbound, text=pointer, quick_replies=(), ask_location=False),) if pointer else ()

    def may_send(self, outbound: Outbound) -> bool:
        """Whether the text is registered, or need not be."""
        return self.registry is None or self.registry.match(outbound.text) is not None

    def preview(self, outbound: Outbound) -> tuple[str, ...]:
        """As the first gateway sends it."""
        return self.gateways[0].preview(outbound)

    def tracked_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """The ids that reports will have at those gateways that use ours."""
        return tuple(external_id for gateway in self.gateways for external_id in gateway.tracked_ids(outbound))

    def turn(self) -> float:
        """Seconds until the next message may be handed over; 0 takes the turn."""
        working = self.working()
        if not working:
            return max(0.1, min((until - self.clock()).total_seconds() for until, _ in self.rests.values()))
        name = working[0].name
        rate = self.rates.get(name, 1.0)
        return self.wait(f"sms:{name}", rate, max(1.0, rate / 5))

    def working(self) -> list[Gateway]:
        """The gateways that do not rest, by priority."""
        now = self.clock()
        return [gateway for gateway in self.gateways if now >= self.rests.get(gateway.name, (now, 0.0))[0]]

    async def send(self, outbound: Outbound) -> Sent:
        """Raises Throttled while all gateways rest, and what the gateway raises for the message itself."""
        if not self.may_send(outbound):
            raise SendError("DLT: the text is not registered", retryable=False)
        if outbound.doubtful and (known := await asyncio.to_thread(self.known_ids, outbound)):
            return Sent(known)
        for gateway in self.working():
            try:
                sent = await gateway.send(outbound)
            except SendError as error:
                if not is_ill(error):
                    raise
                self.rest(gateway, error)
            else:
                self.rests.pop(gateway.name, None)
                return sent
        raise Throttled("no SMS gateway works now", max(FIRST_REST, self.turn()), whole_channel=True)

    def known_ids(self, outbound: Outbound) -> tuple[str, ...]:
        """The ids of a message that one gateway has whole, by what it has reported since."""
        for gateway in self.gateways:
            ids = gateway.tracked_ids(outbound)
            if ids and all(self.taken(external_id) for external_id in ids):
                return ids
        return ()

    def rest(self, gateway: Gateway, error: SendError) -> None:
        """Leaves a gateway alone for a while."""
        last = self.rests.get(gateway.name, (self.clock(), FIRST_REST / 2))[1]
        seconds = error.retry_after if isinstance(error, Throttled) else min(last * 2, LONGEST_REST)
        self.rests[gateway.name] = (self.clock() + timedelta(seconds=seconds), min(last * 2, LONGEST_REST))

    async def close(self) -> None:
        """Closes all gateways."""
        for gateway in self.gateways:
            await gateway.close()


def is_ill(error: SendError) -> bool:
    """Whether the gateway, not the message, is the reason, and it surely did not take the message."""
    if isinstance(error, Throttled):
        return error.whole_channel
    return error.retryable and not error.uncertain
