"""How many weather questions of kcc_dev.csv find the district they name; how many others find a wrong place.

`python -m tests.benchmarks.bench_places [SHARED_DATA]` prints the table; `measure` is also called by tests and `eval`.

"Names its district": the column `district` (brackets dropped) is nearly (ratio >= 80) one word of the text, or as many
words run together as it has, or one more. "Finds": a place found is nearly that name, or bears it as another name.
"Wrong": a place found in a question that is not about weather whose state is not the caller's.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from bot.knowledge.places import Gazetteer
from bot.locales import Locales
from bot.locales.weather import read_weather_words
from bot.understanding.lexicon import tokenise
from bot.understanding.normalise import fold
from bot.understanding.places import PlaceMatcher
from bot.understanding.surroundings import known_words

NEAR = 80
WEATHER = re.compile(r"weather|mausam|mosam|rain|barish|varsha", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """Counts; `missed` and `wrong` are (truth, text, found)."""

    weather: int
    naming: int
    missed: tuple[tuple[str, str, str], ...]
    others: int
    wrong: tuple[tuple[str, str, str], ...]

    @property
    def recall(self) -> float:
        """Share of the questions that name their district and find it."""
        return 1 - len(self.missed) / self.naming

    @property
    def false_rate(self) -> float:
        """Share of the other questions that find a place elsewhere."""
        return len(self.wrong) / self.others


def build_matcher(root: Path) -> PlaceMatcher:
    """The matcher as the program builds it."""
    locales = root / "locales"
    known = known_words(Locales.load(locales))
    return PlaceMatcher(Gazetteer.load(root / "knowledge/places"), read_weather_words(locales), known)


def measure(path: Path, matcher: PlaceMatcher) -> Report:
    """Runs all questions of a KCC file."""
    rows = list(read_rows(path))
    weather = [row for row in rows if row["query_type"] == "Weather"]
    naming = [row for row in weather if names(row["query_text"], clean(row["district"]))]
    missed = [
        (row["district"], row["query_text"], ", ".join(found))
        for row, found in ((row, find(matcher, row["query_text"])) for row in naming)
        if not any(same(matcher, name, row["district"]) for name in found)
    ]
    others = [row for row in rows if row["query_type"] != "Weather" and not WEATHER.search(row["query_text"])]
    wrong = [
        (f"{row['district']}, {row['state']}", row["query_text"], found.name)
        for row in others
        for found in matcher.find_in(row["query_text"])
        if squeezed(row["state"]) not in {squeezed(state) for state in states(matcher, found.name)}
    ]
    return Report(len(weather), len(naming), tuple(missed), len(others), tuple(wrong))


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a KCC file that name a district."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def find(matcher: PlaceMatcher, text: str) -> tuple[str, ...]:
    """English names found."""
    return matcher(tokenise(fold(text)))


def clean(name: str) -> str:
    """Lower-case letters and spaces, brackets and what they hold dropped."""
    return re.sub(r"[^a-z ]", "", re.sub(r"\(.*?\)", "", name.lower())).strip()


def squeezed(name: str) -> str:
    """The same without spaces; the file's own spelling of a state mended."""
    return clean(name).replace(" ", "").replace("jharkand", "jharkhand").removesuffix("khand")


def names(text: str, district: str) -> bool:
    """Whether a text names a district."""
    words, size = clean(text).split(), len(district.split())
    runs = ("".join(words[at : at + k]) for k in {1, size, size + 1} for at in range(len(words) - k + 1))
    return bool(district) and any(fuzz.ratio(run, district.replace(" ", "")) >= NEAR for run in runs)


def same(matcher: PlaceMatcher, name: str, district: str) -> bool:
    """Whether a name found and a name of the column mean one district."""
    one, other = clean(name).replace(" ", ""), clean(district).replace(" ", "")
    if fuzz.ratio(one, other) >= NEAR or (min(len(one), len(other)) >= 5 and (one in other or other in one)):
        return True
    return bool(bearers(matcher, name) & bearers(matcher, clean(district)))


def bearers(matcher: PlaceMatcher, name: str) -> set[str]:
    """Names of the places that bear a name."""
    return {named.place.name for found in matcher.find_in(name, asked=True) for named in found.places}


def states(matcher: PlaceMatcher, name: str) -> set[str]:
    """States that have a place of that name."""
    regions = {named.place.region for found in matcher.find_in(name, asked=True) for named in found.places}
    return {matcher.gazetteer.region_name(region) for region in regions}


def main(data: Path) -> None:
    """Prints the table, then each miss and each wrong place."""
    matcher = build_matcher(Path())
    for name in ("kcc_dev.csv", "kcc_roman_hindi_dev.csv"):
        report = measure(data / name, matcher)
        if report.naming:
            print(f"{name}: {report.weather} weather questions, {report.naming} name their district:", end=" ")
            print(f"{report.recall:.1%} find it")
        print(f"{name}: {report.others} other questions: {report.false_rate:.2%} find a place elsewhere")
        for truth, text, found in report.missed:
            print(f"  missed {truth}: {text!r} -> {found or 'nothing'}")
        for truth, text, found in report.wrong:
            print(f"  wrong {found} ({truth}): {text[:120]!r}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
