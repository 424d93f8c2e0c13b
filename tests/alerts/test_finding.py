"""Each rule at its thresholds, with hours missing, and in its season and region."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import CellWeather, daily_means, find
from bot.domain.alerts import EVERYBODY, Finding, Group, Severity
from bot.domain.weather import DAY, HOUR, HourlySeries
from tests.alerts.skies import INDIA, NOW, RULES, Sky, fall, local, sky, sky_of, utc, weather

LINGERING, WATCH, WARNING, SEVERE, EXTREME = Severity
RAIN_DAY = utc(11, 3)
"""Beginning of tomorrow's rain day in India."""
MARCH = utc(10, 6, month=3)


def severity(rule: str, hours: HourlySeries, group: Group = EVERYBODY, **where: object) -> Severity | None:
    found = find(RULES[rule], weather(hours, **where), group)  # type: ignore[arg-type]
    return found.severity if found else None


@pytest.mark.parametrize(
    ("millimetres", "expected"),
    [(49.9, None), (50.0, LINGERING), (64.4, LINGERING), (64.5, WARNING), (115.5, WARNING), (115.6, SEVERE),
     (204.4, SEVERE), (204.5, EXTREME)],
)  # fmt: skip
def test_rain_at_the_bounds_of_imd_s_classes(millimetres: float, expected: Severity | None) -> None:
    for hours in (1, 24):
        assert severity("heavy-rain", sky(rain=fall(millimetres, RAIN_DAY, hours))) is expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [(utc(10, 21), None), (utc(11, 3), WARNING)],
    ids=["forty before 08:30 and forty after", "eighty after 08:30"],
)
def test_rain_counts_from_0830_in_india(first: datetime, expected: Severity | None) -> None:
    assert severity("heavy-rain", sky(rain=fall(80, first, 12))) is expected


def test_rain_counts_from_midnight_elsewhere() -> None:
    nairobi = ZoneInfo("Africa/Nairobi")
    hours = sky(rain=fall(70, utc(10, 21), 12))
    found = find(RULES["heavy-rain"], weather(hours, region="KE-30", zone=nairobi))
    assert found
    assert (found.starts, found.ends) == (utc(10, 21), utc(11, 21))
    assert severity("heavy-rain", hours) is None


def test_rain_that_has_fallen_today_counts_if_more_is_to_come() -> None:
    fallen = fall(62.0, utc(10, 3), 2)
    assert severity("heavy-rain", sky(rain=fallen)) is None

    def rain(more: float) -> Sky:
        return lambda moment: (fallen(moment) or 0) + (fall(more, NOW)(moment) or 0)

    assert severity("heavy-rain", sky(rain=rain(2.4))) is None
    assert severity("heavy-rain", sky(rain=rain(2.5))) is WARNING


def test_groups_share_what_was_found() -> None:
    seen = weather(sky(humidity=95.0, temperature=18.0))
    found = [find(RULES["late-blight"], seen, Group(crop)) for crop in ("potato", "tomato")]
    assert found[0]
    assert found[0] is found[1]


def test_rain_beyond_the_horizon_is_not_told_yet() -> None:
    assert severity("heavy-rain", sky(rain=fall(90, utc(13, 3)))) is WARNING
    assert severity("heavy-rain", sky(rain=fall(90, utc(14, 3)))) is None


def test_the_day_told_is_that_of_the_highest_level_and_all_ends_with_the_last() -> None:
    """Not "Saturday: very heavy rain, 120 mm" where Saturday has 70 and Monday 120."""

    def rain(moment: datetime) -> float:
        return {utc(11, 9): 70.0, utc(12, 9): 120.0, utc(13, 9): 80.0}.get(moment, 0.0)

    found = find(RULES["heavy-rain"], weather(sky(rain=rain)))
    inputs = (("rain_mm", 120.0), ("ahead_mm", 120.0), ("days", 1.0))
    assert found == Finding("heavy-rain", 1, SEVERE, utc(12, 3), utc(14, 3), inputs, level_ends=utc(13, 3))


def test_days_that_are_over_are_not_told_of() -> None:
    """Yesterday's gusts are no news; of a heat wave they only count the days."""
    gusts = local(lambda t: {9: 80.0, 10: 55.0}.get(t.day, 20.0) if t.hour == 20 else 10.0)
    found = find(RULES["high-wind"], weather(sky(gusts=gusts)))
    assert found
    assert (found.severity, found.value("gust_kmh")) == (WATCH, 55.0)
    assert found.starts == utc(9, 18) + HOUR / 2
    heat = local(lambda t: {8: 46.0, 9: 46.8, 10: 45.2}.get(t.day, 40.0) if t.hour == 14 else 30.0)
    wave = find(RULES["heat-wave"], weather(sky(temperature=heat)))
    assert wave
    assert (wave.value("high_c"), wave.value("days")) == (45.2, 3.0)
    assert wave.starts == utc(9, 18) + HOUR / 2


@pytest.mark.parametrize(
    ("high", "expected"),
    [(42.9, None), (43.0, LINGERING), (44.9, LINGERING), (45.0, WARNING), (46.9, WARNING), (47.0, SEVERE)],
)
def test_heat_wave(high: float, expected: Severity | None) -> None:
    assert severity("heat-wave", sky(temperature=local(lambda t: high if t.hour == 14 else 30.0))) is expected


def test_a_heat_wave_takes_two_days_in_a_row() -> None:
    def hot_on(*days: int) -> HourlySeries:
        return sky(temperature=local(lambda t: 46.0 if t.hour == 14 and t.day in days else 30.0))

    assert severity("heat-wave", hot_on(11)) is None
    assert severity("heat-wave", hot_on(10, 12)) is None
    assert severity("heat-wave", hot_on(11, 12)) is WARNING
    assert severity("heat-wave", hot_on(9, 10)) is WARNING
    assert severity("heat-wave", hot_on(8, 9)) is None
    assert severity("heat-wave", hot_on(11, 12), region="KE-30") is None


@pytest.mark.parametrize(
    ("low", "expected"),
    [(6.1, None), (6.0, LINGERING), (4.1, LINGERING), (4.0, WARNING), (2.1, WARNING), (2.0, SEVERE)],
)
def test_cold_wave(low: float, expected: Severity | None) -> None:
    assert severity("cold-wave", sky(temperature=local(lambda t: low if t.hour == 6 else 15.0))) is expected


@pytest.mark.parametrize(
    ("low", "wind", "cloud", "expected"),
    [
        (5.1, 6.9, 49.0, None), (5.0, 6.9, 49.0, LINGERING), (4.1, 6.9, 49.0, LINGERING), (4.0, 6.9, 49.0, WATCH),
        (4.0, 7.0, 49.0, LINGERING), (4.0, 6.9, 50.0, LINGERING), (2.1, 6.9, 49.0, WATCH), (2.0, 6.9, 49.0, WARNING),
        (0.1, 6.9, 49.0, WARNING), (0.0, 6.9, 49.0, SEVERE), (0.0, 20.0, 100.0, SEVERE), (0.1, 20.0, 100.0, LINGERING),
        (3.0, None, 49.0, LINGERING), (3.0, 6.9, None, LINGERING), (0.0, None, None, SEVERE),
    ],
)  # fmt: skip
def test_frost(low: float, wind: float | None, cloud: float | None, expected: Severity | None) -> None:
    hours = sky(temperature=local(lambda t: low if t.hour == 6 else 15.0), wind=wind, cloud=cloud)
    assert severity("frost", hours) is expected


@pytest.mark.parametrize(
    ("past", "ahead", "daily", "expected"),
    [
        (19.9, 16.9, 0.0, WATCH), (20.0, 16.9, 0.0, LINGERING), (19.9, 17.0, 0.0, LINGERING),
        (25.0, 16.9, 0.0, None), (19.9, 25.0, 0.0, None), (2.4, 2.4, 0.0, WARNING), (2.4, 2.5, 0.0, WATCH),
        (0.0, 0.0, 0.1, WARNING),
    ],
)  # fmt: skip
def test_dry_spell(past: float, ahead: float, daily: float, expected: Severity | None) -> None:
    def rain(moment: datetime) -> float:
        if moment == NOW - 3 * DAY:
            return past
        return ahead if moment == NOW + 3 * DAY else daily / 24

    assert severity("dry-spell", sky(rain=rain)) is expected


def test_dry_spells_are_told_in_the_rains_only() -> None:
    for month, day in ((6, 1), (9, 30)):
        now = utc(day, 6, month)
        assert severity("dry-spell", sky(now), now=now) is WARNING
    for month, day in ((5, 31), (10, 1)):
        now = utc(day, 6, month)
        assert severity("dry-spell", sky(now), now=now) is LINGERING
    april = utc(10, 6, month=4)
    assert severity("dry-spell-east-africa", sky(april), now=april, region="KE-30") is WARNING
    assert severity("dry-spell-east-africa", sky(april), now=april, region="IN-UP") is None


@pytest.mark.parametrize(
    ("gust", "expected"),
    [(44.9, None), (45.0, LINGERING), (49.9, LINGERING), (50.0, WATCH), (61.9, WATCH), (62.0, WARNING),
     (74.9, WARNING), (75.0, SEVERE), (88.9, SEVERE), (89.0, EXTREME)],
)  # fmt: skip
def test_high_wind(gust: float, expected: Severity | None) -> None:
    assert severity("high-wind", sky(gusts=lambda t: gust if t == utc(11, 9) else 15.0)) is expected


@pytest.mark.parametrize(
    ("low", "humid", "expected"),
    [
        (10.0, 6, WATCH), (9.9, 6, LINGERING), (8.9, 6, None), (10.0, 5, LINGERING), (10.0, 3, None),
        (10.0, 10, WATCH), (10.0, 11, WARNING), (9.9, 11, LINGERING),
    ],
)  # fmt: skip
def test_late_blight(low: float, humid: int, expected: Severity | None) -> None:
    """Hutton is a watch, a full Smith period a warning; 10 hours are its near miss."""
    hours = sky(
        temperature=local(lambda t: low if t.hour == 5 else 18.0),
        humidity=local(lambda t: 90.0 if t.hour < humid else 89.9),
    )
    assert severity("late-blight", hours, Group("potato")) is expected


def test_late_blight_takes_two_days_in_a_row_and_matters_for_three_more() -> None:
    def damp_on(*days: int) -> HourlySeries:
        return sky(humidity=local(lambda t: 95.0 if t.day in days else 50.0))

    assert severity("late-blight", damp_on(11)) is None
    assert severity("late-blight", damp_on(10, 12)) is None
    found = find(RULES["late-blight"], weather(damp_on(11, 12)))
    assert found
    assert found.severity is WARNING
    assert found.ends == utc(12, 18) + timedelta(minutes=30) + 3 * DAY
    assert severity("late-blight", damp_on(6, 7)) is WARNING
    assert severity("late-blight", damp_on(5, 6)) is None


@pytest.mark.parametrize(
    ("low", "humidity", "nights", "expected"),
    [
        (20.0, 90.0, 7, WARNING), (26.0, 90.0, 7, WARNING), (19.9, 90.0, 7, LINGERING), (26.1, 90.0, 7, LINGERING),
        (20.0, 89.9, 7, LINGERING), (20.0, 84.9, 7, None), (20.0, 90.0, 6, None), (18.9, 90.0, 7, None),
        (27.1, 90.0, 7, None),
    ],
)  # fmt: skip
def test_rice_blast(low: float, humidity: float, nights: int, expected: Severity | None) -> None:
    last = datetime(2026, 7, 12, 12, tzinfo=INDIA)

    def damp(moment: datetime) -> float:
        return humidity if last - nights * DAY < moment < last else 60.0

    hours = sky(temperature=local(lambda t: low if t.hour == 4 else 29.0), humidity=damp)
    assert severity("rice-blast", hours, Group("rice", "tillering")) is expected


@pytest.mark.parametrize(
    ("millimetres", "spread", "low", "expected"),
    [
        (4.9, 1, 10.0, None), (5.0, 1, 10.0, LINGERING), (9.9, 1, 10.0, LINGERING), (10.0, 1, 10.0, WATCH),
        (10.0, 24, 10.0, WATCH), (10.0, 1, 9.9, None), (10.0, 25, 10.0, LINGERING),
    ],
)  # fmt: skip
def test_grape_downy_mildew(millimetres: float, spread: int, low: float, expected: Severity | None) -> None:
    hours = sky(temperature=local(lambda t: low if t.hour == 5 else 20.0), rain=fall(millimetres, utc(10, 14), spread))
    assert severity("grape-downy-mildew", hours, Group("grape")) is expected


@pytest.mark.parametrize(
    ("thi", "expected"),
    [(70.0, None), (70.1, LINGERING), (72.0, LINGERING), (72.1, WATCH), (78.0, WATCH), (78.1, WARNING),
     (82.0, WARNING), (82.1, SEVERE)],
)  # fmt: skip
def test_cattle_heat(thi: float, expected: Severity | None) -> None:
    hours = sky(temperature=local(lambda t: thi - 41.2 - 3.6 if t.hour == 14 else 15.0), dew_point=10.0)
    assert severity("cattle-heat", hours, Group("cattle")) is expected


@pytest.mark.parametrize(
    ("high", "expected"),
    [(32.9, None), (33.0, LINGERING), (34.9, LINGERING), (35.0, WARNING), (36.9, WARNING), (37.0, SEVERE)],
)
def test_wheat_terminal_heat(high: float, expected: Severity | None) -> None:
    hours = sky(MARCH, temperature=local(lambda t: high if t.hour == 14 else 20.0))
    assert severity("wheat-terminal-heat", hours, Group("wheat", "flowering"), now=MARCH) is expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [(3, None), (4, WATCH), (5, WATCH), (25, WATCH), (30, None)],
    ids=["36 tomorrow", "48 tomorrow", "48 today", "279 within", "past 279"],
)
def test_fall_armyworm(days: int, expected: Severity | None) -> None:
    """At 23.5 °C a day has 12 degree days above 11.5; the first counted is the seventh after sowing."""
    tomorrow = date(2026, 7, 11)
    group = Group("maize", sown=tomorrow - timedelta(days=7 + days - 1))
    means = {tomorrow - timedelta(days=back): 23.5 for back in range(60)}
    assert severity("fall-armyworm", sky(temperature=23.5), group, means=means) is expected


def test_fall_armyworm_counts_no_heat_above_the_cap_and_needs_every_day() -> None:
    group = Group("maize", sown=date(2026, 7, 2))
    found = find(RULES["fall-armyworm"], weather(sky(temperature=35.0)), group)
    assert found
    assert found.value("degree_days") == pytest.approx(3 * 18.5)
    older = Group("maize", sown=date(2026, 6, 20))
    assert severity("fall-armyworm", sky(temperature=23.5), older) is LINGERING
    known = {date(2026, 6, 27) + timedelta(days=number): 23.5 for number in range(8)}
    assert severity("fall-armyworm", sky(temperature=23.5), older, means=known) is WATCH
    assert severity("fall-armyworm", sky(temperature=23.5), Group("maize")) is LINGERING


def test_spray_window() -> None:
    rule = RULES["spray-window"]

    def window(**changed: float | Sky | None) -> Finding | None:
        return find(rule, weather(sky_of(changed)))

    found = window()
    assert found
    assert found.severity is WATCH
    assert (found.starts, found.ends) == (NOW, utc(10, 12))
    for wind, good in ((1.9, False), (2.0, True), (15.0, True), (15.1, False), (None, False)):
        assert (window(wind=wind) is not None) is good
    for damp, good in ((98.0, False), (60.0, True), (25.0, False), (None, False)):
        assert (window(humidity=damp) is not None) is good
    wet = window(rain=lambda t: 0.5 if t >= utc(10, 15) else 0.0)
    assert wet
    assert wet.ends == utc(10, 9)
    assert not rule.push


EVIDENCE: dict[str, tuple[str, Callable[[datetime], float | None]]] = {
    "heavy-rain": ("rain", lambda t: 80.0 if t == utc(11, 9) else None),
    "heat-wave": ("temperature", local(lambda t: 46.0 if t.hour == 14 else None)),
    "cold-wave": ("temperature", local(lambda t: 3.0 if t.hour == 6 else None)),
    "high-wind": ("gusts", lambda t: 70.0 if t == utc(11, 9) else None),
}


@pytest.mark.parametrize("rule", EVIDENCE)
def test_what_is_known_suffices_though_other_hours_are_missing(rule: str) -> None:
    name, values = EVIDENCE[rule]
    assert severity(rule, sky_of({name: values})) is WARNING


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", ["temperature", "humidity", "dew_point", "rain", "gusts", "wind", "cloud"])
def test_missing_hours_raise_nothing(rule: str, name: str) -> None:
    """Whatever is missing, calm weather stays calm or becomes undecided."""
    group = Group("maize", sown=date(2026, 6, 29)) if RULES[rule].by_sowing else Group()
    every_other: Sky = lambda t: None if t.hour % 2 else {"temperature": 20.0}.get(name, 0.0)  # noqa: E731
    base: dict[str, float | Sky | None] = {"temperature": 20.0, "dew_point": 5.0, "wind": 30.0, "rain": 6 / 24}
    for series in (None, every_other):
        found = severity(rule, sky_of({**base, name: series}), group)
        if rule == "fall-armyworm" and name != "temperature":
            assert found is WATCH
        else:
            assert found in (None, LINGERING)


def changeable(seed: int) -> dict[str, dict[datetime, float]]:
    """Weather that comes near all thresholds, by series and hour; as 14 days have it."""
    chance = random.Random(seed)
    times = sky().times
    cold, damp, wet = (
        chance.choice((-2.0, 8.0, 18.0, 30.0)),
        chance.choice((40.0, 85.0)),
        chance.choice((0.0, 0.5, 5.0)),
    )
    low = {time.date(): cold + chance.uniform(0, 8) for time in times}
    return {
        "temperature": {time: low[time.date()] + (12 if 7 < time.hour < 13 else 0) for time in times},
        "humidity": {time: min(damp + chance.uniform(0, 25), 100.0) for time in times},
        "dew_point": {time: cold + chance.uniform(-5, 0) for time in times},
        "rain": {time: chance.choice((0.0, 0.0, wet, 4 * wet)) for time in times},
        "wind": {time: chance.uniform(0, 20) for time in times},
        "gusts": {time: chance.uniform(0, 60) for time in times},
        "cloud": {time: chance.uniform(0, 80) for time in times},
    }


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.02, 0.2, 0.7]))
@settings(max_examples=60, deadline=None)
def test_missing_hours_never_make_a_warning_worse(seed: int, share: float) -> None:
    """With holes a rule finds at most what it finds without; where it found nothing it may be undecided."""
    whole, chance = changeable(seed), random.Random(seed)
    holes = {name: {t: None if chance.random() < share else v for t, v in each.items()} for name, each in whole.items()}
    full = weather(sky_of({name: values.__getitem__ for name, values in whole.items()}))
    torn = weather(sky_of({name: values.__getitem__ for name, values in holes.items()}))
    for rule in RULES.values():
        group = Group("maize", sown=date(2026, 6, 29)) if rule.by_sowing else EVERYBODY
        one, other = find(rule, full, group), find(rule, torn, group)
        if other and other.severity > LINGERING:
            assert one, rule.id
            assert one.severity >= other.severity, rule.id
        if one and one.severity > LINGERING and rule.push:  # an unknown hour is no hour for spraying
            assert other, f"{rule.id} gives an all-clear because hours are missing"


def test_nothing_at_all_is_known() -> None:
    hours = sky_of(dict.fromkeys(("temperature", "humidity", "dew_point", "rain", "gusts", "wind", "cloud")))
    for rule in RULES.values():
        if rule.push and rule.in_region("IN-UP"):
            assert severity(rule.id, hours) is LINGERING, rule.id


def test_a_source_without_the_past_decides_what_it_can() -> None:
    """MET Norway begins with the running hour."""
    hours = sky().between(NOW - HOUR, NOW + 7 * DAY)
    assert severity("heavy-rain", hours) is None
    assert severity("dry-spell", hours) is LINGERING
    wet = sky(rain=fall(70, RAIN_DAY)).between(NOW - HOUR, NOW + 7 * DAY)
    assert severity("heavy-rain", wet) is WARNING


def test_days_of_23_and_25_hours_are_whole() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    for day in (datetime(2026, 3, 29, 6, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)):
        hours = sky(day, humidity=95.0, temperature=18.0)
        seen = CellWeather(weather(hours).cell, hours, None, madrid, day)
        found = find(RULES["late-blight"], seen, Group("tomato"))
        assert found
        assert found.severity is WARNING
        start, end = seen.day(day.date())
        count = 23 if day.month == 3 else 25
        assert (end - start) / HOUR == count
        assert len(seen.at_hours(hours.humidity, start, end)) == count


def test_daily_means_are_of_whole_days() -> None:
    means = daily_means(sky(back=1, ahead=2, temperature=25.04), INDIA)
    assert means == {date(2026, 7, 10): 25.0, date(2026, 7, 11): 25.0}
