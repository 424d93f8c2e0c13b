"""The tests that rules name as `kind`: each cuts the weather into days with values that thresholds are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf

from bot.alerts.weather import UNKNOWN, CellWeather, Value, highest, lowest, mean_of, rounded, total_of
from bot.domain.alerts import Group
from bot.domain.weather import DAY, HOUR, daylight, delta_t, greatest, least, total

Options = Mapping[str, float]
WEEK_BEHIND, DAYS_AHEAD = timedelta(days=7), timedelta(days=6)
"""Sources tell seven days back and, whatever the hour of the day, six whole days ahead."""
EVENING, MORNING, NOON = 18, 6, 12
"""Local hours between which a night is told of."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, night or window and its values by name (units in the name)."""

    starts: datetime
    ends: datetime
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Kind:
    """A test: how it cuts days, the values that thresholds may name, the options that it needs."""

    cut: Callable[[CellWeather, Options, Group, date], Day]
    values: frozenset[str]
    options: frozenset[str] = frozenset()
    from_today: bool = False
    """Looks at nothing before today, since each day speaks of a period around it."""
    first_only: bool = False
    """The first day found is told of alone, since the night between two is no part of it."""


def cut_days(
    kind: Kind, weather: CellWeather, options: Options, group: Group, first: date, last: date
) -> Iterator[Day]:
    """The days from first to last, both included."""
    day = max(first, weather.today) if kind.from_today else first
    while day <= last:
        yield kind.cut(weather, options, group, day)
        day += DAY


def plain_day(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """A local day: extremes of temperature, gusts and the cattle's heat index."""
    start, end = weather.day(day)
    if ("day", day) not in weather.cuts:
        hours = weather.hours
        temperatures = weather.at_hours(hours.temperature, start, end)
        dew_points = weather.at_hours(hours.dew_point, start, end)
        heat = tuple(
            None if warm is None or dew is None else heat_index(warm, dew)
            for warm, dew in zip(temperatures, dew_points, strict=True)
        )
        weather.cuts["day", day] = {
            "low_c": lowest(temperatures),
            "high_c": highest(temperatures),
            "gust_kmh": highest(weather.in_hours(hours.gusts, start, end)),
            "thi": highest(heat),
        }
    return Day(start, end, weather.cuts["day", day])


def heat_index(temperature: float, dew_point: float) -> float:
    """THI of cattle from °C and °C (kestrelmeters.com/blogs/news/thi-temperature-humidity-index-cows)."""
    return temperature + 0.36 * dew_point + 41.2


def wet_day(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """A day as rain is counted: its sum, and how much of it is still to come."""
    start, end = weather.rain_day(day)
    rain = weather.hours.rain
    ahead = weather.in_hours(rain, min(max(start, weather.now), end), end)
    return Day(
        start,
        end,
        {
            "rain_mm": total_of(weather.in_hours(rain, start, end)),
            "ahead_mm": total_of(ahead) if ahead else Value(0.0),
        },
    )


def humid_day(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """A local day: its minimum, and how many of its hours are humid."""
    start, end = weather.day(day)
    humidity = weather.at_hours(weather.hours.humidity, start, end)
    humid = sum(value is not None and value >= options["humidity_percent"] for value in humidity)
    return Day(
        start,
        end,
        {
            "low_c": plain_day(weather, options, group, day).values["low_c"],
            "humid_hours": Value(float(humid), None in humidity),
        },
    )


def night(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """The night that ends on a day: its minimum and its mean humidity."""
    start, end = weather.moment(day - DAY, EVENING), weather.moment(day, MORNING)
    return Day(
        start,
        end,
        {
            "low_c": lowest(weather.at_hours(weather.hours.temperature, start, end)),
            "humidity_percent": mean_of(weather.at_hours(weather.hours.humidity, start, end)),
        },
    )


def frost_night(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """Noon to noon: the minimum, and that of the hours in which the ground cools below the air (clear, calm)."""
    start, end = weather.moment(day - DAY, NOON), weather.moment(day, NOON)
    hours = weather.hours
    cut = [weather.at_hours(series, start, end) for series in (hours.temperature, hours.wind, hours.cloud)]
    cooling, partial = inf, False
    for temperature, wind, cloud in zip(*cut, strict=True):
        if temperature is None or wind is None or cloud is None:
            partial = True
        elif wind < options["wind_kmh"] and cloud < options["cloud_percent"]:
            cooling = min(cooling, temperature)
    return Day(start, end, {"low_c": lowest(cut[0]), "low_calm_clear_c": rounded(cooling, partial)})


def warm_rain(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """A local day: most rain of any 24 hours that end in it and stay warm throughout."""
    start, end = weather.day(day)
    before = start - DAY
    rain = weather.in_hours(weather.hours.rain, before, end)
    temperatures = weather.in_hours(weather.hours.temperature, before, end)
    most = 0.0
    for first in range(len(rain) - 24 + 1) if any(rain) else ():
        warmth = temperatures[first : first + 24]
        if None not in warmth and (least(warmth) or 0.0) >= options["base_c"]:
            most = max(most, total(rain[first : first + 24]) or 0.0)
    return Day(start, end, {"warm_rain_mm": rounded(most, None in rain or None in temperatures)})


def dry_weeks(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """The week behind and the six days ahead: their rain, and that of the wettest of their days (24 hours)."""
    moment = max(weather.now, weather.moment(day)) if day == weather.today else weather.moment(day)
    rain = weather.hours.rain
    past = weather.in_hours(rain, moment - WEEK_BEHIND, moment)
    ahead = weather.in_hours(rain, moment, moment + DAYS_AHEAD)
    both = past + ahead
    wettest = max((total(both[first : first + 24]) or 0.0 for first in range(0, len(both), 24)), default=0.0)
    return Day(
        moment,
        moment + DAYS_AHEAD,
        {
            "past_mm": total_of(past),
            "ahead_mm": total_of(ahead),
            "wettest_mm": rounded(wettest, None in both),
        },
    )


def degree_days(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """Heat since emergence: the days' means above the base, those above the cap counted as the cap."""
    start, end = weather.day(day)
    if group.sown is None:
        return Day(start, end, {"degree_days": UNKNOWN})
    heat, each = 0.0, group.sown + timedelta(days=options["emergence_days"])
    while each <= day:
        mean = day_mean(weather, each)
        if mean is None:
            return Day(start, end, {"degree_days": UNKNOWN})
        heat += max(min(mean, options["cap_c"]) - options["base_c"], 0.0)
        each += DAY
    return Day(start, end, {"degree_days": Value(round(heat, 1))})


def day_mean(weather: CellWeather, day: date) -> float | None:
    """Mean temperature of a day, by its hours or as it was kept; None where it is not known."""
    if ("mean", day) not in weather.cuts:
        mean = mean_of(weather.at_hours(weather.hours.temperature, *weather.day(day)))
        kept = weather.means.get(day)
        weather.cuts["mean", day] = {"mean": mean if not mean.partial else Value(kept)}
    return weather.cuts["mean", day]["mean"].known


def spray_day(weather: CellWeather, options: Options, group: Group, day: date) -> Day:
    """A day's longest run of hours to come that are good for spraying; from its beginning to its end."""
    sunrise, sunset = daylight(weather.cell.location, day)
    first = sunrise + options["after_sunrise_hours"] * HOUR
    last = sunset - options["before_sunset_hours"] * HOUR
    best: list[datetime] = []
    run: list[datetime] = []
    for index, moment in enumerate(weather.hours.times):
        if max(first, weather.now) <= moment <= last and good_for_spraying(weather, options, index):
            run.append(moment)
            best = max(best, run, key=len)
        else:
            run = []
    start, end = (best[0], best[-1] + HOUR) if best else weather.day(day)
    return Day(start, end, {"good_hours": Value(float(len(best)))})


def good_for_spraying(weather: CellWeather, options: Options, index: int) -> bool:
    """Whether an hour is good: wind, evaporation, and no rain within the rain-fast hours; nothing may be unknown."""
    hours = weather.hours
    wind, temperature, humidity = hours.wind[index], hours.temperature[index], hours.humidity[index]
    rain = weather.cut(hours.rain, index, index + 1 + int(options["rain_fast_hours"]))
    if wind is None or temperature is None or humidity is None or None in rain:
        return False
    return (
        options["low_wind_kmh"] <= wind <= options["high_wind_kmh"]
        and options["low_delta_t"] <= delta_t(temperature, humidity) <= options["high_delta_t"]
        and (greatest(rain) or 0.0) < options["wet_mm"]
        and (total(rain) or 0.0) < options["wet_mm"]
    )


KINDS: Mapping[str, Kind] = {
    "day": Kind(plain_day, frozenset({"low_c", "high_c", "gust_kmh", "thi"})),
    "rain-day": Kind(wet_day, frozenset({"rain_mm", "ahead_mm"})),
    "humid-day": Kind(humid_day, frozenset({"low_c", "humid_hours"}), frozenset({"humidity_percent"})),
    "night": Kind(night, frozenset({"low_c", "humidity_percent"})),
    "frost-night": Kind(
        frost_night, frozenset({"low_c", "low_calm_clear_c"}), frozenset({"wind_kmh", "cloud_percent"})
    ),
    "warm-rain": Kind(warm_rain, frozenset({"warm_rain_mm"}), frozenset({"base_c"})),
    "dry-weeks": Kind(dry_weeks, frozenset({"past_mm", "ahead_mm", "wettest_mm"}), from_today=True),
    "degree-days": Kind(
        degree_days, frozenset({"degree_days"}), frozenset({"base_c", "cap_c", "emergence_days"})
    ),
    "spray-window": Kind(
        spray_day,
        frozenset({"good_hours"}),
        frozenset(
            {"low_wind_kmh", "high_wind_kmh", "low_delta_t", "high_delta_t", "rain_fast_hours", "wet_mm",
             "after_sunrise_hours", "before_sunset_hours"}
        ),
        from_today=True,
        first_only=True,
    ),
}  # fmt: skip
