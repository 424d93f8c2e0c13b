"""Retrieval over a few cards made here, so that what is found follows from the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.cards import Card, CardText, Question, Review, Source, Step, StepKind
from bot.domain.turns import DetectedLanguage, Entities, Intent, Understanding
from bot.knowledge import Knowledge, Taxonomy
from bot.retrieval import CardIndex, best_topic, is_valid

TODAY = date(2026, 11, 21)
TAXONOMY = Taxonomy(
    topics=("pest", "disease", "scheme"),
    crops={"rice": "cereals", "wheat": "cereals", "bottle-gourd": "cucurbits", "cucurbits": "vegetables"},
    problems={"stem-borer": "pest", "aphid": "pest", "rust": "disease"},
    parts=(),
    stages=(),
    inputs=(),
)
SOURCE = Source("s", "t", "p", "https://example.org", TODAY)


def card(name: str, crops: tuple[str, ...], topics: tuple[str, ...], problems: tuple[str, ...] = ()) -> Card:
    step = Step("look", StepKind.SCOUT, sources=("s",))
    words = CardText("en", name, "", "", "", "", {"look": "Look."}, (Question("en", name.replace("/", " ")),))
    return Card(name, crops, topics, problems, (), Review("drafted"), None, (step,), (SOURCE,), {"en": words})


CARDS = (
    card("rice/stem-borer", ("rice",), ("pest",), ("stem-borer",)),
    card("rice/pests", ("rice",), ("pest",), ("aphid", "gundhi-bug", "hispa")),
    card("wheat/rust", ("wheat",), ("disease",), ("rust",)),
    card("cucurbits/pests", ("cucurbits",), ("pest",), ("aphid",)),
    card("general/aphids", (), ("pest",), ("aphid",)),
    card("schemes/money", (), ("scheme",), ()),
)


def index(*cards: Card, reviewed_only: bool = False) -> CardIndex:
    knowledge = Knowledge(TAXONOMY, {one.id: one for one in cards or CARDS}, ())
    return CardIndex(knowledge, str.split, reviewed_only=reviewed_only)


def asked(crops: tuple[str, ...] = (), problems: tuple[str, ...] = (), topics: tuple[str, ...] = ()) -> Understanding:
    entities = Entities(crops=crops, problems=problems)
    language = DetectedLanguage("en", "Latn", 1.0)
    return Understanding("", language, Intent.ASK_ADVICE, next(iter(topics), None), topics, entities)


def found(understanding: Understanding, *cards: Card) -> list[str]:
    return [hit.card.id for hit in index(*cards).search(understanding, region="IN", today=TODAY)]


def test_the_named_problem_of_the_named_crop_comes_first() -> None:
    assert found(asked(("rice",), ("stem-borer",), ("pest",)))[0] == "rice/stem-borer"


def test_never_a_card_of_another_crop_than_the_one_named() -> None:
    assert set(found(asked(("wheat",), ("stem-borer",), ("pest",)))) <= {"wheat/rust", "general/aphids"}


def test_without_a_problem_the_broader_card_comes_first() -> None:
    assert found(asked(("rice",), (), ("pest",)))[:2] == ["rice/pests", "rice/stem-borer"]


def test_a_card_of_the_crop_group_serves_its_crops() -> None:
    hits = index().search(asked(("bottle-gourd",), ("aphid",), ("pest",)), region="IN", today=TODAY)
    assert (hits[0].card.id, hits[0].crop) == ("cucurbits/pests", "bottle-gourd")


def test_a_general_card_serves_a_crop_without_cards_and_names_no_crop() -> None:
    hits = index().search(asked(("sesame",), ("aphid",), ("pest",)), region="IN", today=TODAY)
    assert [(hit.card.id, hit.crop) for hit in hits] == [("general/aphids", None)]


def test_nothing_for_what_is_not_on_any_card() -> None:
    assert found(asked(("rice",), (), ("scheme",))) == ["schemes/money"]
    assert found(asked((), (), ("weather",))) == []


def test_scores_stay_between_zero_and_one() -> None:
    everything = asked(("rice", "wheat"), ("stem-borer", "aphid", "rust"), ("pest", "disease"))
    scores = [hit.score for hit in index().search(everything, region="IN", today=TODAY)]
    assert all(0 < score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)


def test_a_card_with_a_region_needs_a_known_region() -> None:
    indian = replace(CARDS[5], regions=("IN",))
    assert is_valid(indian, "IN", TODAY)
    assert is_valid(indian, "IN-UP", TODAY)
    assert not is_valid(indian, "KE", TODAY)
    assert not is_valid(indian, None, TODAY)


@pytest.mark.parametrize(("first", "last", "valid"), [(None, TODAY, True), (None, date(2026, 1, 1), False)])
def test_a_card_holds_until_its_last_day(first: date | None, last: date, valid: bool) -> None:
    assert is_valid(replace(CARDS[0], valid_from=first, valid_until=last), None, TODAY) is valid


def test_a_card_does_not_hold_before_its_first_day() -> None:
    assert not is_valid(replace(CARDS[0], valid_from=date(2027, 1, 1)), None, TODAY)


def test_reviewed_only_leaves_drafts_out() -> None:
    signed = replace(CARDS[0], review=Review("reviewed", "A. Gronomist", TODAY))
    assert [one.id for one in index(signed, CARDS[1], reviewed_only=True).cards] == ["rice/stem-borer"]


def test_the_second_topic_counts_less() -> None:
    assert best_topic(CARDS[0], ("pest", "disease"))[1] > best_topic(CARDS[0], ("disease", "pest"))[1] > 0


def test_topics_of_a_crop_come_from_its_own_cards() -> None:
    assert index().topics_of("rice") == ("pest",)
    assert index().topics_of("sesame") == ()
