"""What the rules make of the weather of one area: every group once, however many farmers are in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bot.alerts import CellWeather, daily_means, find, step
from bot.domain.alerts import AlertEvent, AlertRecord, AlertRule, Group
from bot.domain.weather import DAY, Forecast
from bot.domain.weather import zone_of as zone_by_longitude
from bot.domain.zones import main_zones, zone_of
from bot.storage.alerts import Evaluation, Memory, StoredAlert
from bot.storage.subscriptions import Area

KEPT_MEANS = timedelta(days=120)
"""How long daily means are kept: a season from sowing."""
NO_CROPS: frozenset[tuple[str, date | None]] = frozenset()
Memories = Mapping[tuple[str, Group], Memory]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of an area before it is evaluated."""

    area: Area
    forecast: Forecast
    sowings: frozenset[tuple[str, date | None]] = NO_CROPS
    memories: Memories | None = None
    means: Mapping[date, float] | None = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """The rules that are pushed; `ids` names new alerts."""

    rules: tuple[AlertRule, ...]
    ids: Callable[[], str]

    def evaluate(self, ground: Ground, now: datetime) -> Evaluation:
        """What the rules remember after this hour, and what is to be told."""
        zone = zone_at(ground.area)
        means = self.means_of(ground, zone)
        weather = CellWeather.of(ground.forecast, ground.area.region or None, zone, now, means or {})
        old = ground.memories or {}
        new: dict[tuple[str, Group], Memory | None] = {}
        alerts: list[StoredAlert] = []
        for rule in self.rules:
            for group in groups_of(rule, ground.sowings, old, weather.today):
                before = old.get((rule.id, group))
                state, event = step(rule, before.state if before else None, find(rule, weather, group), now)
                # A new warning goes on with an episode that is just over: an all-clear that waits for the morning
                # must not go out beside it.
                episode = before.episode if before else ""
                if event:
                    alert = self.alert(rule, group, event, episode, ground, weather)
                    alerts.append(alert)
                    episode = alert.episode
                if state is None and before is None:
                    continue
                new[(rule.id, group)] = Memory(state, episode) if state else None
        changed = means if means != dict(ground.means or {}) else None
        return Evaluation(ground.area, new, tuple(alerts), changed)

    def alert(
        self, rule: AlertRule, group: Group, event: AlertEvent, episode: str, ground: Ground, weather: CellWeather
    ) -> StoredAlert:
        """The event with all that it came of, and its audience."""
        identity = self.ids()
        record = AlertRecord(
            identity,
            ground.area.cell,
            ground.area.region or None,
            str(weather.zone),
            group,
            event,
            weather.now,
            ground.forecast.source,
            ground.forecast.fetched_at,
        )
        return StoredAlert(record, episode or identity, group.crop or None, *sown_between(rule, group, weather.today))

    def means_of(self, ground: Ground, zone: tzinfo) -> dict[date, float] | None:
        """Daily means kept and new, where a rule counts from sowing; None where none does."""
        crops = {crop for rule in self.rules if rule.by_sowing for crop in rule.crops}
        if not any(crop in crops and sown for crop, sown in ground.sowings):
            return None
        today = ground.forecast.fetched_at.astimezone(zone).date()
        found = {**(ground.means or {}), **daily_means(ground.forecast.hours, zone)}
        return {day: mean for day, mean in found.items() if today - KEPT_MEANS <= day < today}


def groups_of(
    rule: AlertRule, sowings: frozenset[tuple[str, date | None]], memories: Memories, today: date
) -> Iterator[Group]:
    """The groups in an area: of those who farm there, and of what has been told and is not over yet."""
    if not rule.crops:
        yield from rule.groups((), None, today)
        return
    found = {group for crop, sown in sowings for group in rule.groups((crop,), sown, today)}
    yield from sorted(found | {group for name, group in memories if name == rule.id}, key=str)


def sown_between(rule: AlertRule, group: Group, today: date) -> tuple[date | None, date | None]:
    """First and last sowing date of those in a group today; None, None: whenever."""
    if group.sown:
        return group.sown, group.sown + 6 * DAY
    window = next((one for one in rule.stages if (one.crop, one.stage) == (group.crop, group.stage)), None)
    if window is None:
        return None, None
    return today - window.last_day * DAY, today - window.first_day * DAY


def zone_at(area: Area) -> tzinfo:
    """The time zone of an area: of its country, by longitude where that is not known."""
    known = area.region.partition("-")[0] in main_zones()
    return zone_of(area.region) if known else zone_by_longitude(None, area.cell.location)


def pushed(rules: Sequence[AlertRule]) -> tuple[AlertRule, ...]:
    """Rules that warn by themselves."""
    return tuple(rule for rule in rules if rule.push)
