"""Who a rule is for: crops, stages by days after sowing, weeks of sowing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.domain.alerts import EVERYBODY, Group, Severity
from tests.alerts.skies import RULES

TODAY = date(2026, 7, 10)


def groups(rule: str, *crops: str, age: int | None = None) -> tuple[Group, ...]:
    """The groups of a farm whose crops were sown so many days ago."""
    return RULES[rule].groups(crops, None if age is None else TODAY - timedelta(days=age), TODAY)


def test_rules_for_everybody_and_for_crops() -> None:
    assert groups("heavy-rain") == groups("heavy-rain", "rice", age=3) == (EVERYBODY,)
    assert groups("late-blight", "rice", "tomato", "potato", "tomato") == (Group("tomato"), Group("potato"))
    assert groups("late-blight", "rice") == ()


@pytest.mark.parametrize(
    ("age", "stage"),
    [(-1, None), (0, "seedling"), (30, "seedling"), (31, "tillering"), (65, "tillering"), (66, "flowering"),
     (100, "flowering"), (101, None), (None, None)],
)  # fmt: skip
def test_stages_by_days_after_sowing(age: int | None, stage: str | None) -> None:
    assert groups("rice-blast", "rice", age=age) == ((Group("rice", stage),) if stage else ())


def test_weeks_of_sowing() -> None:
    assert groups("fall-armyworm", "maize", age=11) == (Group("maize", sown=date(2026, 6, 29)),)
    assert groups("fall-armyworm", "maize", age=5) == (Group("maize", sown=date(2026, 6, 29)),)
    assert groups("fall-armyworm", "maize", age=4) == (Group("maize", sown=date(2026, 7, 6)),)
    assert groups("fall-armyworm", "maize") == ()
    assert {rule.id for rule in RULES.values() if rule.staged} == {"rice-blast", "wheat-terminal-heat", "fall-armyworm"}


@pytest.mark.parametrize("group", [EVERYBODY, Group("rice", "flowering"), Group("maize", sown=date(2026, 6, 29))])
def test_groups_have_keys(group: Group) -> None:
    assert Group.parse(str(group)) == group


def test_cards_by_crop_and_levels() -> None:
    rule = RULES["late-blight"]
    assert [rule.card("potato"), rule.card("tomato"), rule.card()] == ["potato/late-blight", "tomato/blight", None]
    assert RULES["heavy-rain"].card("rice") == RULES["heavy-rain"].card() == "general/water"
    assert rule.level(Severity.WARNING).text == "alert.late-blight.warning"
    with pytest.raises(KeyError):
        rule.level(Severity.EXTREME)
