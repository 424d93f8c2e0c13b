"""The gazetteer's files: every place lies where its state is, is unique, and has its names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.domain.contacts import Place
from bot.domain.errors import DataError
from bot.domain.messages import Location
from bot.knowledge.places import Gazetteer, kilometres, read_commodities, read_pins, read_places, read_regions

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load(ROOT / "knowledge/places")


def test_size(gazetteer: Gazetteer) -> None:
    districts = Counter(named.place.region[:2] for named in gazetteer.places if named.is_district)
    assert districts["IN"] >= 750
    assert districts["KE"] == 47
    assert districts["TZ"] == 31
    assert len(gazetteer.pins) > 19_000
    assert sum(file.stat().st_size for file in (ROOT / "knowledge/places").iterdir()) < 1_500_000


def test_districts_are_unique_and_in_a_known_region(gazetteer: Gazetteer) -> None:
    names = Counter((named.place.name, named.place.region) for named in gazetteer.places if named.is_district)
    assert [name for name, count in names.items() if count > 1] == []
    assert all(gazetteer.region_name(named.place.region) for named in gazetteer.places)


@pytest.mark.parametrize(
    ("name", "region", "north", "east"),
    [
        ("Hathras", "IN-UP", 27.6, 78.05),
        ("Hisar", "IN-HR", 29.15, 75.72),
        ("Nashik", "IN-MH", 20.0, 73.8),
        ("Eluru", "IN-AP", 16.7, 81.1),
        ("Wayanad", "IN-KL", 11.7, 76.1),
        ("Nakuru", "KE-31", -0.3, 36.07),
        ("Kampala", "UG", 0.32, 32.58),
        ("Musanze", "RW-03", -1.5, 29.63),
        ("Arusha", "TZ-01", -3.37, 36.68),
    ],
)
def test_places_lie_where_they_are(gazetteer: Gazetteer, name: str, region: str, north: float, east: float) -> None:
    named = gazetteer.find(name, region)
    assert named is not None
    assert named.place.location is not None
    assert kilometres(named.place.location, Location(north, east)) < 45


def test_pin_codes_lie_in_their_district(gazetteer: Gazetteer) -> None:
    place = gazetteer.pins["204101"]
    assert (place.name, place.region) == ("Hathras", "IN-UP")
    assert gazetteer.pins["422001"].name == "Nashik"
    assert gazetteer.pins["641001"].name == "Coimbatore"
    assert "000000" not in gazetteer.pins


def test_nearest(gazetteer: Gazetteer) -> None:
    near = gazetteer.nearest(Location(27.61, 78.06))
    assert near == Place("Hathras", "IN-UP", Location(27.61, 78.06))
    assert gazetteer.nearest(Location(10.0, 65.0)) is None, "the Arabian Sea"


def test_names_in_scripts(gazetteer: Gazetteer) -> None:
    assert gazetteer.name_in(Place("Hathras", "IN-UP"), 0x0900, 0x097F) == "हाथरस"
    assert gazetteer.name_in(Place("Eluru", "IN-AP"), 0x0C00, 0x0C7F) == "ఏలూరు"
    assert gazetteer.name_in(Place("Nowhere", "IN-AP"), 0x0C00, 0x0C7F) == "Nowhere"
    assert gazetteer.name_in(Place("Nakuru", "KE-31"), 0x0900, 0x097F) == "Nakuru"


def test_district_names(gazetteer: Gazetteer) -> None:
    assert gazetteer.district_names(Place("Lasalgaon", "IN-MH"))[0] == "Nashik"
    assert "Allahabad" in gazetteer.district_names(Place("Prayagraj", "IN-UP"))
    assert gazetteer.district_names(Place("Nowhere", "IN-MH")) == ("Nowhere",)


@pytest.mark.parametrize(
    "lines", ["wrong,columns\n", "name,kind,region,latitude,longitude,thousands,district,also,spellings\nA,town,IN\n"]
)
def test_broken_places_name_their_line(tmp_path: Path, lines: str) -> None:
    (tmp_path / "places.csv").write_text(lines)
    with pytest.raises(DataError, match=r"places.csv:[12]:"):
        list(read_places(tmp_path / "places.csv"))


def test_broken_other_files(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("IN-UP,Hathras,204101:north:east\n")
    with pytest.raises(DataError, match="bad:1:"):
        dict(read_pins(tmp_path / "bad"))
    with pytest.raises(DataError, match="bad:1:"):
        read_regions(tmp_path / "bad")
    (tmp_path / "worse").write_text("[onion: 7")
    with pytest.raises(DataError, match="worse:1:"):
        read_commodities(tmp_path / "worse")
    with pytest.raises(DataError, match="none:1:"):
        read_regions(tmp_path / "none")
