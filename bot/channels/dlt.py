"""India's registry of bulk SMS (DLT, TRAI TCCCPR 2018): which texts are registered, and whether one matches.

Operators let an SMS pass whose text is a registered template with values of at most 30 characters in its slots;
punctuation and spaces are not compared. Entity, header and template ids come from the operator's portal as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import regex
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import ConfigurationError

SLOT = "{#var#}"
LONGEST_VALUE = 30
LONGEST_TEMPLATE = 2000
SLOTS = regex.compile(r"\{#[a-z]+#\}", regex.IGNORECASE)
UNCOMPARED = r"[\p{P}\p{S}\p{Z}\p{Cc}\p{Cf}]"
NUMBER = regex.compile(r"\d{10,24}")
HEADER = regex.compile(r"[A-Za-z0-9]{3,11}")


class Strict(BaseModel):
    """A section of the file; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Template(Strict):
    """One registered text, as it stands in the portal."""

    id: str
    text: str
    language: str = ""


class RegistryFile(Strict):
    """The whole file. `pointers` names, by language, the template that says where an answer waits that may not go out
    by SMS; such a template has no slots."""

    entity: str
    header: str
    templates: tuple[Template, ...] = ()
    pointers: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registered:
    """A template ready to be compared."""

    template: Template
    pattern: regex.Pattern[str]


class Registry:
    """The registered texts of one entity."""

    def __init__(self, file: RegistryFile) -> None:
        self.entity = file.entity
        self.header = file.header
        self.templates = [Registered(template, pattern_of(template.text)) for template in file.templates]
        self.by_id = {template.id: template for template in file.templates}
        self.pointers = file.pointers

    def match(self, text: str) -> Template | None:
        """The template that a text is one of."""
        return next((known.template for known in self.templates if known.pattern.fullmatch(text)), None)

    def labels(self, text: str) -> Mapping[str, str]:
        """`entity` and `template`, which travel with the SMS; only the entity for a text that is not registered."""
        template = self.match(text)
        return {"entity": self.entity} | ({"template": template.id} if template else {})

    def pointer(self, language: str) -> str:
        """The registered text that says where the answer waits; empty where there is none."""
        identity = self.pointers.get(language) or self.pointers.get("en") or ""
        return self.by_id[identity].text if identity else ""


def read_registry(path: Path) -> Registry:
    """Reads and checks the file. Raises ConfigurationError naming all that is wrong."""
    try:
        file = RegistryFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"KHETDOOT_DLT_FILE: cannot read {path}: {type(error).__name__}") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ConfigurationError(f"KHETDOOT_DLT_FILE: {path}: {'; '.join(wrong)}") from None
    if problems := list(check_registry(file)):
        raise ConfigurationError(f"KHETDOOT_DLT_FILE: {path}: {'; '.join(problems)}")
    return Registry(file)


def check_registry(file: RegistryFile) -> Iterator[str]:
    """What an operator's portal would refuse, or never matches."""
    if not NUMBER.fullmatch(file.entity):
        yield "entity: not a number of the portal"
    if not HEADER.fullmatch(file.header):
        yield "header: 3 to 11 letters or digits"
    seen: set[str] = set()
    for template in file.templates:
        yield from check_template(template)
        if template.id in seen:
            yield f"template {template.id}: stands there twice"
        seen.add(template.id)
    for language, identity in file.pointers.items():
        pointed = next((template for template in file.templates if template.id == identity), None)
        if pointed is None:
            yield f"pointers.{language}: there is no template {identity}"
        elif SLOTS.search(pointed.text):
            yield f"pointers.{language}: template {identity} has slots"


def check_template(template: Template) -> Iterator[str]:
    """Problems of one template."""
    if not NUMBER.fullmatch(template.id):
        yield f"template {template.id}: the id is not a number of the portal"
    if len(template.text) > LONGEST_TEMPLATE:
        yield f"template {template.id}: longer than {LONGEST_TEMPLATE} characters"
    if not compared(SLOTS.sub("", template.text)):
        yield f"template {template.id}: nothing but slots"
    if regex.search(r"\{#|#\}", SLOTS.sub("", template.text)):
        yield f"template {template.id}: a slot is written {SLOT}"


def check_values(template: str, text: str) -> str:
    """Why a text is not one of a template; empty when it is."""
    if pattern_of(template).fullmatch(text):
        return ""
    longer = pattern_of(template, longest=LONGEST_TEMPLATE).fullmatch(text)
    return f"a value is longer than {LONGEST_VALUE} characters" if longer else "the words differ"


def pattern_of(template: str, longest: int = LONGEST_VALUE) -> regex.Pattern[str]:
    """A pattern of the whole text: characters that count, anything uncounted between them, values in slots."""
    fixed = [
        "".join(
            f"{regex.escape(char, special_only=False, literal_spaces=False)}{UNCOMPARED}*+" for char in compared(part)
        )
        for part in SLOTS.split(template)
    ]
    return regex.compile(
        rf"{UNCOMPARED}*+" + f".{{0,{longest}}}{UNCOMPARED}*".join(fixed) + rf"{UNCOMPARED}*", regex.DOTALL
    )


def compared(text: str) -> str:
    """The characters of a text that are compared."""
    return regex.sub(UNCOMPARED, "", text)
