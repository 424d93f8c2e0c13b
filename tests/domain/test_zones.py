"""Quiet hours in the reader's own time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain.messages import Address, Outbound, Purpose
from bot.domain.zones import QuietHours, start_of_day, zone_of

NIGHT = QuietHours(time(20), time(7))
ALERT = Outbound(Address("sms", "+919876543210"), "x", purpose=Purpose.ALERT)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("region", "now", "until"),
    [
        ("IN-UP", at(14, 29), None),  # 19:59
        ("IN-UP", at(14, 30), at(1, 30) + timedelta(days=1)),  # 20:00 until 7:00
        ("IN-UP", at(0), at(1, 30)),  # 5:30
        ("IN-UP", at(1, 30), None),  # 7:00
        ("KE", at(14, 30), None),  # 17:30
        ("KE", at(18), at(4) + timedelta(days=1)),  # 21:00
        (None, at(21), at(7) + timedelta(days=1)),
    ],
)
def test_alerts_wait_for_the_morning(region: str | None, now: datetime, until: datetime | None) -> None:
    assert NIGHT.until(ALERT, region, now) == until


def test_answers_and_what_is_urgent_do_not_wait() -> None:
    purposes = (Purpose.REPLY, Purpose.FAREWELL, Purpose.HANDOFF)
    asked = [Outbound(ALERT.address, "x", purpose=purpose) for purpose in purposes]
    urgent = Outbound(ALERT.address, "x", purpose=Purpose.ALERT, urgent=True)
    assert [NIGHT.until(outbound, "IN", at(18)) for outbound in (*asked, urgent)] == [None] * 4
    assert NIGHT.until(Outbound(ALERT.address, "x", purpose=Purpose.BROADCAST), "IN", at(18))


def test_hours_within_a_day_and_none() -> None:
    assert QuietHours(time(1), time(5)).until(ALERT, None, at(4)) == at(5)
    assert QuietHours(time(1), time(5)).until(ALERT, None, at(6)) is None
    assert QuietHours(time(0), time(0)).until(ALERT, None, at(0)) is None


def test_days_begin_at_local_midnight() -> None:
    assert start_of_day("IN", at(18, 29)) == at(18, 30) - timedelta(days=1)
    assert start_of_day("IN", at(18, 30)) == at(18, 30)


def test_every_country_has_a_zone() -> None:
    names = {str(zone_of(country)) for country in ("IN", "KE", "TZ", "BD", "NP", "PK", "MX", "BR", "US", "ID")}
    assert "UTC" not in names
    assert str(zone_of("BR")) == "America/Sao_Paulo"
