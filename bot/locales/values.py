"""What the files of locales/ hold, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One language of languages.yaml; `region` is the country assumed where nothing else tells, if any."""

    tag: str
    name: str
    native: str
    script: str
    direction: str
    tier: int
    region: str | None
    locale: str
    gsm_table: int
    digits: str
    names: tuple[str, ...]
    fallback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of one thing: `kind` is a section of entities.yaml, `id` a taxonomy id (or a sign's)."""

    kind: str
    id: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class EntityNames:
    """entities.yaml of one language."""

    path: str
    names: tuple[Name, ...] = ()
    other_crops: tuple[str, ...] = ()
    """Crops and animals that have no id."""
    others: tuple[str, ...] = ()
    """Phrases whose words must not mean anything: idioms, institutions."""
    common: frozenset[str] = frozenset()
    """Everyday words that are never a misspelt name."""
    suffixes: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    negation_before: tuple[str, ...] = ()
    negation_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """How a thing is said: `say` is a whole message (fillers aside), `anywhere` also within a longer one."""

    say: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message, for training and tests."""

    text: str
    intent: str
    topic: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Utterances:
    """utterances.yaml of one language."""

    path: str
    commands: Mapping[str, Command]
    emergencies: Mapping[str, tuple[str, ...]]
    not_emergency: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    """Words for people: an animal that took poison is an animal's emergency only where nobody else is named."""
    latin_letters: tuple[str, ...] = ()
    """Words by which people ask for answers in Latin letters: "roman", "angrezi"."""
    fillers: frozenset[str] = frozenset()
    follow_up: Command = Command()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """intents.yaml: what holds in every language."""

    intents: Mapping[str, str]
    signs: Mapping[str, Mapping[str, str]]
    """sign -> part (or `default`) -> problem."""
    refine: Mapping[str, Mapping[str, str]]
    """crop -> general problem -> the problem it is in that crop."""
    general: frozenset[str]
    """Problems that say nothing more where a special one is named."""
    input_topics: Mapping[str, str]
    stage_topics: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in a data file that does not stop the program, for `khetdoot check`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"
