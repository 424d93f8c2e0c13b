"""Finds the cards for a question. What was named decides; words only break ties and fill gaps.

A card of another crop than the one named is never a candidate: crops are a filter, not a score.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from bot.domain.cards import Card, Hit, region_matches
from bot.domain.turns import Entities, Understanding
from bot.knowledge import Knowledge, Taxonomy

PROBLEM, TOPIC, SPECIAL, WORDS = 0.45, 0.25, 0.20, 0.10
"""Weights of a named problem, of the topic, of the crop's own card against a general one, and of shared words. Chosen
so that the crop's own card for the topic beats a general card that names the problem only through its words."""
INPUT = 0.15
"""Weight of the inputs that both name."""
BREADTH = 0.15
"""Weight of how much a card covers, where the question does not say which pest or disease it is."""
FOREIGN_PROBLEM = 0.5
"""What is left of a card's score when the question names problems and the card is about other ones."""
UNNAMED_CROP = 0.6
"""What is left of the score of a crop's card when the question names no crop."""
WIDE = 5
"""A card of so many problems is about nearly the whole topic."""
NEARLY_ALL = 0.7
"""What such a card counts against one that names no problem and so is about the whole topic."""
TOPIC_DECAY = 0.6
"""How much less the second topic that a text points to counts than the first."""


class CardIndex:
    """Cards by crop, with the words of their titles and questions in every language; read by all threads."""

    def __init__(
        self, knowledge: Knowledge, fold: Callable[[str], Iterable[str]], *, reviewed_only: bool = False
    ) -> None:
        self.taxonomy: Taxonomy = knowledge.taxonomy
        self.cards = [c for c in knowledge.cards.values() if not reviewed_only or c.review.state == "reviewed"]
        self.by_crop: dict[str | None, list[Card]] = defaultdict(list)
        for card in self.cards:
            for crop in card.crops or (None,):
                self.by_crop[crop].append(card)
        self._words = {card.id: card_words(card, fold) for card in self.cards}
        seen = Counter(word for words in self._words.values() for word in words)
        self._rarity = {word: math.log(1 + len(self.cards) / count) for word, count in seen.items()}

    def search(self, understanding: Understanding, *, region: str | None, today: date, limit: int = 5) -> list[Hit]:
        """Cards for what was understood, best first, score in 0..1; empty when nothing fits."""
        hits = [
            self._hit(card, crop, understanding)
            for card, crop in self._candidates(understanding.entities).values()
            if is_valid(card, region, today)
        ]
        return sorted((hit for hit in hits if hit.score > 0), key=lambda hit: (-hit.score, hit.card.id))[:limit]

    def topics_of(self, crop: str) -> tuple[str, ...]:
        """Topics that the crop's own cards cover, most cards first."""
        counts = Counter(
            card.topics[0] for name in self.taxonomy.lineage(crop) for card in self.by_crop.get(name, ()) if card.crops
        )
        return tuple(topic for topic, _ in counts.most_common())

    def _candidates(self, entities: Entities) -> dict[str, tuple[Card, str | None]]:
        crops = entities.crops
        if not crops and not entities.other_crops:
            return {card.id: (card, card.crops[0] if len(card.crops) == 1 else None) for card in self.cards}
        found: dict[str, tuple[Card, str | None]] = {card.id: (card, None) for card in self.by_crop.get(None, ())}
        for crop in reversed(crops):
            for name in reversed(self.taxonomy.lineage(crop)):
                found |= {card.id: (card, crop) for card in self.by_crop.get(name, ())}
        return found

    def _hit(self, card: Card, crop: str | None, understanding: Understanding) -> Hit:
        named = understanding.entities.problems
        matched = [problem for problem in named if problem in card.problems]
        topic, topic_score = best_topic(card, understanding.topics)
        if not matched and not topic_score:
            return Hit(card, 0.0, crop, topic)
        # Who has the problem has the topic: cracking fruit is a matter of feeding on one card, of disease on another.
        score = TOPIC * (1.0 if matched else topic_score) + WORDS * self._shared_words(card, understanding.terms)
        score += PROBLEM * len(matched) / len(named) if named else BREADTH * breadth(card)
        inputs = understanding.entities.inputs
        score += INPUT * sum(name in card.inputs for name in inputs) / len(inputs) if inputs else 0.0
        if card.crops and understanding.entities.crops:
            score += SPECIAL
        elif card.crops:
            score *= UNNAMED_CROP
        if named and card.problems and not matched:
            score *= FOREIGN_PROBLEM
        return Hit(card, round(min(score, 1.0), 4), crop, topic)

    def _shared_words(self, card: Card, terms: tuple[str, ...]) -> float:
        known = [self._rarity[term] for term in terms if term in self._rarity]
        shared = sum(self._rarity[term] for term in terms if term in self._words[card.id])
        return shared / sum(known) if known else 0.0


def breadth(card: Card) -> float:
    """1 for a card of the whole topic, less for one of few problems."""
    return NEARLY_ALL * min(len(card.problems), WIDE) / WIDE if card.problems else 1.0


def best_topic(card: Card, topics: tuple[str, ...]) -> tuple[str, float]:
    """The topic of the question that the card covers (else its main one) and how well, 0..1."""
    for rank, topic in enumerate(topics):
        if topic in card.topics:
            return topic, TOPIC_DECAY**rank
    return card.topics[0], 0.0


def is_valid(card: Card, region: str | None, today: date) -> bool:
    """Whether the card holds in the region today. An unknown region passes only cards that hold anywhere."""
    if (card.valid_from and today < card.valid_from) or (card.valid_until and today > card.valid_until):
        return False
    return region_matches(card.regions, region)


def card_words(card: Card, fold: Callable[[str], Iterable[str]]) -> Mapping[str, int]:
    """Words of the card's titles and questions in all languages, folded as questions are."""
    texts = [text.title for text in card.texts.values()]
    texts += [question.text for text in card.texts.values() for question in text.questions]
    return Counter(word for text in texts for word in fold(text))
