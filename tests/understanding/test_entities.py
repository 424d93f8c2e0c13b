"""What texts name, in the languages whose names stand in locales/."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.turns import Entities
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.understanding.entities import EntityMatcher
from bot.understanding.normalise import fold


@pytest.fixture(scope="module")
def matcher(locales: Locales, knowledge: Knowledge) -> EntityMatcher:
    return EntityMatcher(locales, knowledge.taxonomy)


def named(matcher: EntityMatcher, text: str, language: str) -> Entities:
    return matcher.match(fold(text), language).entities


@pytest.mark.parametrize(
    ("text", "language", "crops", "problems"),
    [
        ("मेरे धान में तना छेदक लग गया है", "hi", "rice", "stem-borer"),
        ("my rice has stem borer", "en", "rice", "stem-borer"),
        ("naa vari lo kaanda toluchu purugu vachindi", "te-Latn", "rice", "stem-borer"),
        ("mpunga wangu una funza wa shina", "sw", "rice", "stem-borer"),
        ("gehoo me dimak lagi h", "hi-Latn", "wheat", "termite"),
        ("COULIFLOWER APHIDES", "en", "cauliflower", "aphid"),
        ("bringal fruit and shoot borrer", "en", "brinjal", "shoot-and-fruit-borer"),
        ("మిరపలో ఆకు ముడత", "te", "chilli", "leaf-curl"),
        ("majani ya nyanya yana madoa", "sw", "tomato", "leaf-spot"),
        ("rice blast", "en", "rice", "blast"),
        ("sarso me mahu", "en", "mustard", "aphid"),
    ],
)
def test_crop_and_problem_are_named(
    matcher: EntityMatcher, text: str, language: str, crops: str, problems: str
) -> None:
    entities = named(matcher, text, language)
    assert entities.crops == (crops,)
    assert entities.problems == (problems,)


@pytest.mark.parametrize(
    ("text", "language", "crops"),
    [
        ("black gram and bengal gram and red gram", "en", "black-gram chickpea pigeon-pea"),
        ("gram", "en", "chickpea"),
        ("pea nut", "en", "groundnut"),
        ("pea crop", "en", "pea"),
        ("mung phali", "hi-Latn", "groundnut"),
        ("mung ki fasal", "hi-Latn", "green-gram"),
        ("kali mirch", "hi-Latn", "black-pepper"),
        ("mirch", "hi-Latn", "chilli"),
        ("shimla mirch", "hi-Latn", "capsicum"),
        ("castor capsule borer", "en", "castor"),
        ("aam ke fal", "hi-Latn", "mango"),
        ("aam taur par", "hi-Latn", ""),
        ("custard apple", "en", ""),
        ("apple", "en", "apple"),
        ("neel gaye fasal kha rahi hai", "hi-Latn", ""),
        ("kide lag gaye", "hi-Latn", ""),
        ("orange powder under coffee leaves", "en", "coffee"),
        ("lauki ya karela", "hi-Latn", "bottle-gourd bitter-gourd"),
        ("గోధుమ రంగు మచ్చలు వరి", "te", "rice"),
        ("sweet potato", "en", "sweet-potato"),
        ("vitunguu saumu", "sw", "garlic"),
    ],
)
def test_the_longest_name_decides(matcher: EntityMatcher, text: str, language: str, crops: str) -> None:
    assert named(matcher, text, language).crops == tuple(crops.split())


@pytest.mark.parametrize(
    ("text", "language", "crops", "excluded"),
    [
        ("not rice, wheat", "en", "wheat", "rice"),
        ("dhan nahi gehu", "hi-Latn", "wheat", "rice"),
        ("धान नहीं, गेहूं में खाद", "hi", "wheat", "rice"),
        ("వరి కాదు మిరప", "te", "chilli", "rice"),
        ("si mpunga, ni mahindi", "sw", "maize", "rice"),
        ("not rice", "en", "", "rice"),
        ("dhan me phool nahi aa rahe", "hi-Latn", "rice", ""),
        ("dhan nahi badh raha", "hi-Latn", "rice", ""),
        ("rice and wheat", "en", "rice wheat", ""),
    ],
)
def test_negation_rules_a_crop_out(matcher: EntityMatcher, text: str, language: str, crops: str, excluded: str) -> None:
    entities = named(matcher, text, language)
    assert entities.crops == tuple(crops.split())
    assert entities.excluded_crops == tuple(excluded.split())


@pytest.mark.parametrize(
    ("text", "language", "problems"),
    [
        ("tamatar ke phool gir rahe hai", "hi-Latn", "flower-drop"),
        ("gir rahe hai tamatar ke phool", "hi-Latn", "flower-drop"),
        ("fruits of my mango are falling", "en", "fruit-drop"),
        ("ఆకులు ఎండిపోతున్నాయి", "te", "leaf-drying"),
        ("tahni sukh rahi hai", "hi-Latn", "dieback"),
        ("mizizi inaoza", "sw", "root-rot"),
        ("patti pili ho rahi hai", "hi-Latn", "yellowing"),
        ("wheat leaf has yellow lines, is it rust", "en", "rust"),
    ],
)
def test_a_sign_and_the_part_it_shows_on_name_a_problem(
    matcher: EntityMatcher, text: str, language: str, problems: str
) -> None:
    assert named(matcher, text, language).problems == tuple(problems.split())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fruit borer in brinjal", "shoot-and-fruit-borer"),
        ("fruit borer in tomato", "fruit-borer"),
        ("fruit borer in bitter gourd", "fruit-fly"),
        ("mosaic in cassava", "cassava-mosaic"),
        ("insects in stored wheat", "stored-grain-pest"),
    ],
)
def test_a_general_name_means_a_special_problem_in_a_crop(matcher: EntityMatcher, text: str, problem: str) -> None:
    assert named(matcher, text, "en").problems == (problem,)


def test_animals_have_no_plant_diseases(matcher: EntityMatcher) -> None:
    assert named(matcher, "my chickens are dying", "en").problems == ()
    assert named(matcher, "cow has mastitis", "en").problems == ("mastitis",)


def test_crops_without_an_id_are_told_apart_from_those_with_one(matcher: EntityMatcher) -> None:
    entities = named(matcher, "alsi me keet laga hai", "hi-Latn")
    assert entities.crops == ()
    assert entities.other_crops == ("alsi",)
    assert named(matcher, "custard apple", "en").other_crops == ("custard apple",)


def test_parts_stages_and_inputs(matcher: EntityMatcher) -> None:
    entities = named(matcher, "dhan ki nursery me patti par urea ka spray", "hi-Latn")
    assert entities.parts == ("leaf",)
    assert entities.stages == ("nursery",)
    assert entities.inputs == ("urea",)


@dataclass(frozen=True)
class Town:
    name: str
    start: int
    end: int


class FakePlaces:
    """Knows Betul and Sikar."""

    def find(self, tokens: list[str]) -> list[Town]:
        towns = ("betul", "sikar")
        return [Town(token.title(), at, at + 1) for at, token in enumerate(tokens) if token in towns]


def test_places_are_no_misspelt_names(locales: Locales, knowledge: Knowledge) -> None:
    matcher = EntityMatcher(locales, knowledge.taxonomy, FakePlaces())
    matched = matcher.match("sikar me gehu", "hi-Latn")
    assert matched.entities.places == ("Sikar",)
    assert matched.entities.crops == ("wheat",)
    assert all(span.start > 0 for span in matched.spans)


def test_terms_leave_everyday_words_out(matcher: EntityMatcher) -> None:
    assert matcher.match("how to control aphid in wheat", "en").terms == ("aphid", "wheat")
