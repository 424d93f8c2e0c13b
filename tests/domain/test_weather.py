"""Cells, days made of hours, and the formulas, against published numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.messages import Location
from bot.domain.weather import (
    HOUR,
    Cell,
    HourlySeries,
    daylight,
    delta_t,
    hargreaves,
    rain_day,
    saturation_pressure,
    summarise,
    vapour_pressure_deficit,
    wet_bulb,
    zone_of,
)

START = datetime(2026, 7, 9, tzinfo=UTC)
INDIA = ZoneInfo("Asia/Kolkata")


def hours(count: int = 96, rain: dict[int, float] | None = None) -> HourlySeries:
    nothing = (None,) * count
    fallen = tuple((rain or {}).get(index, 0.0) for index in range(count))
    temperature = tuple(float(index) for index in range(count))
    return HourlySeries(
        START, temperature, nothing, nothing, fallen, nothing, nothing, nothing, nothing, nothing, nothing
    )


def test_cells() -> None:
    assert Cell.of(Location(27.64, 78.09)) == Cell.of(Location(27.56, 78.06))
    assert str(Cell.of(Location(-1.04, 36.96))) == "-1.0,37.0"
    assert Cell.of(Location(27.64, 78.04)).location == Location(27.6, 78.0)


def test_between_takes_hours_that_end_in_the_span() -> None:
    part = hours().between(START + 2 * HOUR, START + 5 * HOUR)
    assert part.times == (START + 3 * HOUR, START + 4 * HOUR, START + 5 * HOUR)
    assert part.temperature == (3.0, 4.0, 5.0)
    assert len(hours().between(START - 9 * HOUR, START)) == 1
    assert len(hours().between(START + 95 * HOUR, START + 200 * HOUR)) == 0
    assert len(hours().between(START + 300 * HOUR, START + 400 * HOUR)) == 0
    assert hours().end == START + 95 * HOUR


def test_india_s_rain_day_runs_from_half_past_eight_to_half_past_eight() -> None:
    assert rain_day(date(2026, 7, 10), "IN-UP", INDIA) == (
        datetime(2026, 7, 10, 3, tzinfo=UTC),
        datetime(2026, 7, 11, 3, tzinfo=UTC),
    )
    # Hours that end at 03:00 belong to the day before, those that end at 04:00 to the new one.
    fallen = hours(rain={27: 1.0, 28: 10.0, 51: 100.0, 52: 1000.0})
    day = summarise(fallen, date(2026, 7, 10), "IN-UP", INDIA, START)
    assert day.rain == 110.0
    kenya = summarise(fallen, date(2026, 7, 10), "KE-31", ZoneInfo("Africa/Nairobi"), START)
    assert kenya.rain == 11.0, "elsewhere the local day"


def test_today_is_what_is_left_of_it() -> None:
    now = datetime(2026, 7, 10, 6, 20, tzinfo=UTC)
    day = summarise(hours(rain={29: 5.0, 31: 7.0}), date(2026, 7, 10), "IN-UP", INDIA, now)
    assert day.rain == 7.0
    assert (day.low, day.high) == (30.0, 41.0), "06:00 UTC to 23:30 IST"
    tomorrow = summarise(hours(), date(2026, 7, 11), "IN-UP", INDIA, now)
    assert (tomorrow.low, tomorrow.high) == (42.0, 65.0)


def test_a_day_without_hours_is_empty() -> None:
    day = summarise(hours(), date(2026, 8, 1), "IN-UP", INDIA, START)
    assert (day.low, day.high, day.rain, day.evapotranspiration) == (None, None, None, None)


@pytest.mark.parametrize(
    ("region", "longitude", "hours_east"),
    [("IN-UP", 78.0, 5.5), ("KE-31", 36.0, 3), ("RW-03", 30.0, 2), ("BR", -47.0, -3), ("", 1.0, 0), (None, 76.0, 5)],
)
def test_time_zones(region: str | None, longitude: float, hours_east: float) -> None:
    zone = zone_of(region, Location(0, longitude))
    assert datetime(2026, 7, 10, tzinfo=zone).utcoffset() == timedelta(hours=hours_east)


def test_formulas_against_published_values() -> None:
    assert wet_bulb(20, 50) == pytest.approx(13.7, abs=0.05), "Stull 2011, his example"
    assert delta_t(20, 50) == pytest.approx(6.3, abs=0.05)
    assert saturation_pressure(24.5) == pytest.approx(3.075, abs=0.005), "FAO-56, example 3"
    assert vapour_pressure_deficit(25, 50) == pytest.approx(1.58, abs=0.01)
    # FAO-56, example 20: Lyon (45°43'N) in July, 14.8 to 26.6 °C: 5.0 mm a day.
    assert hargreaves(14.8, 26.6, 45.72, date(2026, 7, 15)) == pytest.approx(5.0, abs=0.1)


def test_daylight_within_a_quarter_of_an_hour() -> None:
    # Delhi on 21 June: 05:24 to 19:22 IST.
    sunrise, sunset = daylight(Location(28.61, 77.21), date(2026, 6, 21))
    assert abs(sunrise - datetime(2026, 6, 20, 23, 54, tzinfo=UTC)) < timedelta(minutes=15)
    assert abs(sunset - datetime(2026, 6, 21, 13, 52, tzinfo=UTC)) < timedelta(minutes=15)
