"""`make bench-model`: the same questions through plain RAG and through ours, cold and with warm prefixes.

On any Phi-3 GGUF (`--model`), or on one of Phi-3-mini's exact shape with random weights which is written first (2.28 GB
in build/). Each measurement is appended to results/model.jsonl at once and the report made anew, so that a run that is
killed leaves its figures and the next one goes on. Nearly all the time is plain RAG's: 8 questions in 4 languages took
20 minutes on two quiet cores, all 30 would take more than an hour. The machine must be quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.answering.engine import EngineState, Prompt
from bot.answering.prefix_cache import fingerprint
from bot.answering.process import EngineFile, EngineLimits, PrefixBudget, ProcessEngine
from bot.answering.prompts import SELECT_RULES, USER, gloss_of
from bot.answering.select import MOST_TOKENS, Case, grammar_of
from bot.domain.cards import Card, Hit
from bot.services import offline_mind
from bot.settings import read_settings
from tests.benchmarks.model_report import LANGUAGES, Results, draw, write_report
from tests.phi3_model import MINI, write_model

ROOT = Path(__file__).parents[2]
OVERHEAD_TOKENS, OVERHEAD_QUESTIONS = 8, 16
"""Prompts after which random weights end their answer sooner are left out."""
NOTHING = Prompt("<|user|>\nHello.\n", "Hello<|end|>\n<|assistant|>\n")
"""Drives what was asked before out of the model's mind."""
RULES = Prompt(f"{USER}{SELECT_RULES}", "Hello<|end|>\n<|assistant|>\n")
"""Leaves the rules alone there, as a question about any other card does."""
SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of one farmer, with all that either way needs."""

    card: str
    language: str
    text: str
    snippet: str
    answer: str
    prompt: Prompt
    grammar: str

    @property
    def line(self) -> dict[str, Any]:
        """For the other processes."""
        own = {"text": self.text, "snippet": self.snippet, "answer": self.answer, **asdict(self.prompt)}
        return own | {"language_name": LANGUAGES[self.language], "most": OVERHEAD_TOKENS}


def build_questions(count: int) -> list[Question]:
    """The first question of `count` cards in each language, card by card: a run cut short has all languages."""
    mind = offline_mind(read_settings())
    cards = [card for card in mind.knowledge.cards.values() if all(asked(card, language) for language in LANGUAGES)]
    chosen = [cards[number * len(cards) // count] for number in range(count)]
    return [
        build_question(card, language, gloss_of(mind.understander.understand(asked(card, language)), frozenset({"en"})))
        for card in chosen
        for language in LANGUAGES
    ]


def build_question(card: Card, language: str, gloss: Any) -> Question:
    """The snippet is English, which is what plain RAG would retrieve and costs it the fewest tokens."""
    text = card.texts["en"]
    hit = Hit(card=card, crop=next(iter(card.crops), None), topic=card.topics[0], score=0.5)
    case = Case(hit, gloss, card.steps)
    snippet = "\n".join([text.title, text.look, *text.steps.values(), text.avoid, text.call])
    answer = card.texts[language].sms
    return Question(card.id, language, asked(card, language), snippet, answer, case.prompt, grammar_of(case))


def asked(card: Card, language: str) -> str:
    """The card's first question in a language and its own script."""
    texts = card.texts.get(language)
    return next((question.text for question in texts.questions if question.tag == language), "") if texts else ""


@contextmanager
def role(name: str, model: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of model_roles."""
    command = [sys.executable, "-m", "tests.benchmarks.model_roles", name, str(model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def exchange(process: subprocess.Popen[str], question: Question) -> dict[str, Any]:
    """One line there and one back."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(question.line) + "\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def memory(process: int) -> dict[str, int]:
    """Bytes: the peak with the mapped file (VmHWM), and what is private now."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
    return {"peak": found["VmHWM"], "private": found["RssAnon"]}


def measure_plain(results: Results, process: subprocess.Popen[str], question: Question) -> None:
    """(a)."""
    if not results.has("plain", question.card, question.language):
        found = exchange(process, question)
        results.add(kind="plain", card=question.card, language=question.language, **found)
        results.add(kind="memory", of="plain", **memory(process.pid))


@contextmanager
def engine_of(model: Path, folder: Path | None) -> Iterator[ProcessEngine]:
    """Ours as a small box runs it; ready."""
    budget = PrefixBudget(folder, memory_bytes=128_000_000, disk_bytes=2_000_000_000 if folder else 0)
    engine = ProcessEngine(EngineFile(model, "bench"), EngineLimits(), budget)
    try:
        while engine.state() is not EngineState.READY:
            time.sleep(0.001)
        yield engine
    finally:
        engine.close()


def pid_of(engine: ProcessEngine) -> int:
    """The model process."""
    assert engine.keeper.child is not None
    return engine.keeper.child.process.pid


def measure_load(results: Results, model: Path) -> None:
    """Seconds from the start of the process until it is ready, the file in the page cache."""
    with model.open("rb") as file:
        while file.read(1 << 24):
            pass
    for _ in range(3):
        began = time.monotonic()
        with engine_of(model, None):
            results.add(kind="load", seconds=time.monotonic() - began)


def measure_ours(results: Results, model: Path, question: Question) -> None:
    """(b) and (c): the first time that a card is asked about and the second, other questions before each."""
    if results.has("warm", question.card, question.language):
        return
    with engine_of(model, None) as engine:
        for kind in ("cold", "warm"):
            engine.complete(RULES, most_tokens=1, seconds=SECONDS)
            done = engine.complete(question.prompt, grammar=question.grammar, most_tokens=MOST_TOKENS, seconds=SECONDS)
            results.add(
                kind=kind,
                card=question.card,
                language=question.language,
                seconds=done.seconds,
                prefilled=done.prompt_tokens - done.cached_tokens,
                cached=done.cached_tokens,
                decoded=done.new_tokens,
            )
        results.add(kind="memory", of="ours", **memory(pid_of(engine)))


def measure_questions(results: Results, model: Path, questions: Sequence[Question], ways: set[str], out: Path) -> None:
    """Each question through all ways before the next, so that what else the machine does falls on all alike."""
    with ExitStack() as stack:
        process = stack.enter_context(role("plain", model)) if "plain" in ways else None
        for question in questions:
            if "ours" in ways:
                measure_ours(results, model, question)
            if process is not None:
                measure_plain(results, process, question)
            write_report(results, out)


def measure_overhead(results: Results, model: Path, questions: Sequence[Question]) -> None:
    """The same tokens through ours and through llama.cpp alone, in turns, each cold and without a grammar."""
    with role("raw", model) as process, engine_of(model, None) as engine:
        for question in questions:
            if results.has("overhead", question.card, question.language):
                continue
            engine.complete(NOTHING, most_tokens=1, seconds=SECONDS)
            ours = engine.complete(question.prompt, most_tokens=OVERHEAD_TOKENS, seconds=SECONDS)
            found = exchange(process, question)
            if ours.new_tokens == OVERHEAD_TOKENS and not ours.cached_tokens:
                about = {"card": question.card, "language": question.language}
                results.add(kind="overhead", ours=ours.seconds, **about, **found)


def machine_row(model: Path) -> dict[str, Any]:
    """What the figures hang on."""
    from importlib.metadata import version

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    return {
        "kind": "machine",
        "cpu": cpu,
        "threads": os.cpu_count(),
        "library": f"llama-cpp-python {version('llama-cpp-python')}",
        "model": model.name,
        "bytes": model.stat().st_size,
        "fingerprint": fingerprint(model),
    }


def main() -> None:
    """Measures what is wanted and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "build" / "phi-3-mini-shape-random.gguf")
    parser.add_argument("--questions", type=int, default=30, help="questions in each of the four languages")
    parser.add_argument("--only", choices=["load", "overhead", "ours", "plain", "report"], action="append")
    parser.add_argument("--out", type=Path, default=ROOT / "tests/benchmarks/results")
    options = parser.parse_args()
    if not options.model.exists():
        options.model.parent.mkdir(parents=True, exist_ok=True)
        write_model(options.model, MINI)
    results, stages = Results(options.out / "model.jsonl"), options.only or ["load", "overhead", "ours", "plain"]
    results.read(machine_row(options.model))
    questions = build_questions(options.questions)
    if "load" in stages and not results.of("load"):
        measure_load(results, options.model)
    if "overhead" in stages:
        measure_overhead(results, options.model, questions[:OVERHEAD_QUESTIONS])
    measure_questions(results, options.model, questions, {"ours", "plain"} & set(stages), options.out)
    write_report(results, options.out)
    draw(results, options.out / "model.png")
    print((options.out / "model.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
