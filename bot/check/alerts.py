"""Checks of the warnings' rules: known tests, values, stages, cards and texts; thresholds that rise and leave room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.alerts.kinds import KINDS
from bot.check.files import Data, line_with
from bot.domain.alerts import AlertRule, Limits
from bot.knowledge import Taxonomy
from bot.locales import DEFAULT, Locales, Problem
from bot.locales.messages import placeholders

SLOTS = frozenset({"place", "day", "crop", "value", "start", "end"})
"""What a warning's text may have filled in; {value} only where the rule shows one."""
WINDOW_SLOTS = frozenset({"start", "end"})
RISING = ("min", "over")


def check_alert(rule: AlertRule, data: Data) -> Iterator[Problem]:
    """Everything about one rule."""
    if data.taxonomy is None or data.locales is None:
        return
    for message, where in (
        *bad_test(rule),
        *bad_limits(rule),
        *bad_growers(rule, data.taxonomy),
        *bad_references(rule, data),
        *bad_texts(rule, data.locales),
    ):
        yield Problem(rule.path, line_with(rule.path, where), message)


def bad_test(rule: AlertRule) -> Iterator[tuple[str, str]]:
    """A test that does not exist, values that it does not have, options that it does not know or lacks."""
    kind = KINDS.get(rule.kind)
    if kind is None:
        yield f"unknown kind {rule.kind!r}; there are {', '.join(sorted(KINDS))}", "kind:"
        return
    named = [what for limits in all_limits(rule) for _, what in sides(limits)]
    for what in dict.fromkeys([*named, *filter(None, [rule.shown])]):
        if what not in kind.values:
            yield f"kind {rule.kind!r} has no value {what!r}; it has {', '.join(sorted(kind.values))}", what
    options = {name for name, _ in rule.options}
    for name in sorted(options - kind.options):
        yield f"kind {rule.kind!r} has no option {name!r}", name
    for name in sorted(kind.options - options):
        yield f"kind {rule.kind!r} needs the option {name!r}", "options:"
    if kind.from_today and rule.days > 1:
        yield f"kind {rule.kind!r} looks at one day", "days:"


def bad_limits(rule: AlertRule) -> Iterator[tuple[str, str]]:
    """Levels that are not stricter than the one below, and an end that comes before the beginning."""
    for lower, upper in pairwise(rule.levels):
        if lower.limits == upper.limits or not is_looser(lower.limits, upper.limits):
            yield f"{upper.severity.name.lower()} is not stricter than {lower.severity.name.lower()}", upper.text
    if not is_looser(rule.clear, rule.levels[0].limits):
        yield "clear must be no stricter than the first level, or the warning would end while it holds", "clear:"


def is_looser(one: Limits, other: Limits) -> bool:
    """Whether all that meets `other` meets `one`; thresholds of other values say nothing."""
    limits = dict(other)
    for name, bound in one:
        if name not in limits:
            continue
        rises = name.partition("_")[0] in RISING
        if bound > limits[name] if rises else bound < limits[name]:
            return False
    return True


def bad_growers(rule: AlertRule, taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Crops and stages that the taxonomy does not have, windows of other crops, windows that overlap."""
    for crop in rule.crops:
        if crop not in taxonomy.crops:
            yield f"unknown crop {crop!r}", crop
    for window in rule.stages:
        if window.crop not in rule.crops:
            yield f"stages of {window.crop!r}, which is not among the rule's crops", window.crop
        if window.stage not in taxonomy.stages:
            yield f"unknown stage {window.stage!r}", window.stage
    for crop in rule.crops:
        windows = sorted((one for one in rule.stages if one.crop == crop), key=lambda one: one.first_day)
        for before, after in pairwise(windows):
            if after.first_day <= before.last_day:
                yield f"stages {before.stage!r} and {after.stage!r} of {crop!r} overlap", after.stage


def bad_references(rule: AlertRule, data: Data) -> Iterator[tuple[str, str]]:
    """Sources of stages and cards that do not exist."""
    sources = {source.id for source in rule.sources}
    for window in rule.stages:
        if window.source and window.source not in sources:
            yield f"source {window.source!r} is not among the rule's sources", window.source
    for crop, card in rule.cards:
        if crop and crop not in rule.crops:
            yield f"a card for {crop!r}, which is not among the rule's crops", card
        if card not in data.cards:
            yield f"there is no card {card!r}", card


def bad_texts(rule: AlertRule, locales: Locales) -> Iterator[tuple[str, str]]:
    """Texts that English lacks (what it has, check_messages wants of all languages), and slots that nothing fills."""
    filled = SLOTS - ({"value"} if not rule.shown else set()) - (WINDOW_SLOTS if rule.push else set())
    for text in dict.fromkeys([*(level.text for level in rule.levels), *filter(None, [rule.clear_text])]):
        words = locales.messages[DEFAULT].get(text)
        if words is None:
            yield f"no text for {text!r} in locales/{DEFAULT}/messages.po", text
            continue
        if strange := sorted(placeholders(words) - filled):
            yield f"{text!r} has {{{strange[0]}}}, which this rule does not fill", text
        if text == rule.clear_text and "value" in placeholders(words):
            yield f"{text!r} has {{value}}, but at its end there is none", text


def all_limits(rule: AlertRule) -> Sequence[Limits]:
    """Those of all levels and of the end."""
    return [*(level.limits for level in rule.levels), rule.clear]


def sides(limits: Limits) -> Iterator[tuple[str, str]]:
    """Side and value of each threshold's name."""
    for name, _ in limits:
        side, _, what = name.partition("_")
        yield side, what
