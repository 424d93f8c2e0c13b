"""What time it is where a contact lives, and when she may be woken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from bot.domain.messages import Outbound, Purpose

UNASKED = frozenset({Purpose.ALERT, Purpose.BROADCAST})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nobody is written to who has not asked; equal times: never quiet."""

    start: time
    end: time

    def until(self, outbound: Outbound, region: str | None, now: datetime) -> datetime | None:
        """When the message may go out if that is not now. What was asked for and what is urgent is never held."""
        if outbound.purpose not in UNASKED or outbound.urgent:
            return None
        local = now.astimezone(zone_of(region))
        if not self.covers(local.time()):
            return None
        morning = datetime.combine(local.date(), self.end, local.tzinfo)
        return (morning if morning > local else morning + timedelta(days=1)).astimezone(now.tzinfo)

    def covers(self, moment: time) -> bool:
        """Whether a local time is quiet; the hours may pass midnight."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def zone_of(region: str | None) -> ZoneInfo:
    """The time zone of an ISO 3166 region such as IN-UP (its country's main one), UTC where unknown."""
    return ZoneInfo(main_zones().get((region or "").partition("-")[0], "UTC"))


def start_of_day(region: str | None, now: datetime) -> datetime:
    """Local midnight before a moment."""
    local = now.astimezone(zone_of(region))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)


@cache
def main_zones() -> dict[str, str]:
    """Zone names by country: the first that tzdata lists, which is the most populous one."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {country: zone for country, _, zone, *_ in reversed(rows)} | {"BR": "America/Sao_Paulo"}
