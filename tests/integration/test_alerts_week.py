"""A simulated week of the north-east monsoon: two schedulers, clock jumps, summer time ending, faults, STOP."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.contacts import Contact, Farm, Place, ScriptChoice
from bot.domain.messages import Location
from bot.mind import Mind
from tests.alert_box import AlertBox, alert_box
from tests.fakes import FakeClock
from tests.integration.conftest import Backend
from tests.weather_server import Fault, Sky, weather_server

START = datetime(2026, 10, 22, 0, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
THANJAVUR = Place("Thanjavur", "IN-TN", Location(10.79, 79.14))
MADRID = Place("Madrid", "ES-MD", Location(40.42, -3.7))
ELDORET = Place("Eldoret", "KE-44", Location(0.52, 35.27))
TAMIL_CELL, MADRID_CELL = (10.8, 79.1), (40.4, -3.7)
ZONES = {"IN-TN": ZoneInfo("Asia/Kolkata"), "ES-MD": ZoneInfo("Europe/Madrid"), "KE-44": ZoneInfo("Africa/Nairobi")}


def day(number: int, hour: int = 0, minute: int = 5) -> datetime:
    """A moment of the week in UTC; day 0 is the first."""
    return START.replace(hour=hour, minute=minute) + timedelta(days=number)


def pour(sky: Sky, number: int, millimetres: float) -> None:
    """Rain in each hour of one of India's rain days, 08:30 to 08:30 IST."""
    first = day(number, 3, 0)
    for index in range(1, 25):
        sky.rain[first + HOUR * index] = millimetres


def stop_rain(sky: Sky, after: datetime) -> None:
    """No more rain is expected."""
    sky.rain = {hour: amount for hour, amount in sky.rain.items() if hour <= after}


@pytest.fixture
def box(tmp_path: Path, backend: Backend, mind: Mind) -> Iterator[AlertBox]:
    clock = FakeClock(START)
    with (
        weather_server(START) as server,
        alert_box(mind, server, clock, tmp_path, {"heavy-rain", "high-wind"}, **backend.settings) as built,
    ):
        server.skies = {TAMIL_CELL: Sky(), MADRID_CELL: Sky()}
        yield built


Script = list[tuple[datetime, Callable[[], object]]]


def play(box: AlertBox, script: Script, until: datetime) -> None:
    """Hour after hour; what the script says happens when its time has come."""
    waiting = deque(sorted(script, key=lambda entry: entry[0]))
    while box.clock.now < until:
        while waiting and waiting[0][0] <= box.clock.now:
            waiting.popleft()[1]()
        box.tick(questions=(THANJAVUR,) * 3)
        box.clock.advance(hours=1)


@pytest.mark.integration
def test_a_monsoon_week(box: AlertBox) -> None:
    tamil, server = box.server.skies[TAMIL_CELL], box.server
    reads = box.join("1", THANJAVUR, "ta")
    latin = box.join("2", THANJAVUR, "hi", channel="sms", script=ScriptChoice.LATIN)
    stops = box.join("3", THANJAVUR, "en", channel="sms")
    leaves = box.join("4", THANJAVUR, "en", channel="sms")
    spain = box.join("5", MADRID, "es")
    kenya = box.join("6", ELDORET, "sw", channel="sms")
    asks_only = box.join("7", THANJAVUR, "ta", alerts=False)
    script: Script = [
        (day(0, 6), lambda: pour(tamil, 2, 4.0)),  # 96 mm: heavy
        (day(0, 7), lambda: server.faults.update({"forecast": deque([Fault.DOWN, Fault.HALF, Fault.BUSY])})),
        (day(1, 2), lambda: server.always.update({"forecast": Fault.BROKEN})),
        (day(1, 5), lambda: server.always.clear()),
        (day(1, 8), lambda: pour(tamil, 2, 6.0)),  # 144 mm: very heavy
        (day(1, 12), lambda: box.say(stops, "STOP")),
        (day(2, 10), lambda: box.say(leaves, "no alerts")),
        (day(2, 12), lambda: stop_rain(tamil, day(2, 12))),
        (day(2, 19), lambda: setattr(server.skies[MADRID_CELL], "wind", 45.0)),  # gusts of 72 km/h, told at night
        (day(3, 9), lambda: box.clock.advance(hours=7)),  # the box slept
        (day(3, 18), lambda: setattr(server.skies[MADRID_CELL], "wind", 9.0)),
        (day(4, 16, 35), lambda: pour(tamil, 5, 10.0)),  # 240 mm, seen at 22:05 IST
        (day(5, 12), lambda: stop_rain(tamil, day(5, 12))),
        (day(5, 16), lambda: box.clock.advance(hours=-3)),  # the clock was wrong
    ]
    play(box, script, day(7))

    rain = "heavy-rain"
    whole_week = [f"{rain} raise 2", f"{rain} escalate 3", f"{rain} clear 3", f"{rain} raise 4", f"{rain} clear 4"]
    assert box.kinds(reads) == whole_week
    assert box.kinds(latin) == whole_week
    assert box.kinds(stops) == whole_week[:2]
    assert box.kinds(leaves) == whole_week[:2]
    assert box.kinds(spain) == ["high-wind raise 2", "high-wind clear 2"]
    assert box.kinds(kenya) == []
    assert box.kinds(asks_only) == []
    check_once(box)
    check_quiet_hours(box, [reads, latin, stops, leaves, spain])
    check_texts(box, reads, latin)
    failing = {day(0, 7, 0), *(day(1, hour, 0) for hour in range(2, 6))}
    assert max(count for (hour, _), count in box.requests.items() if hour not in failing) == 1
    cells = {cell for _, cell in box.requests}
    assert len(cells) == 3


def check_once(box: AlertBox) -> None:
    """Nobody got an alert twice, and nothing lies about."""
    told = [(out.address, out.reference) for channel in box.channels.values() for _, out in channel.taken]
    warned = [one for one in told if one[1].startswith("alert:")]
    assert len(warned) == len(set(warned))
    rows = box.rows()
    assert {row.state for row in rows} <= {"sent", "expired", "stopped"}
    assert sum(row.state == "sent" for row in rows) == len(warned)


def check_quiet_hours(box: AlertBox, contacts: list[Contact]) -> None:
    """Between 20 and 7 o'clock, theirs, only the worst."""
    urgent = 0
    for contact in contacts:
        assert contact.place
        for at, out in box.taken(contact):
            quiet = not 7 <= at.astimezone(ZONES[contact.place.region]).hour < 20
            assert not quiet or out.urgent
            urgent += quiet
    assert urgent == 2
    (gusts, _) = box.taken(contacts[-1])[0]
    assert gusts == datetime(2026, 10, 25, 6, 5, tzinfo=UTC), "7:05 after the night in which summer time ended"


def check_texts(box: AlertBox, native: Contact, latin: Contact) -> None:
    """In her language and letters, with her place and the amount."""
    first = box.taken(native)[0][1].text
    assert "தஞ்சாவூர்" in first or "Thanjavur" in first
    assert "96" in first
    assert box.taken(latin)[0][1].text.isascii()
    assert "240" in box.taken(latin)[3][1].text


@pytest.mark.integration
def test_the_weekly_message(box: AlertBox) -> None:
    reads = box.join("1", THANJAVUR, "en", digest=True)
    spain = box.join("2", MADRID, "es", digest=True, channel="sms")
    box.join("3", THANJAVUR, "en")
    box.clock.now = day(3, 18)  # Sunday
    while box.clock.now < day(6):
        box.tick()
        box.clock.advance(minutes=30)
    ((at, told),) = box.taken(reads)
    assert at.astimezone(ZONES["IN-TN"]).strftime("%a %H") == "Mon 07"
    assert told.text.count("\n") >= 5
    assert "Thanjavur" in told.text
    ((at, told),) = box.taken(spain)
    assert at.astimezone(ZONES["ES-MD"]).strftime("%a %H") == "Mon 07"


@pytest.mark.integration
def test_stage_rules_find_those_who_sowed_in_time(tmp_path: Path, backend: Backend, mind: Mind) -> None:
    clock = FakeClock(START)
    staged = {rule.id for rule in mind.rules if rule.stages and "rice" in rule.crops}
    with (
        weather_server(START) as server,
        alert_box(mind, server, clock, tmp_path, staged, **backend.settings) as box,
    ):
        # Nights of 21 °C, damp all day: what rice blast likes.
        server.sky = Sky(temperature=26.0, humidity=120.0)
        sown = START.date() - timedelta(days=45)
        young = box.join("1", THANJAVUR, "en", farm=Farm(("rice",), (("rice", sown),)))
        unknown = box.join("2", THANJAVUR, "en", farm=Farm(("rice",)))
        old = box.join("3", THANJAVUR, "en", farm=Farm(("rice",), (("rice", sown - timedelta(days=200)),)))
        clock.now = day(0, 4)
        for _ in range(6):
            box.tick()
            clock.advance(minutes=30)
        assert box.kinds(young) == ["rice-blast raise 2"]
        assert box.kinds(unknown) == []
        assert box.kinds(old) == []
