"""Places in texts of all languages; and farm words, which are never places."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.contacts import Place
from bot.understanding.places import PlaceMatcher
from tests.benchmarks.bench_places import build_matcher, find, measure

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared/data/kcc_dev.csv"


@pytest.fixture(scope="module")
def matcher() -> PlaceMatcher:
    return build_matcher(ROOT)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("weather of Hathras", ["Hathras"]),
        ("erode me barish", ["Erode"]),
        ("मौसम हिसार", ["Hisar"]),
        ("weather in shahjhanpur", ["Shahjahanpur"]),
        ("WEATHER REPORT OF ALWER", ["Alwar"]),
        ("Weather information of Sahjhanpur?", ["Shahjahanpur"]),
        ("allahabad ka mausam", ["Allahabad"]),
        ("प्रयागराज का मौसम", ["Prayagraj"]),
        ("gurgaon weather", ["Gurgaon"]),
        ("rain in bellary", ["Bellary"]),
        ("lakhimpur kheri me barish", ["Lakhimpur Kheri"]),
        ("weather mahendra garh", ["Mahendragarh"]),
        ("mausam mau", ["Mau"]),
        ("sagar me barish kab hogi", ["Sagar"]),
        ("dhar jila ka mausam", ["Dhar"]),
        ("weather of karnal", ["Karnal"]),
        ("weather report of shimla", ["Shimla"]),
        ("mandi himachal me mausam", ["Mandi"]),
        ("ఏలూరులో వర్షం పడుతుందా", ["Eluru"]),
        ("hyderabadlo varsham", ["Hyderabad"]),
        ("சேலத்தில் மழை", ["Salem"]),
        ("ஈரோட்டில் மழை", ["Erode"]),
        ("கோயம்புத்தூரில் மழை வருமா", ["Coimbatore"]),
        ("ಹಾಸನದಲ್ಲಿ ಮಳೆ", ["Hassan"]),
        ("পুরুলিয়ায় বৃষ্টি হবে", ["Purulia"]),
        ("રાજકોટમાં વરસાદ", ["Rajkot"]),
        ("ਲੁਧਿਆਣਾ ਵਿੱਚ ਮੌਸਮ", ["Ludhiana"]),
        ("വയനാട്ടിൽ മഴ", ["Wayanad"]),
        ("କଟକରେ ବର୍ଷା", ["Cuttack"]),
        ("नाशिकमध्ये पाऊस", ["Nashik"]),
        ("hali ya hewa Nakuru", ["Nakuru"]),
        ("mvua itanyesha Murang'a leo", ["Murang'a"]),
        ("price of onion in Lasalgaon", ["Lasalgaon"]),
        ("weather 204101", ["Hathras"]),
        ("weather pin 204 101", ["Hathras"]),
        ("weather of shahabad block in district rampur", ["Shahabad", "Rampur"]),
    ],
)
def test_places_are_found(matcher: PlaceMatcher, text: str, names: list[str]) -> None:
    assert list(find(matcher, text)) == names


@pytest.mark.parametrize(
    "text",
    [
        "bhindi me kida laga hai",
        "moong ki kheti",
        "mandi bhav",
        "rate of onion in mandi",
        "sagar variety of wheat",
        "shimla mirch me rog",
        "karnal bunt of wheat",
        "krishna is my name",
        "guna is a neighbour",
        "dhan bad nahi raha hai",
        "MAU S 47 variety of soyabean",
        "how can i control water longing in cassava",
        "pali hui gay",
        "kota stone",
        "sagarika fertiliser",
        "weather forecast",
        "weathar forcat please",
        "mausam ki jankari",
        "maize seed 123456",
        "mbegu za mahindi",
        "hali ya hewa kesho",
        "आज बारिश होगी",
        "",
    ],
)
def test_other_words_are_not_places(matcher: PlaceMatcher, text: str) -> None:
    assert find(matcher, text) == ()


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("aurangabad ka mausam", ["IN-MH", "IN-BR"]),
        ("aurangabad bihar ka mausam", ["IN-BR"]),
        ("aurangabad (maharashtra) weather", ["IN-MH"]),
        ("औरंगाबाद बिहार का मौसम", ["IN-BR"]),
        ("weather hamirpur hp", ["IN-HP"]),
        ("weather hamirpur up", ["IN-UP"]),
        ("pratapgarh weather", ["IN-UP", "IN-RJ"]),
        ("bilaspur chhattisgarh weather", ["IN-CG"]),
        ("weather of hathras", ["IN-UP"]),
    ],
)
def test_one_name_of_several_places(matcher: PlaceMatcher, text: str, regions: list[str]) -> None:
    (found,) = matcher.find_in(text)
    assert sorted(place.region for place in found.resolved()) == sorted(regions)


def test_the_contact_s_state_decides(matcher: PlaceMatcher) -> None:
    (found,) = matcher.find_in("balrampur me barish")
    assert len(found.resolved()) == 2
    assert [place.region for place in found.resolved("IN-CG")] == ["IN-CG"]
    (place,) = found.resolved("IN-CG", Place("Gonda", "IN-UP"))
    assert place.region == "IN-UP", "her own place weighs more than the country she seems to be in"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hatras", "Hathras"),
        ("mau", "Mau"),
        ("mandi", "Mandi"),
        ("Guna MP", "Guna"),
        ("204101", "Hathras"),
        ("Fort Portal", "Fort Portal"),
        ("हाथरस", "Hathras"),
        ("my district is hatras", "Hathras"),
        ("Badarwas", "Badarwas"),
    ],
)
def test_an_answer_to_which_place(matcher: PlaceMatcher, text: str, name: str) -> None:
    found = matcher.find_in(text, asked=True)
    assert [one.name for one in found][:1] == [name]


def test_a_name_on_its_own(matcher: PlaceMatcher) -> None:
    place = matcher.place_named("Hamirpur", "IN-HP")
    assert place is not None
    assert (place.name, place.region, place.location is not None) == ("Hamirpur", "IN-HP", True)
    assert matcher.place_named("Qwxyzt") is None


@pytest.mark.data
def test_on_questions_of_the_kisan_call_centre(matcher: PlaceMatcher) -> None:
    if not DATA.is_file():
        pytest.skip("no ../shared/data here")
    report = measure(DATA, matcher)
    assert report.naming > 300
    assert report.recall >= 0.95, report.missed
    assert report.false_rate <= 0.01, report.wrong
