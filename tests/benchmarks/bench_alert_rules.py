"""Milliseconds (of processor time) to evaluate all rules in one cell: python -m tests.benchmarks.bench_alert_rules"""

from __future__ import annotations

import time
from datetime import date, timedelta
from statistics import median

from bot.alerts import find
from bot.domain.alerts import EVERYBODY, Group
from tests.alerts.skies import RULES, fall, sky, utc, weather

CELLS = 200
SOWN = tuple(date(2026, 6, 1) + timedelta(weeks=number) for number in range(4))


def groups_of(rule: str) -> tuple[Group, ...]:
    """As in a cell where everything is grown: all stages, maize sown in four weeks."""
    found = RULES[rule]
    if found.by_sowing:
        return tuple(Group(crop, sown=day) for crop in found.crops for day in SOWN)
    if found.stages:
        return tuple(Group(window.crop, window.stage) for window in found.stages)
    return tuple(Group(crop) for crop in found.crops) or (EVERYBODY,)


def main() -> None:
    """Prints the median over the cells."""
    hours = sky(rain=fall(80, utc(11, 3), 12))
    means = {date(2026, 5, 1) + timedelta(days=number): 23.5 for number in range(70)}
    pushed = [(rule, group) for rule in RULES.values() if rule.push for group in groups_of(rule.id)]
    seconds = []
    for _ in range(CELLS):
        start = time.process_time()
        cell = weather(hours, means=means)
        for rule, group in pushed:
            find(rule, cell, group)
        seconds.append(time.process_time() - start)
    print(f"{len(pushed)} evaluations a cell: {median(seconds) * 1000:.1f} ms (median of {CELLS})")


if __name__ == "__main__":
    main()
