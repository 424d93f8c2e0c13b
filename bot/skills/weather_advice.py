"""What the weather means for work: spray, irrigate, sow, harvest, dry, fertilise. Pure rules over a forecast.

Thresholds stand here with their sources; those marked "default" have none and are cautious.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bot.domain.weather import (
    DAY,
    HOUR,
    DaySummary,
    Forecast,
    HourlySeries,
    daylight,
    delta_t,
    greatest,
    hargreaves,
    total,
)

WIND = (2.0, 15.0)
"""km/h for spraying (Ontario, ontario.ca/page/how-weather-conditions-affect-spray-applications)."""
DELTA_T = (2.0, 8.0)
"""°C for spraying (GRDC; below droplets drift and run off, above they dry up)."""
RAIN_FAST = timedelta(hours=6)
"""Hours without rain after spraying: a default, the product's label decides."""
WET_HOUR, WET_CHANCE = 0.5, 50.0
"""mm within the rain-fast hours, or % in one of them, that forbid spraying: a default."""
AFTER_SUNRISE, BEFORE_SUNSET = HOUR, 2 * HOUR
"""No spraying in the inversions of early and late hours (pesticidestewardship.org/drift)."""
SHORTEST_WINDOW = 2
RAINY_DAY = 2.5
"""mm (India Meteorological Department)."""
HEAVY_RAIN = 64.5
"""mm a day (India Meteorological Department)."""
SOWING_RAIN = 20.0
"""mm in one to three days: a default (onset of the season after Sivakumar)."""
WASHING_RAIN = 15.6
"""mm in two days that carry fertiliser away: a default (more than light rain)."""
EFFECTIVE = 0.8
"""Share of rain that stays with the crop: a default."""
WET_SOIL = 20.0
"""mm within the last three days after which the soil is to be looked at first: a default."""
CROP_FACTORS = {
    "rice": 1.2, "wheat": 1.15, "maize": 1.2, "sorghum": 1.05, "pearl-millet": 1.0, "cotton": 1.18, "sugarcane": 1.25,
    "soybean": 1.15, "groundnut": 1.15, "mustard": 1.08, "chickpea": 1.0, "green-gram": 1.05, "potato": 1.15,
    "tomato": 1.15, "onion": 1.05, "garlic": 1.0, "chilli": 1.05, "brinjal": 1.05, "cabbage": 1.05, "cauliflower": 1.05,
    "beans": 1.15, "banana": 1.15, "citrus": 0.7, "grape": 0.85, "fodder": 0.95,
}  # fmt: skip
"""Kc at mid-season (FAO-56, table 12); 1 for all others."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A message id `weather.<work>.<finding>` and its values: mm as float, moments and dates in local time."""

    key: str
    amount: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the rules look at: the forecast, its days from today, the day asked for, the crop."""

    forecast: Forecast
    days: tuple[DaySummary, ...]
    zone: tzinfo
    now: datetime
    wanted: date
    crop: str | None = None

    @property
    def hours(self) -> HourlySeries:
        """The forecast's hours."""
        return self.forecast.hours

    def ahead(self, count: int) -> tuple[DaySummary, ...]:
        """The day asked for and those after it, `count` in all."""
        return tuple(day for day in self.days if self.wanted <= day.date < self.wanted + count * DAY)


def advise(work: str, outlook: Outlook) -> Advice | None:
    """What to do about a work; None where the forecast does not tell."""
    return RULES[work](outlook)


def advise_spraying(outlook: Outlook) -> Advice | None:
    """The first good hours of the day asked for, else those of the next day, else why not."""
    findings: Counter[str] = Counter()
    for number in (0, 1):
        day = outlook.wanted + number * DAY
        window = list(spray_window(outlook, day, findings))
        if window:
            start, end = window[0].astimezone(outlook.zone), (window[-1] + HOUR).astimezone(outlook.zone)
            return Advice("weather.spray.good" if number == 0 else "weather.spray.later", start=start, end=end, day=day)
        if number == 0 and not findings:
            findings["late"] += 1
    reason = findings.most_common(1)[0][0]
    return Advice(f"weather.spray.{reason if reason != 'late' else 'rain'}")


def spray_window(outlook: Outlook, day: date, findings: Counter[str]) -> Iterator[datetime]:
    """The first run of good hours of a day; counts what is wrong with the others."""
    sunrise, sunset = daylight(outlook.forecast.cell.location, day)
    run: list[datetime] = []
    for index, moment in enumerate(outlook.hours.times):
        if not sunrise + AFTER_SUNRISE <= moment <= sunset - BEFORE_SUNSET or moment < outlook.now:
            continue
        wrong = spray_fault(outlook.hours, index)
        if wrong is None:
            run.append(moment)
            continue
        findings[wrong] += 1
        if len(run) >= SHORTEST_WINDOW:
            break
        run = []
    if len(run) >= SHORTEST_WINDOW:
        yield from run


def spray_fault(hours: HourlySeries, index: int) -> str | None:
    """What forbids spraying in an hour: rain, windy, calm, dry, damp; None for nothing (or nothing known)."""
    moment = hours.times[index]
    wet = hours.between(moment - HOUR, moment + RAIN_FAST)
    if (total(wet.rain) or 0) >= WET_HOUR or (greatest(wet.rain_chance) or 0) >= WET_CHANCE:
        return "rain"
    wind, temperature, humidity = hours.wind[index], hours.temperature[index], hours.humidity[index]
    if wind is not None and not WIND[0] <= wind <= WIND[1]:
        return "windy" if wind > WIND[1] else "calm"
    if temperature is not None and humidity is not None:
        drying = delta_t(temperature, humidity)
        if not DELTA_T[0] <= drying <= DELTA_T[1]:
            return "dry" if drying > DELTA_T[1] else "damp"
    return None


def advise_irrigation(outlook: Outlook) -> Advice | None:
    """Three days' use of the crop against the rain that comes and that came."""
    ahead = outlook.ahead(3)
    if not ahead:
        return None
    need = sum(daily_use(outlook, day) for day in ahead)
    coming = sum(day.rain or 0 for day in ahead)
    if coming * EFFECTIVE >= need or (coming >= 10 and likely_rain(ahead)):
        return Advice("weather.irrigate.wait", amount=coming)
    fallen = fallen_rain(outlook, 3)
    if fallen >= WET_SOIL:
        return Advice("weather.irrigate.wet", amount=fallen)
    return Advice("weather.irrigate.go", amount=need)


def daily_use(outlook: Outlook, day: DaySummary) -> float:
    """mm that the crop takes up and breathes out in a day: ET0 x Kc."""
    reference = day.evapotranspiration
    if reference is None and day.low is not None and day.high is not None:
        reference = hargreaves(day.low, day.high, outlook.forecast.cell.location.latitude, day.date)
    return (reference or 0.0) * CROP_FACTORS.get(outlook.crop or "", 1.0)


def advise_sowing(outlook: Outlook) -> Advice | None:
    """Sowing rain that fell, that comes, or that is not in sight; never a promise."""
    ahead = outlook.ahead(3)
    if not ahead:
        return None
    if heavy := next((day for day in ahead if (day.rain or 0) >= HEAVY_RAIN), None):
        return Advice("weather.sow.heavy", amount=heavy.rain, day=heavy.date)
    fallen, coming = fallen_rain(outlook, 3), sum(day.rain or 0 for day in ahead)
    if fallen >= SOWING_RAIN:
        return Advice("weather.sow.fallen", amount=fallen)
    if coming >= SOWING_RAIN:
        return Advice("weather.sow.coming", amount=coming)
    return Advice("weather.sow.none", amount=coming)


def advise_harvest(outlook: Outlook) -> Advice | None:
    """Dry days ahead, or the day before which to finish."""
    return advise_dry_work(outlook, "harvest")


def advise_drying(outlook: Outlook) -> Advice | None:
    """The same for produce spread out to dry."""
    return advise_dry_work(outlook, "dry")


def advise_dry_work(outlook: Outlook, work: str) -> Advice | None:
    """Work that rain spoils."""
    ahead = outlook.ahead(5)
    if not ahead:
        return None
    wet = next((day for day in ahead if is_wet(day)), None)
    if wet is None:
        return Advice(f"weather.{work}.good", day=ahead[-1].date)
    if (wet.date - outlook.wanted).days >= 2:
        return Advice(f"weather.{work}.until", day=wet.date, amount=wet.rain)
    return Advice(f"weather.{work}.wait", day=wet.date, amount=wet.rain)


def advise_fertilising(outlook: Outlook) -> Advice | None:
    """Not before rain that washes it away."""
    ahead = outlook.ahead(2)
    if not ahead:
        return None
    coming = sum(day.rain or 0 for day in ahead)
    if coming >= WASHING_RAIN:
        return Advice("weather.fertilise.wait", amount=coming)
    if coming >= RAINY_DAY:
        return Advice("weather.fertilise.good", amount=coming)
    return Advice("weather.fertilise.dry")


def is_wet(day: DaySummary) -> bool:
    """A rainy day, or one with rain as likely as not."""
    return (day.rain or 0) >= RAINY_DAY or ((day.rain or 0) > 0.2 and (day.rain_chance or 0) >= WET_CHANCE)


def likely_rain(days: tuple[DaySummary, ...]) -> bool:
    """Whether rain is likely on one of the days; a source without chances is believed."""
    chances = [day.rain_chance for day in days if day.rain_chance is not None]
    return not chances or max(chances) >= 60


def fallen_rain(outlook: Outlook, days: int) -> float:
    """mm of the last days; 0 where the source tells nothing of the past."""
    return total(outlook.hours.between(outlook.now - days * DAY, outlook.now).rain) or 0.0


RULES: Mapping[str, Callable[[Outlook], Advice | None]] = {
    "spray": advise_spraying,
    "irrigate": advise_irrigation,
    "sow": advise_sowing,
    "harvest": advise_harvest,
    "dry": advise_drying,
    "fertilise": advise_fertilising,
}
