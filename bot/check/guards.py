"""Checks of guard.yaml: readable, complete, and no word both plain and telling."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.lexicon import read_lexicon
from bot.check.files import problem_of
from bot.domain.errors import DataError
from bot.locales import Locales, Problem


def check_guards(locales: Locales) -> Iterator[Problem]:
    """Faults of what free text is held against. A language without the file gets no free text, which is no fault."""
    for language in locales.spoken:
        path = locales.path / language / "guard.yaml"
        if not path.is_file():
            continue
        try:
            lexicon = read_lexicon(locales, language)
        except DataError as error:
            yield problem_of(error)
            continue
        if not lexicon.complete:
            yield Problem(str(path), 1, "numbers, negations and units.yaml are all wanted")
        for word in sorted(lexicon.plain & (lexicon.negations | lexicon.numbers.keys() | lexicon.units.keys())):
            yield Problem(str(path), 1, f"{word!r} is no plain word")
