"""Lets a model choose among authored steps, under a grammar in which nothing else can be said.

It is asked only where it can help, never about emergencies, and whatever goes wrong the card answers as without it.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answering.decide import Decision, Move
from bot.answering.engine import Engine, Prompt
from bot.answering.prompts import PROMPT_VERSION, Gloss, build_select, gloss_of, lettered
from bot.domain.cards import BINDING, Hit, Step
from bot.domain.errors import EngineError
from bot.domain.turns import Understanding

NEAR = 0.1
"""Cards whose scores lie closer than this to the best one's may be meant as well."""
WEAK = 0.3
"""A best card below this may be the wrong one: only then may the model send the question to a person."""
MOST_RIVALS = 2
MOST_CHOSEN = 3
"""Steps of a selection besides those that are never left out: what answers a question, not the whole card."""
MANY_STEPS = 3
"""From so many steps that could be left out a selection spares the farmer something."""
MANY_WORDS = 12
"""A question of so many words says more than what was understood of it."""
MOST_TOKENS = 24
UNTOUCHED = "emergency"
"""A topic that no model has a part in."""
CROP, PROBLEM, PERSON = "ask crop", "ask problem", "person"


@dataclass(frozen=True, slots=True)
class Case:
    """A question that a card answers, its `steps` that apply, and what the model may say of it."""

    hit: Hit
    gloss: Gloss
    steps: tuple[Step, ...]
    rivals: tuple[Hit, ...] = ()
    others: tuple[str, ...] = ()
    """Of CROP, PROBLEM and PERSON those that make sense here."""

    @property
    def letters(self) -> dict[str, str]:
        """Step ids that may be chosen by their letters, in the card's order."""
        open_ids = {step.id for step in self.steps if step.kind not in BINDING}
        return {letter: step.id for letter, step in lettered(self.hit.card).items() if step.id in open_ids}

    @property
    def prompt(self) -> Prompt:
        """What the model is given."""
        return build_select(self.hit.card, self.gloss, [rival.card for rival in self.rivals])

    @property
    def replies(self) -> dict[str, Decision]:
        """All replies but letters, with what they mean."""
        cards = {f"card {number}": Decision(Move.ANSWER, hit) for number, hit in enumerate(self.rivals, start=2)}
        crops = tuple(dict.fromkeys(crop for hit in (self.hit, *self.rivals) for crop in hit.card.crops))
        moves = {
            CROP: Decision(Move.ASK_CROP, crops=crops),
            PROBLEM: Decision(Move.ASK_PROBLEM),
            PERSON: Decision(Move.NO_CARD),
        }
        return cards | {said: moves[said] for said in self.others}


class Answers(Protocol):
    """Keeps what a model said, for the same question asked again."""

    def get(self, key: str) -> str | None:
        """What is kept under a key."""
        ...

    def keep(self, key: str, said: str) -> None:
        """Keeps it; failing to is no error."""
        ...


def case_of(
    understanding: Understanding,
    hit: Hit,
    hits: Sequence[Hit],
    steps: tuple[Step, ...],
    *,
    reads: frozenset[str],
    may_ask: bool = True,
) -> Case | None:
    """What to ask the model about a question that `hit` answers; None where it could not help."""
    if UNTOUCHED in hit.card.topics:
        return None
    gloss = gloss_of(understanding, reads)
    near = [other for other in hits if other.card.id != hit.card.id and other.score > hit.score - NEAR]
    rivals = tuple(other for other in near if other.crop == hit.crop and UNTOUCHED not in other.card.topics)
    case = Case(hit, gloss, steps, rivals[:MOST_RIVALS], tuple(sensible(understanding, hit, may_ask)))
    open_steps = len(case.letters)
    says_more = bool(gloss.parts or gloss.stages or gloss.inputs) or len(gloss.words.split()) >= MANY_WORDS
    return case if open_steps and (case.rivals or (says_more and open_steps >= MANY_STEPS)) else None


def sensible(understanding: Understanding, hit: Hit, may_ask: bool) -> list[str]:
    """The questions back that could be asked, and whether a person is an answer."""
    entities = understanding.entities
    options = {
        CROP: may_ask and not entities.crops and not hit.card.general,
        PROBLEM: may_ask and bool(entities.crops) and not entities.problems and hit.score < WEAK,
        PERSON: hit.score < WEAK,
    }
    return [said for said, wanted in options.items() if wanted]


def grammar_of(case: Case) -> str:
    """GBNF: up to MOST_CHOSEN letters once each and in the card's order, or one of the case's other replies."""
    letters = list(case.letters)
    rules = [
        rule(letter, letters[at + 1 :], left)
        for left in range(min(MOST_CHOSEN, len(letters)))
        for at, letter in enumerate(letters)
    ]
    starts = [name(letter, min(MOST_CHOSEN, len(letters)) - 1) for letter in letters]
    others = [json.dumps(said) for said in case.replies]
    # Phi-3's tokeniser starts words with a space.
    return "\n".join([f'root ::= " "? ({" | ".join([*starts, *others])})', *rules, ""])


def rule(letter: str, later: Sequence[str], left: int) -> str:
    """A letter, and up to `left` of the `later` ones."""
    more = " | ".join(name(other, left - 1) for other in later) if left else ""
    return f'{name(letter, left)} ::= "{letter}"' + (f' (" " ({more}))?' if more else "")


def name(letter: str, left: int) -> str:
    """The rule for a letter after which `left` more may come."""
    return f"{letter.lower()}-{left}"


def parse(said: str, case: Case) -> Decision | None:
    """What a reply means; None for anything that the grammar would not let pass."""
    said = said.strip(" \n")
    if said in case.replies:
        return case.replies[said]
    letters = case.letters
    if not re.fullmatch(r"[A-P](?: [A-P])*", said):
        return None
    chosen = said.split(" ")
    if len(chosen) > MOST_CHOSEN or chosen != [letter for letter in letters if letter in chosen]:
        return None
    wanted = {letters[letter] for letter in chosen}
    steps = tuple(step.id for step in case.steps if step.id in wanted or step.kind in BINDING)
    return Decision(Move.ANSWER, case.hit, steps=steps)


def key_of(fingerprint: str, case: Case) -> str:
    """Names a case among all: it changes with the weights, the prompt's version, the cards' words and the question.

    A hash, since the question may hold the farmer's own words.
    """
    prompt = case.prompt
    parts = (fingerprint, PROMPT_VERSION, prompt.prefix, prompt.rest.casefold(), grammar_of(case))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def uncounted(outcome: str) -> None:
    """Counts nothing."""


class Selector:
    """Asks one engine. `most_waiting` callers wait at a time; others get their card answer at once."""

    def __init__(
        self,
        engine: Engine,
        *,
        reads: frozenset[str],
        seconds: float,
        most_waiting: int = 1,
        answers: Answers | None = None,
        on_outcome: Callable[[str], None] = uncounted,
    ) -> None:
        self.engine = engine
        self.reads = reads
        self.seconds = seconds
        self.answers = answers
        self.on_outcome = on_outcome
        self._places = threading.BoundedSemaphore(most_waiting)

    def select(self, case: Case) -> Decision | None:
        """The model's decision, kept or fresh; None when the card shall answer as it is. Never raises EngineError."""
        kept = self.answers.get(key_of(self.engine.fingerprint, case)) if self.answers is not None else None
        decision = parse(kept, case) if kept else None
        if decision:
            self.on_outcome("cache")
            return decision.by("cache")
        said = self._ask(case)
        if said is None:
            return None
        decision = parse(said, case)
        if decision is None:
            self.on_outcome("unusable")
            return None
        if self.answers is not None:
            # Not the key from before: a server tells what it runs when it is asked the first time.
            self.answers.keep(key_of(self.engine.fingerprint, case), said.strip())
        self.on_outcome("selected")
        return decision.by(self.engine.name)

    def _ask(self, case: Case) -> str | None:
        """What the model says; None when it cannot be asked now."""
        if not self._places.acquire(blocking=False):
            self.on_outcome("full")
            return None
        try:
            return self.engine.complete(
                case.prompt, grammar=grammar_of(case), most_tokens=MOST_TOKENS, seconds=self.seconds
            ).text
        except EngineError as error:
            self.on_outcome(type(error).__name__)
            return None
        finally:
            self._places.release()
