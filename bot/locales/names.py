"""What may be wrong with entities.yaml and utterances.yaml beyond their form, for `khetdoot check`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from bot.locales.values import EntityNames, Name, Problem, Rules, Utterances

COMMANDS = (
    "stop", "start", "get_help", "get_more", "get_source", "talk_to_person", "forget", "greet", "thank", "subscribe",
    "unsubscribe", "agree", "refuse", "set_language", "set_script", "set_place", "get_weather", "get_price",
)  # fmt: skip
EMERGENCIES = ("pesticide-poisoning", "snake-bite", "animal-collapse", "suicide")
ONE_MEANING = ("crops", "problems")
"""Kinds in which a name has one id only."""
NATIVE_FIRST = ("crops", "problems", "parts")
"""Kinds whose first name is shown on buttons."""


def check_names(
    entities: Mapping[str, EntityNames],
    utterances: Mapping[str, Utterances],
    rules: Rules,
    ids: Mapping[str, Collection[str]],
) -> Iterator[Problem]:
    """Unknown ids, names with two meanings, unknown commands. `ids` maps crops, problems, ... to the taxonomy's ids."""
    known = {**ids, "hints": ids["topics"], "signs": rules.signs}
    for language, file in entities.items():
        for line, message in (*unknown_ids(file, known), *doubled(file), *latin_first(file, language)):
            yield Problem(file.path, line, message)
    for said in utterances.values():
        for line, message in (*unknown_commands(said), *bad_examples(said, rules, ids["topics"])):
            yield Problem(said.path, line, message)


def unknown_ids(file: EntityNames, known: Mapping[str, Collection[str]]) -> Iterator[tuple[int, str]]:
    """Ids that the taxonomy lacks."""
    seen = set()
    for name in file.names:
        if name.id not in known[name.kind] and (name.kind, name.id) not in seen:
            seen.add((name.kind, name.id))
            yield name.line, f"{name.kind} has no {name.id!r}"


def doubled(file: EntityNames) -> Iterator[tuple[int, str]]:
    """Names with two ids of one kind."""
    first: dict[tuple[str, str], Name] = {}
    for name in file.names:
        if name.kind in ONE_MEANING:
            other = first.setdefault((name.kind, name.text.lower()), name)
            if other.id != name.id:
                yield name.line, f"{name.text!r} is {other.id} (line {other.line}) and {name.id}"


def latin_first(file: EntityNames, language: str) -> Iterator[tuple[int, str]]:
    """First names in Latin letters where the file has names in the language's own script."""
    native = any(not name.text.isascii() for name in file.names) and language not in ("en", "sw", "es")
    shown: set[tuple[str, str]] = set()
    for name in file.names:
        if native and name.kind in NATIVE_FIRST and (name.kind, name.id) not in shown and name.text.isascii():
            yield (
                name.line,
                f"the first name of {name.id} is shown on buttons and not in the native script: {name.text!r}",
            )
        shown.add((name.kind, name.id))


def unknown_commands(said: Utterances) -> Iterator[tuple[int, str]]:
    """Commands and emergencies that nothing answers."""
    yield from ((1, f"no command {name!r}") for name in said.commands if name not in COMMANDS)
    yield from ((1, f"no emergency {name!r}") for name in said.emergencies if name not in EMERGENCIES)
    yield from ((1, f"lacks the command {name!r}") for name in COMMANDS if name not in said.commands)
    yield from ((1, f"lacks the emergency {name!r}") for name in EMERGENCIES if name not in said.emergencies)


def bad_examples(said: Utterances, rules: Rules, topics: Collection[str]) -> Iterator[tuple[int, str]]:
    """Examples with labels that do not exist."""
    for example in said.examples:
        if example.intent not in rules.intents:
            yield example.line, f"no intent {example.intent!r}"
        if example.topic is not None and example.topic not in topics:
            yield example.line, f"no topic {example.topic!r}"
