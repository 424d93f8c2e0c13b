"""The names of locales/ as lexicons: one for each language, one for what is called the same everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bot.locales import DEFAULT, EntityNames, Locales, Name
from bot.understanding.lexicon import Lexicon, Meaning, plain, tokenise

OTHER_CROP: Meaning = ("other_crops", "")
OTHER: Meaning = ("others", "")


def build_own(locales: Locales, language: str) -> Lexicon:
    """Names of a language and of English, which farmers of all languages mix in."""
    mine, english = locales.entities[language], locales.entities[DEFAULT]
    names = [*entries(mine.names), *unnamed(mine)]
    if language != DEFAULT:
        known = {tokens for tokens, _ in names} | {(plain(word.lower()),) for word in mine.common}
        foreign = [*entries(english.names), *unnamed(english)]
        names += [(tokens, meaning) for tokens, meaning in foreign if tokens not in known]
    common = mine.common | english.common
    listed = frozenset() if language == DEFAULT else name_words(mine)
    spoken = locales.languages[language].script != "Latn"
    everyday = frozenset(plain(word.lower()) for word in common)
    return Lexicon([name for name in names if name[0]], everyday, (mine.suffixes, mine.endings), listed, spoken=spoken)


def name_words(names: EntityNames) -> frozenset[str]:
    """Every word of the names of a language."""
    return frozenset(token for tokens, _ in (*entries(names.names), *unnamed(names)) for token in tokens)


def build_everywhere(locales: Locales) -> Lexicon:
    """Names of all languages that mean one thing wherever they occur and are no everyday word anywhere."""
    meanings: dict[tuple[str, ...], dict[str, set[Meaning]]] = defaultdict(lambda: defaultdict(set))
    for language, file in locales.entities.items():
        for tokens, meaning in (*entries(file.names), *unnamed(file)):
            meanings[tokens][language].add(meaning)
    everyday = {plain(word.lower()) for file in locales.entities.values() for word in file.common}
    return Lexicon(
        [(tokens, meaning) for tokens, found in meanings.items() for meaning in agreed(tokens, found, everyday)],
        frozenset(everyday),
    )


def agreed(tokens: tuple[str, ...], found: Mapping[str, set[Meaning]], everyday: set[str]) -> set[Meaning]:
    """What all languages that have the name mean by it; nothing for names too short or too common to trust."""
    meanings = set.intersection(*found.values())
    if len(tokens) > 1:
        return meanings
    trusted = len(found) > 1 or any(kind == "crops" for kind, _ in meanings)
    return set() if tokens[0] in everyday or len(tokens[0]) < (3 if trusted else 4) else meanings


def entries(names: Iterable[Name]) -> Iterator[tuple[tuple[str, ...], Meaning]]:
    """Names as tokens and meaning."""
    for name in names:
        if tokens := tuple(tokenise(name.text)):
            yield tokens, (name.kind, name.id)


def unnamed(names: EntityNames) -> Iterator[tuple[tuple[str, ...], Meaning]]:
    """Names without an id."""
    yield from ((tuple(tokenise(text)), OTHER_CROP) for text in names.other_crops)
    yield from ((tuple(tokenise(text)), OTHER) for text in names.others)
