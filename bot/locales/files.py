"""Reads the YAML files of locales/ with the line of every fault. Formats: locales/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from bot.domain.errors import DataError
from bot.locales.values import Command, EntityNames, Example, Language, Name, Rules, Utterances

KINDS = ("crops", "problems", "parts", "stages", "inputs", "signs", "topics", "hints")
WORD_LISTS = ("other_crops", "others", "common", "suffixes", "endings", "negation_before", "negation_after")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LANGUAGE_KEYS = (
    "name",
    "native",
    "script",
    "direction",
    "tier",
    "region",
    "locale",
    "gsm_table",
    "digits",
    "names",
    "fallback",
)
RULE_KEYS = ("intents", "signs", "refine", "general", "input_topics", "stage_topics")
UTTERANCE_KEYS = (
    "commands", "emergencies", "not_emergency", "persons", "latin_letters", "fillers", "follow_up", "examples",
)  # fmt: skip


class Reading:
    """A YAML file as plain values that remember their lines, so that every complaint names one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
        except FileNotFoundError as error:
            raise DataError(f"{path}:1: no such file") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path}:1: {error}") from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise DataError(f"{path}:{mark.line + 1 if mark else 1}: {getattr(error, 'problem', error)}") from error
        self.root = self.mapping(node)

    def fail(self, node: yaml.Node | None, message: str) -> DataError:
        """The error to raise about a node."""
        return DataError(f"{self.path}:{self.line(node)}: {message}")

    def line(self, node: yaml.Node | None) -> int:
        """Line of a node, from 1."""
        return node.start_mark.line + 1 if node is not None else 1

    def mapping(self, node: yaml.Node | None) -> dict[str, yaml.Node]:
        """A mapping's nodes by key; nothing counts as empty. Raises DataError on doubled keys."""
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, "a mapping is wanted here")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if self.text(key) in found:
                raise self.fail(key, f"{key.value!r} stands here twice")
            found[key.value] = value
        return found

    def text(self, node: yaml.Node) -> str:
        """A scalar as written: `no`, `yes` and `on` stay words."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, "a text is wanted here")
        return str(node.value).strip()

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        """A sequence's nodes."""
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail(node, "a list is wanted here")
        return list(node.value)

    def texts(self, node: yaml.Node | None) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self.text(item) for item in self.items(node))

    def only(self, nodes: Mapping[str, yaml.Node], known: tuple[str, ...]) -> None:
        """Refuses keys that the format does not have."""
        for key, node in nodes.items():
            if key not in known:
                raise self.fail(node, f"unknown section {key!r}; known: {', '.join(known)}")

    def word_map(self, node: yaml.Node | None) -> dict[str, str]:
        """A mapping of texts to texts."""
        return {key: self.text(value) for key, value in self.mapping(node).items()}

    def command(self, node: yaml.Node | None) -> Command:
        """`{say: [...], anywhere: [...]}`; a bare list is `say`."""
        if isinstance(node, yaml.SequenceNode):
            return Command(say=self.texts(node))
        parts = self.mapping(node)
        self.only(parts, ("say", "anywhere"))
        return Command(self.texts(parts.get("say")), self.texts(parts.get("anywhere")))


def read_languages(path: Path) -> dict[str, Language]:
    """languages.yaml: languages by tag, in order. Raises DataError."""
    reading = Reading(path)
    return {tag: _language(reading, tag, node) for tag, node in reading.root.items()}


def _language(reading: Reading, tag: str, node: yaml.Node) -> Language:
    fields = reading.mapping(node)
    reading.only(fields, LANGUAGE_KEYS)
    if lacking := [key for key in LANGUAGE_KEYS[:5] if key not in fields]:
        raise reading.fail(node, f"{tag} lacks {', '.join(lacking)}")

    def text(key: str, default: str = "") -> str:
        return reading.text(fields[key]) if key in fields else default

    def number(key: str, default: int) -> int:
        if not (value := text(key, str(default))).isdecimal():
            raise reading.fail(fields[key], f"{key} is a number, not {value!r}")
        return int(value)

    return Language(
        tag=tag,
        name=text("name"),
        native=text("native"),
        script=text("script"),
        direction=text("direction"),
        tier=number("tier", 2),
        region=text("region") or None,
        locale=text("locale", tag),
        gsm_table=number("gsm_table", 0),
        digits=text("digits", "0123456789"),
        names=reading.texts(fields.get("names")),
        fallback=reading.texts(fields.get("fallback")),
    )


def read_rules(path: Path) -> Rules:
    """intents.yaml. Raises DataError."""
    reading = Reading(path)
    reading.only(reading.root, RULE_KEYS)
    get = reading.root.get
    return Rules(
        intents=reading.word_map(get("intents")),
        signs={sign: reading.word_map(node) for sign, node in reading.mapping(get("signs")).items()},
        refine={crop: reading.word_map(node) for crop, node in reading.mapping(get("refine")).items()},
        general=frozenset(reading.texts(get("general"))),
        input_topics=reading.word_map(get("input_topics")),
        stage_topics=reading.word_map(get("stage_topics")),
    )


def read_entities(path: Path) -> EntityNames:
    """<lang>/entities.yaml. Raises DataError."""
    reading = Reading(path)
    reading.only(reading.root, KINDS + WORD_LISTS)
    names = tuple(
        Name(kind, name_id, reading.text(item), reading.line(item))
        for kind in KINDS
        for name_id, node in reading.mapping(reading.root.get(kind)).items()
        for item in reading.items(node)
    )
    lists = {key: reading.texts(reading.root.get(key)) for key in WORD_LISTS}
    return EntityNames(
        str(path),
        names,
        other_crops=lists["other_crops"],
        others=lists["others"],
        common=frozenset(word for text in lists["common"] for word in text.split()),
        suffixes=lists["suffixes"],
        endings=lists["endings"],
        negation_before=lists["negation_before"],
        negation_after=lists["negation_after"],
    )


def read_utterances(path: Path) -> Utterances:
    """<lang>/utterances.yaml. Raises DataError."""
    reading = Reading(path)
    reading.only(reading.root, UTTERANCE_KEYS)
    get = reading.root.get
    emergencies = reading.mapping(get("emergencies"))
    return Utterances(
        str(path),
        commands={name: reading.command(node) for name, node in reading.mapping(get("commands")).items()},
        emergencies={name: reading.texts(node) for name, node in emergencies.items()},
        not_emergency=reading.texts(get("not_emergency")),
        persons=reading.texts(get("persons")),
        latin_letters=reading.texts(get("latin_letters")),
        fillers=frozenset(word for text in reading.texts(get("fillers")) for word in text.split()),
        follow_up=reading.command(get("follow_up")),
        examples=tuple(_example(reading, node) for node in reading.items(get("examples"))),
    )


def _example(reading: Reading, node: yaml.Node) -> Example:
    fields = reading.word_map(node)
    if unknown := fields.keys() - {"text", "intent", "topic"}:
        raise reading.fail(node, f"an example has text, intent, topic; not {', '.join(sorted(unknown))}")
    if not fields.get("text"):
        raise reading.fail(node, "an example needs a text")
    return Example(fields["text"], fields.get("intent", "ask_advice"), fields.get("topic"), reading.line(node))
