"""Advice rules at their boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.weather import HOUR, Cell, Forecast, HourlySeries, Series, days
from bot.skills.weather_advice import Advice, Outlook, advise

INDIA = ZoneInfo("Asia/Kolkata")
START = datetime(2026, 7, 7, tzinfo=UTC)
NOW = datetime(2026, 7, 10, 1, 0, tzinfo=UTC)
"""06:30 IST."""
TODAY = date(2026, 7, 10)
COUNT = 24 * 9


def constant(value: float | None) -> Series:
    return (value,) * COUNT


CALM = HourlySeries(
    start=START,
    temperature=constant(28.0),
    humidity=constant(65.0),
    dew_point=constant(20.0),
    rain=constant(0.0),
    rain_chance=constant(5.0),
    wind=constant(8.0),
    gusts=constant(12.0),
    cloud=constant(30.0),
    evapotranspiration=constant(0.2),
    code=constant(1.0),
)


def with_rain(
    *amounts: tuple[datetime, float], hours: HourlySeries = CALM, chance: float | None = 80.0
) -> HourlySeries:
    rain, chances = list(hours.rain), list(hours.rain_chance)
    for moment, amount in amounts:
        index = int((moment - START) / HOUR)
        rain[index], chances[index] = amount, chance
    return replace(hours, rain=tuple(rain), rain_chance=tuple(chances))


def advice(
    work: str, hours: HourlySeries, now: datetime = NOW, wanted: date = TODAY, crop: str | None = None
) -> Advice:
    forecast = Forecast(Cell(276, 781), hours, now, "test", "")
    summaries = tuple(days(forecast, "IN-UP", INDIA, now, 5))
    found = advise(work, Outlook(forecast, summaries, INDIA, now, wanted, crop))
    assert found is not None
    return found


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 7, day, hour, tzinfo=UTC)


def test_a_good_day_for_spraying_leaves_out_the_inversions() -> None:
    found = advice("spray", CALM)
    assert found.key == "weather.spray.good"
    assert found.start is not None
    assert found.end is not None
    assert (found.start.hour, found.start.minute) == (6, 30), "an hour after sunrise at the earliest"
    assert found.end.hour <= 18, "two hours before sunset at the latest"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"wind": 2.0}, "good"),
        ({"wind": 1.9}, "calm"),
        ({"wind": 15.0}, "good"),
        ({"wind": 15.1}, "windy"),
        ({"humidity": 95.0}, "damp"),
        ({"humidity": 30.0, "temperature": 38.0}, "dry"),
        ({"wind": None}, "good"),
    ],
)
def test_spraying_limits(change: dict[str, float | None], reason: str) -> None:
    series = {name: constant(value) for name, value in change.items()}
    assert advice("spray", replace(CALM, **series)).key == f"weather.spray.{reason}"  # type: ignore[arg-type]


def test_no_spraying_within_six_hours_before_rain() -> None:
    found = advice("spray", with_rain((at(10, 10), 3.0)))
    assert found.key == "weather.spray.good"
    assert found.end is not None
    assert found.end <= at(10, 4).astimezone(INDIA) + HOUR
    assert found.start == at(10, 1).astimezone(INDIA)
    all_day = [(at(day, hour), 1.0) for day in (10, 11, 12) for hour in range(24)]
    assert advice("spray", with_rain(*all_day)).key == "weather.spray.rain"


def test_a_chance_of_rain_forbids_spraying_too() -> None:
    risky = replace(CALM, rain_chance=constant(50.0))
    assert advice("spray", risky).key == "weather.spray.rain"
    assert advice("spray", replace(CALM, rain_chance=constant(49.0))).key == "weather.spray.good"


def test_spraying_moves_to_tomorrow() -> None:
    evening = at(10, 12)
    found = advice("spray", CALM, now=evening)
    assert found.key == "weather.spray.later"
    assert found.day == date(2026, 7, 11)


@pytest.mark.parametrize(
    ("rain", "key"),
    [
        ([], "go"),
        ([(at(11, 8), 9.9)], "go"),
        ([(at(11, 8), 10.0)], "wait"),
        ([(at(9, 8), 19.9)], "go"),
        ([(at(9, 8), 20.0)], "wet"),
    ],
)
def test_irrigation(rain: list[tuple[datetime, float]], key: str) -> None:
    assert advice("irrigate", with_rain(*rain)).key == f"weather.irrigate.{key}"


def test_irrigation_need_is_et0_times_the_crop_s_factor() -> None:
    general, wheat = advice("irrigate", CALM), advice("irrigate", CALM, crop="wheat")
    assert general.amount == pytest.approx(3 * 24 * 0.2)
    assert wheat.amount == pytest.approx(3 * 24 * 0.2 * 1.15)


def test_irrigation_without_et0_estimates_it() -> None:
    swinging = tuple(20.0 + index % 24 / 2 for index in range(COUNT))
    found = advice("irrigate", replace(CALM, evapotranspiration=constant(None), temperature=swinging))
    assert found.amount is not None
    assert 9 < found.amount < 24


@pytest.mark.parametrize(
    ("rain", "key"),
    [
        ([], "none"),
        ([(at(9, 8), 20.0)], "fallen"),
        ([(at(11, 8), 19.9)], "none"),
        ([(at(11, 8), 20.0)], "coming"),
        ([(at(11, 8), 64.4)], "coming"),
        ([(at(11, 8), 64.5)], "heavy"),
    ],
)
def test_sowing(rain: list[tuple[datetime, float]], key: str) -> None:
    assert advice("sow", with_rain(*rain)).key == f"weather.sow.{key}"


@pytest.mark.parametrize("work", ["harvest", "dry"])
@pytest.mark.parametrize(
    ("rain", "chance", "key"),
    [
        ([], 80.0, "good"),
        ([(at(13, 8), 2.5)], 80.0, "until"),
        ([(at(11, 8), 2.5)], 80.0, "wait"),
        ([(at(11, 8), 2.4)], 20.0, "good"),
        ([(at(11, 8), 2.4)], 50.0, "wait"),
    ],
)
def test_dry_work(work: str, rain: list[tuple[datetime, float]], chance: float, key: str) -> None:
    assert advice(work, with_rain(*rain, chance=chance)).key == f"weather.{work}.{key}"


@pytest.mark.parametrize(("amount", "key"), [(0.0, "dry"), (2.4, "dry"), (2.5, "good"), (15.5, "good"), (15.6, "wait")])
def test_fertilising(amount: float, key: str) -> None:
    assert advice("fertilise", with_rain((at(11, 8), amount))).key == f"weather.fertilise.{key}"


@pytest.mark.parametrize("work", ["irrigate", "sow", "harvest", "dry", "fertilise"])
def test_beyond_the_forecast_there_is_no_advice(work: str) -> None:
    forecast = Forecast(Cell(276, 781), CALM, NOW, "test", "")
    assert advise(work, Outlook(forecast, (), INDIA, NOW, TODAY)) is None
