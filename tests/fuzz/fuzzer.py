"""`make fuzz`: a million texts through understanding and, a share of them, through the whole pipeline.

`python -m tests.fuzz.fuzzer [--texts N] [--seed S] [--processes P]`. A text that breaks something is shrunk and kept
in cases.jsonl, which test_fuzz.py replays from then on. The same seed makes the same texts however many processes run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.mind import Mind, Outside, build_mind
from tests.fuzz.checks import CHANNELS, OPENINGS, Checker
from tests.fuzz.texts import seeds, text_of

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases.jsonl"
SHARED_DATA = ROOT.parent / "shared" / "data"
EVERY = 10
"""One text in so many also goes through the pipeline."""
PORTION = 5_000
PRIORS = (None, "hi-Latn", "te", "sw", None, "bn-Latn", "or", "en", "kn-Latn", "ne", None, "zz")


@dataclass(frozen=True, slots=True)
class Failure:
    """A text that breaks something, how, and its number in the run, which tells prior, opening and channel."""

    text: str
    error: str
    number: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a portion came to."""

    texts: int
    answered: int
    slowest: float
    """Milliseconds of the slowest text."""
    slowest_number: int
    failures: tuple[Failure, ...]


class Fuzzer:
    """Makes and checks texts by number."""

    def __init__(self, mind: Mind, seed: int, shared_data: Path | None) -> None:
        self._checker = Checker(mind)
        self._seed = seed
        self._questions = seeds(mind.locales, mind.knowledge, shared_data)

    def run(self, numbers: range) -> Report:
        """Checks the texts of these numbers."""
        failures, slowest = [], (0.0, 0)
        for number in numbers:
            text = text_of(self._seed, number, self._questions)
            start = time.perf_counter()
            if error := self.error(text, number):
                small = shrink(text, partial(self.fails, number, error))
                failures.append(Failure(small, error, number))
            slowest = max(slowest, ((time.perf_counter() - start) * 1000, number))
        return Report(len(numbers), sum(n % EVERY == 0 for n in numbers), *slowest, tuple(failures))

    def fails(self, number: int, error: str, text: str) -> bool:
        """Whether a text breaks in that way."""
        return self.error(text, number) == error

    def error(self, text: str, number: int) -> str:
        """What breaks, or nothing."""
        try:
            self._checker.check(text, PRIORS[number % len(PRIORS)])
            if number % EVERY == 0:
                share = number // EVERY
                self._checker.answer(text, share % len(OPENINGS), CHANNELS[share % len(CHANNELS)])
        except Exception as error:  # noqa: BLE001  whatever it is: to find what is raised is what this is for
            return f"{type(error).__name__}: {error}"[:200]
        return ""


def shrink(text: str, fails: Callable[[str], bool]) -> str:
    """A shorter text that still fails: ever smaller pieces are left out."""
    size = max(len(text) // 2, 1)
    while size:
        at = 0
        while at < len(text):
            shorter = text[:at] + text[at + size :]
            if fails(shorter):
                text = shorter
            else:
                at += size
        size //= 2
    return text


def build(seed: int, shared_data: Path | None) -> Fuzzer:
    """A fuzzer over the real data."""
    locales, knowledge = Locales.load(ROOT / "locales"), Knowledge.load(ROOT / "knowledge")
    mind = build_mind(locales, knowledge, ROOT / "knowledge", outside=Outside(), has_officers=True)
    return Fuzzer(mind, seed, shared_data)


_fuzzers: dict[int, Fuzzer] = {}
"""One a process, built on its first portion."""


def run_portion(seed: int, shared_data: Path | None, first: int, last: int) -> Report:
    """Checks the texts first..last - 1 in a process of the pool."""
    if seed not in _fuzzers:
        _fuzzers[seed] = build(seed, shared_data)
    return _fuzzers[seed].run(range(first, last))


def portions(texts: int) -> Iterator[tuple[int, int]]:
    """First and last number, exclusive, of each portion."""
    for first in range(0, texts, PORTION):
        yield first, min(first + PORTION, texts)


def keep(failures: list[Failure]) -> None:
    """Adds failures to the cases, each error once."""
    known = {json.loads(line)["error"] for line in CASES.read_text(encoding="ascii").splitlines()}
    with CASES.open("a", encoding="ascii") as file:
        for failure in sorted(failures, key=lambda one: (len(one.text), one.number)):
            if failure.error not in known:
                known.add(failure.error)
                file.write(json.dumps({"text": failure.text, "error": failure.error, "number": failure.number}) + "\n")


def main() -> None:
    """Runs all portions and prints what came of them; exits with 1 when something broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    shared_data = SHARED_DATA if SHARED_DATA.is_dir() else None
    start, done, answered = time.perf_counter(), 0, 0
    slowest, failures = (0.0, 0), list[Failure]()
    context = multiprocessing.get_context("spawn")  # fastText and matplotlib do not like to be forked
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        waiting = [pool.submit(run_portion, options.seed, shared_data, *p) for p in portions(options.texts)]
        for future in as_completed(waiting):
            report = future.result()
            done, answered = done + report.texts, answered + report.answered
            slowest = max(slowest, (report.slowest, report.slowest_number))
            failures += report.failures
            seconds = time.perf_counter() - start
            print(f"{done:,} texts, {len(failures)} failures, {done / seconds:,.0f} texts/s", flush=True)
    keep(failures)
    print(f"{done:,} texts (seed {options.seed}), {answered:,} of them answered, in {seconds:,.0f} s: "
          f"{done / seconds:,.0f} a second; slowest {slowest[0]:.0f} ms (text {slowest[1]})")  # fmt: skip
    for failure in failures[:20]:
        print(f"text {failure.number}: {failure.error}: {failure.text!a:.120}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
