"""Messages that are commands, greetings, places or emergencies rather than questions on farming."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.locales import DEFAULT, Locales, Utterances
from bot.understanding.phrases import Phrases, command_tokens, parse_phrases, phrases_of, slot, slots_of

FIRST = ("stop", "unsubscribe", "forget", "talk_to_person", "set_place", "subscribe")
"""Commands that are also heard within a longer message, in the order in which they win."""
SHORT_MESSAGE = 4
"""Words of a message in which a command may be misspelt."""
NAME_WORDS = frozenset({"language", "bhasha", "basha", "lugha", "idioma", "भाषा"})


@dataclass(frozen=True, slots=True)
class Found:
    """A command and what it carries: a language's tag, `latin` or `native`, a place, an emergency's id."""

    command: str
    argument: str = ""
    exact: bool = False
    """The message is the command word for word."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The commands of one language."""

    fillers: frozenset[str]
    whole: dict[tuple[str, ...], str]
    within: Phrases
    slots: tuple[tuple[tuple[str, ...], str], ...]
    vocabulary: tuple[str, ...]
    follow_up: Phrases
    follow_up_slots: tuple[tuple[str, ...], ...]
    follow_up_whole: frozenset[tuple[str, ...]]


class CommandMatcher:
    """Finds commands in the contact's language, English, and as whole messages in any language."""

    def __init__(self, locales: Locales, known: Callable[[str, str], bool]) -> None:
        self._known = known
        self._speech = {tag: build_speech(spoken) for tag, spoken in locales.utterances.items()}
        self._anywhere = build_anywhere(self._speech)
        self._tags = build_tags(locales)
        self._latin = frozenset(
            token
            for spoken in locales.utterances.values()
            for word in spoken.latin_letters
            for token in command_tokens(word)
        )
        self._codes = frozenset(locales.languages)
        self._stops = Phrases(
            phrase
            for spoken in locales.utterances.values()
            for phrase in phrases_of((name, command) for name, command in spoken.commands.items() if name == "stop")
        )
        self._emergencies = Phrases(
            phrase
            for spoken in locales.utterances.values()
            for kind, texts in spoken.emergencies.items()
            for text in texts
            for phrase in parse_phrases(text, kind)
        )
        self._harmless = literal((spoken.not_emergency for spoken in locales.utterances.values()), "harmless")
        self._persons = literal((spoken.persons for spoken in locales.utterances.values()), "person")

    def says(self, token: str, language: str) -> bool:
        """Whether a token stands in the commands and fillers of a language."""
        speech = self._speech.get(language)
        return speech is not None and (token in speech.fillers or token in speech.vocabulary)

    def names_person(self, tokens: list[str]) -> bool:
        """Whether a text speaks of somebody, in any language."""
        return next(self._persons.find(tokens), None) is not None

    def emergency(self, tokens: list[str]) -> str | None:
        """The emergency that a text reports, in any language; suicide first."""
        kinds = set(self._emergencies.find(tokens))
        if "suicide" in kinds:
            return "suicide"
        if not kinds or next(self._harmless.find(tokens), None):
            return None
        return next(kind for kind in ("pesticide-poisoning", "snake-bite", "animal-collapse", *kinds) if kind in kinds)

    def command(self, tokens: list[str], languages: Iterable[str], *, farming: bool) -> Found | None:
        """What a text commands. `farming`: it names a crop or problem, so that only a whole message counts."""
        spoken = [self._speech[tag] for tag in dict.fromkeys((*languages, DEFAULT)) if tag in self._speech]
        return (
            self._whole(tokens, spoken)
            or (None if farming else self._within(tokens, spoken))
            or self._misspelt(tokens, spoken, next(iter(languages), DEFAULT))
        )

    def _whole(self, tokens: list[str], spoken: list[Speech]) -> Found | None:
        """A message that is nothing but a command ("/language hi"): in her languages, else where it means one thing in
        all."""
        if len(tokens) == 2 and tokens[0] in NAME_WORDS and tokens[1] in self._codes:
            return Found("set_language", tokens[1], exact=True)  # before fillers are left out: "hi" is one
        for speech in spoken:
            if command := whole(tokens, speech):
                return Found(command, self._letters(command, tokens), exact=tuple(tokens) in speech.whole)
        if found := self._language(tokens, spoken):
            return found
        command = self._anywhere.get(tuple(tokens))
        return Found(command, self._letters(command, tokens)) if command else None

    def _within(self, tokens: list[str], spoken: list[Speech]) -> Found | None:
        """A command in a longer message; STOP and places also in languages that were not detected."""
        if found := next(filter(None, (within(tokens, speech) for speech in spoken)), None):
            return found
        if "stop" in self._stops.find(tokens):
            return Found("stop")
        return next(filter(None, (slotted(tokens, speech) for speech in self._speech.values())), None)

    def _letters(self, command: str, tokens: list[str]) -> str:
        """Which letters `set_script` asks for."""
        if command != "set_script":
            return ""
        if not self._latin.isdisjoint(tokens):
            return "latin"
        return "native" if len(tokens) > 1 or any(not token.isascii() for token in tokens) else ""

    def follows_up(self, tokens: list[str], languages: Iterable[str]) -> bool:
        """Whether a text leans on what was said before."""
        for tag in dict.fromkeys((*languages, DEFAULT)):
            if (speech := self._speech.get(tag)) and (
                tuple(tokens) in speech.follow_up_whole
                or without(tokens, speech.fillers) in speech.follow_up_whole
                or next(speech.follow_up.find(tokens), None)
                or any(slot(tokens, pattern) is not None for pattern in speech.follow_up_slots)
            ):
                return True
        return False

    def _language(self, tokens: list[str], spoken: list[Speech]) -> Found | None:
        """A language's name, alone or with words that ask to speak it."""
        tag = self._tags.get("".join(tokens)) or next((self._tags[t] for t in tokens if t in self._tags), None)
        if tag is None:
            return None
        rest = [token for token in tokens if token not in self._tags and token not in NAME_WORDS]
        if "".join(tokens) in self._tags or any(all(t in speech.fillers for t in rest) for speech in spoken):
            return Found("set_language", tag)
        return None

    def _misspelt(self, tokens: list[str], spoken: list[Speech], language: str) -> Found | None:
        """A short message one slip away from a command, when its words are no others that are known."""
        if not 0 < len(tokens) <= SHORT_MESSAGE:
            return None
        for speech in spoken:
            mended = [self._mended(token, speech, language) for token in tokens]
            if mended != tokens and (command := whole(mended, speech)):
                return Found(command)
        return None

    def _mended(self, token: str, speech: Speech, language: str) -> str:
        if token in speech.fillers or token in speech.vocabulary or len(token) < 4 or self._known(token, language):
            return token
        slips = 1 if len(token) < 8 else 2
        best = process.extractOne(token, speech.vocabulary, scorer=OSA.distance, score_cutoff=slips)
        return str(best[0]) if best else token


def whole(tokens: list[str], speech: Speech) -> str | None:
    """The command that a whole message is, fillers aside."""
    return speech.whole.get(tuple(tokens)) or (speech.whole.get(without(tokens, speech.fillers)) if tokens else None)


def within(tokens: list[str], speech: Speech) -> Found | None:
    """The command that a longer message holds."""
    found = set(speech.within.find(tokens))
    for command in FIRST:
        if command in found:
            return Found(command)
    return slotted(tokens, speech) or (Found(min(found)) if found else None)


def slotted(tokens: list[str], speech: Speech) -> Found | None:
    """The command that a message frames, with what stands in its slot."""
    for pattern, command in speech.slots:
        if (argument := slot(tokens, pattern)) is not None:
            return Found(command, argument)
    return None


def without(tokens: Iterable[str], fillers: frozenset[str]) -> tuple[str, ...]:
    """The words that are no fillers."""
    return tuple(token for token in tokens if token not in fillers)


def build_speech(spoken: Utterances) -> Speech:
    """Indexes the commands of a language."""
    fillers = frozenset(token for word in spoken.fillers for token in command_tokens(word))
    whole_messages: dict[tuple[str, ...], str] = {}
    for name, command in spoken.commands.items():
        for text in command.say:
            whole_messages.setdefault(tuple(command_tokens(text)), name)
    for said, name in list(whole_messages.items()):
        if short := without(said, fillers):
            whole_messages.setdefault(short, name)
    vocabulary = {token for tokens in whole_messages for token in tokens if len(token) >= 4}
    return Speech(
        fillers,
        whole_messages,
        Phrases(phrases_of(spoken.commands.items())),
        tuple(slots_of(spoken.commands.items())),
        tuple(sorted(vocabulary)),
        Phrases(phrases_of([("follow_up", spoken.follow_up)])),
        tuple(pattern for pattern, _ in slots_of([("follow_up", spoken.follow_up)])),
        frozenset(tuple(command_tokens(text)) for text in spoken.follow_up.say),
    )


def build_anywhere(speech: dict[str, Speech]) -> dict[tuple[str, ...], str]:
    """Whole messages that mean one thing in all languages that have them."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for spoken in speech.values():
        for tokens, command in spoken.whole.items():
            found[tokens].add(command)
    return {tokens: next(iter(names)) for tokens, names in found.items() if len(names) == 1}


def build_tags(locales: Locales) -> dict[str, str]:
    """Names of languages (joined tokens) to tags."""
    return {
        "".join(command_tokens(name)): tag
        for tag, language in locales.languages.items()
        for name in (language.name, language.native, *language.names)
    }


def literal(lists: Iterable[Iterable[str]], kind: str) -> Phrases:
    """Phrases that are found word for word, without gaps."""
    return Phrases(
        phrase for texts in lists for text in texts for phrase in parse_phrases("_".join(text.split()), kind)
    )
