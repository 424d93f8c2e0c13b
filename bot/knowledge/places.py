"""knowledge/places/: districts and towns with their names, states, PIN codes. Formats: knowledge/places/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import cos, hypot, radians
from pathlib import Path

import yaml

from bot.domain.contacts import Place
from bot.domain.errors import DataError
from bot.domain.messages import Location

DISTRICT = "district"
KM_PER_DEGREE = 111.2
COLUMNS = ["name", "kind", "region", "latitude", "longitude", "thousands", "district", "also", "spellings"]


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A district or town. `also` are other full names, `spellings` stand for its name; with `thousands` of people."""

    place: Place
    is_district: bool
    thousands: int = 0
    district: str = ""
    also: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """A state or country: its code, English name, abbreviations and other names."""

    code: str
    name: str
    short: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gazetteer:
    """All places, regions by code, Indian PIN codes."""

    places: tuple[NamedPlace, ...]
    regions: Mapping[str, Region]
    pins: Mapping[str, Place]
    words: frozenset[str] = frozenset()
    """Names that are also words: places only where what stands around them says so."""

    @classmethod
    def load(cls, folder: Path) -> Gazetteer:
        """Reads knowledge/places/. Raises DataError (`path:line: message`)."""
        return cls(
            tuple(read_places(folder / "places.csv")),
            read_regions(folder / "regions.yaml"),
            dict(read_pins(folder / "pins.csv")),
            read_word_list(folder / "words.txt"),
        )

    def region_name(self, code: str) -> str:
        """The state's name, the country's where the code is a county's; empty when unknown."""
        region = self.regions.get(code) or self.regions.get(code.partition("-")[0])
        return region.name if region else ""

    def nearest(self, location: Location, within_km: float = 60.0) -> Place | None:
        """The nearest place with a name, at the location itself; None when there is none near."""
        best, distance = None, within_km
        for named in self._around.get((round(location.latitude), round(location.longitude)), ()):
            away = kilometres(location, named.place.location or location)
            if away < distance:
                best, distance = named, away
        if best is None:
            return None
        district = best.district or best.place.name
        return Place(best.place.name if distance < 15 else district, best.place.region, location)

    def name_in(self, place: Place, first: int, last: int) -> str:
        """The place's name in letters of a range of code points; its English one where it has none."""
        spelt = self._by_name.get((place.name, place.region))
        names = (*spelt.also, *spelt.spellings) if spelt and spelt.place.name == place.name else ()
        return next((name for name in names if first <= ord(name[0]) <= last), place.name)

    def find(self, name: str, region: str) -> NamedPlace | None:
        """The place of that name, or other name, in a region."""
        return self._by_name.get((name, region))

    def district_names(self, place: Place) -> tuple[str, ...]:
        """Names of the district of a place, its own first; for asking services that know districts by name."""
        named = self.find(place.name, place.region)
        if named and named.district:
            named = self.find(named.district, place.region)
        return (named.place.name, *named.also) if named else (place.name,)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], NamedPlace]:
        """By name and region, other names included; districts before towns, large before small."""
        found: dict[tuple[str, str], NamedPlace] = {}
        for named in sorted(self.places, key=lambda n: (n.is_district, n.thousands)):
            found |= {(name, named.place.region): named for name in (*named.also, named.place.name)}
        return found

    @cached_property
    def _around(self) -> Mapping[tuple[int, int], tuple[NamedPlace, ...]]:
        """Places by whole degree, those of the neighbouring degrees included."""
        found: dict[tuple[int, int], list[NamedPlace]] = {}
        for named in self.places:
            if where := named.place.location:
                north, east = round(where.latitude), round(where.longitude)
                for cell in ((north + i, east + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                    found.setdefault(cell, []).append(named)
        return {cell: tuple(names) for cell, names in found.items()}


def kilometres(one: Location, other: Location) -> float:
    """Distance of two near points."""
    east = (one.longitude - other.longitude) * cos(radians((one.latitude + other.latitude) / 2))
    return KM_PER_DEGREE * hypot(one.latitude - other.latitude, east)


def read_places(path: Path) -> Iterator[NamedPlace]:
    """places.csv. Raises DataError."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if next(reader, None) != COLUMNS:
            raise DataError(f"{path}:1: columns are {', '.join(COLUMNS)}")
        for row in reader:
            try:
                name, kind, region, north, east, thousands, district, also, spellings = row
                where = Location(float(north), float(east))
                size = int(thousands or 0)
            except ValueError as error:
                raise DataError(f"{path}:{reader.line_num}: {error}") from error
            yield NamedPlace(
                Place(name, region, where), kind == DISTRICT, size, district, split(also), split(spellings)
            )


def read_word_list(path: Path) -> frozenset[str]:
    """words.txt: words by white space, `#` begins a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines for word in line.partition("#")[0].split())


def split(names: str) -> tuple[str, ...]:
    """`a|b` as two names."""
    return tuple(names.split("|")) if names else ()


def read_regions(path: Path) -> dict[str, Region]:
    """regions.yaml. Raises DataError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {
            str(code): Region(str(code), fields["name"], tuple(fields.get("short", ())), tuple(fields["names"]))
            for code, fields in content.items()
        }
    except (yaml.YAMLError, OSError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}:1: {error}") from error


def read_pins(path: Path) -> Iterator[tuple[str, Place]]:
    """pins.csv: PIN code and the place where its post offices are. Raises DataError."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        for row in reader:
            try:
                region, district, codes = row
                for code in codes.split():
                    pin, _, where = code.partition(":")
                    north, _, east = where.partition(":")
                    yield pin, Place(district, region, Location(float(north), float(east)) if where else None)
            except ValueError as error:
                raise DataError(f"{path}:{reader.line_num}: {error}") from error


def read_commodities(path: Path) -> dict[str, tuple[str, ...]]:
    """knowledge/prices/commodities.yaml: the price service's names by crop id. Raises DataError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {str(crop): tuple(map(str, names)) for crop, names in content.items()}
    except (yaml.YAMLError, OSError, TypeError, AttributeError) as error:
        raise DataError(f"{path}:1: {error}") from error
