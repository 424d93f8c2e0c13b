"""The engine in its own process, for real: a tiny model, killed, stopped, crowded, cut short and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from bot.answering.breaker import Patience
from bot.answering.engine import Completion, Engine, EngineState, Prompt
from bot.answering.process import EngineFile, EngineLimits, PrefixBudget, ProcessEngine
from bot.domain.errors import (
    ConfigurationError,
    EngineBusy,
    EngineCrashed,
    EngineRefused,
    EngineTimeout,
    EngineUnavailable,
    PromptTooLong,
)
from tests.phi3_model import tiny_model

pytest.importorskip("llama_cpp", reason="llama-cpp-python (the `model` extra) is not installed")
pytestmark = pytest.mark.model

PROMPT = Prompt("<|user|>\nRules.\n" + "1. Look at the leaf.\n" * 20, "Crop: rice.<|end|>\n<|assistant|>\n")
OTHER = replace(PROMPT, prefix="<|user|>\nOther rules.\n" + "2. Look at the stem of the plant.\n" * 20)
STEPS = 'root ::= "steps" (" " [1-4])+'
ENDLESS = 'root ::= ("a" | "b") root'
LONG = 60.0  # seconds: this machine may be busy with other tests
PATIENT = EngineLimits(threads=1, patience=Patience(first=0.05, most=0.2, failures=1000))


class Build(Protocol):
    def __call__(
        self, limits: EngineLimits = ..., folder: Path | None = ..., model: Path | None = ...
    ) -> ProcessEngine: ...


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it is so; fails after a long time."""
    latest = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < latest, "never came to be"
        time.sleep(0.01)


@pytest.fixture
def build() -> Iterator[Build]:
    """Builds engines, waits until they are ready, and closes them."""
    engines: list[ProcessEngine] = []

    def build(limits: EngineLimits = PATIENT, folder: Path | None = None, model: Path | None = None) -> ProcessEngine:
        budget = PrefixBudget(folder, memory_bytes=1 << 26, disk_bytes=1 << 26 if folder else 0)
        engines.append(ProcessEngine(EngineFile(model or tiny_model(), "tiny"), limits, budget))
        wait_for(lambda: engines[-1].state() is EngineState.READY)
        return engines[-1]

    yield build
    for engine in engines:
        engine.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def pid(engine: ProcessEngine) -> int:
    child = engine.keeper.child
    assert child
    return child.process.pid


def steps(engine: Engine, prompt: Prompt = PROMPT) -> Completion:
    return engine.complete(prompt, grammar=STEPS, most_tokens=8, seconds=LONG)


def never_ending(engine: ProcessEngine, pool: ThreadPoolExecutor, seconds: float = LONG) -> Future[Completion]:
    """A call that is being worked on and would last until its deadline."""
    future = pool.submit(engine.complete, PROMPT, grammar=ENDLESS, most_tokens=1200, seconds=seconds)
    wait_for(lambda: engine.turnstile.taken and bool(engine.keeper.child and engine.keeper.child.calls))
    return future


def test_it_answers_under_a_grammar_and_the_second_time_from_the_cache(build: Build) -> None:
    engine = build()
    cold, warm = steps(engine), steps(engine)
    assert re.fullmatch(r"steps( [1-4])+", cold.text)
    assert cold.text == warm.text
    assert (cold.cached_tokens, warm.prompt_tokens) == (0, cold.prompt_tokens)
    assert warm.cached_tokens == engine.count(PROMPT.prefix) + 1  # with <s>
    assert 0 < warm.new_tokens <= 8


def test_streamed_pieces_are_the_completion(build: Build) -> None:
    engine = build()
    whole = engine.complete(PROMPT, most_tokens=12, seconds=LONG).text
    pieces = list(engine.stream(PROMPT, most_tokens=12, seconds=LONG))
    assert "".join(pieces).strip() == whole
    assert len(pieces) > 1


def test_a_stream_left_early_is_cancelled(build: Build) -> None:
    engine = build()
    for _ in engine.stream(PROMPT, most_tokens=1200, seconds=LONG):
        break
    before = pid(engine)
    assert steps(engine).text
    assert pid(engine) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_costs_one_answer(build: Build, pool: ThreadPoolExecutor, how: signal.Signals) -> None:
    engine = build()
    future, before = never_ending(engine, pool), pid(engine)
    os.kill(before, how)
    with pytest.raises(EngineCrashed):
        future.result()
    wait_for(lambda: engine.state() is EngineState.READY and pid(engine) != before)
    assert steps(engine).text
    assert engine.breaker.failures == 0


def test_killed_again_and_again(build: Build) -> None:
    engine = build()
    answered = 0
    for _ in range(4):
        os.kill(pid(engine), signal.SIGKILL)
        try:
            steps(engine)
            answered += 1
        except (EngineCrashed, EngineUnavailable):
            wait_for(lambda: engine.state() is EngineState.READY)
    assert steps(engine).text
    assert engine.state() is EngineState.READY


def test_the_deadline_stops_the_process_and_not_only_the_caller(build: Build, pool: ThreadPoolExecutor) -> None:
    engine = build()
    before = pid(engine)
    for grammar in (ENDLESS, 'root ::= "no choice" root'):
        with pytest.raises(EngineTimeout):
            engine.complete(PROMPT, grammar=grammar, most_tokens=1200, seconds=0.3)
    assert steps(engine).text
    assert pid(engine) == before


def test_a_process_that_hangs_is_killed(build: Build) -> None:
    engine = build(replace(PATIENT, grace_seconds=0.2))
    before = pid(engine)
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(EngineTimeout):
        engine.complete(PROMPT, most_tokens=8, seconds=0.2)
    wait_for(lambda: engine.state() is EngineState.READY and pid(engine) != before)
    assert steps(engine).text


def test_a_process_that_hangs_in_idle_work_is_killed(build: Build) -> None:
    engine = build(replace(PATIENT, grace_seconds=0.2, start_seconds=20.0))
    before = pid(engine)
    os.kill(before, signal.SIGSTOP)
    engine.warm([OTHER.prefix])
    wait_for(lambda: engine.turnstile.taken)
    with pytest.raises(EngineTimeout):
        engine.complete(PROMPT, most_tokens=8, seconds=0.2)
    wait_for(lambda: engine.state() is EngineState.READY and pid(engine) != before)
    assert steps(engine).text


def test_more_calls_than_may_wait_are_refused(build: Build, pool: ThreadPoolExecutor) -> None:
    engine = build(replace(PATIENT, waiting=1))
    first = never_ending(engine, pool)
    second = pool.submit(steps, engine)
    wait_for(engine.turnstile.wanted)
    with pytest.raises(EngineBusy):
        steps(engine)
    os.kill(pid(engine), signal.SIGKILL)
    with pytest.raises(EngineCrashed):
        first.result()
    assert second.result().text


def test_waiting_counts_towards_the_deadline(build: Build, pool: ThreadPoolExecutor) -> None:
    engine = build()
    first = never_ending(engine, pool, seconds=2)
    with pytest.raises(EngineTimeout):
        engine.complete(PROMPT, most_tokens=8, seconds=0.1)
    with pytest.raises(EngineTimeout):
        first.result()


def test_too_long_is_refused_and_never_cut(build: Build) -> None:
    engine = build(replace(PATIENT, context=256))
    with pytest.raises(PromptTooLong) as error:
        engine.complete(PROMPT, most_tokens=256, seconds=LONG)
    assert not error.value.retryable
    assert PROMPT.rest not in str(error.value)
    assert steps(engine).text


def test_never_beyond_what_the_model_can_use(build: Build) -> None:
    engine = build(EngineLimits(threads=1, context=4096))
    with pytest.raises(PromptTooLong, match="2046 fit"):
        engine.complete(PROMPT, most_tokens=2000, seconds=LONG)


def test_a_bad_grammar_is_refused(build: Build) -> None:
    engine = build()
    with pytest.raises(EngineRefused):
        engine.complete(PROMPT, grammar="root ::= nothing", most_tokens=8, seconds=LONG)
    assert steps(engine).text


def test_counting_needs_no_turn(build: Build, pool: ThreadPoolExecutor) -> None:
    engine = build()
    future = never_ending(engine, pool)
    assert engine.count("<|user|>\nHi<|end|>\n<|assistant|>\n") == 4
    assert engine.count("") == 0
    # FIELD §5: Telugu falls back to bytes.
    assert engine.count("ఆకులు") > 10
    os.kill(pid(engine), signal.SIGKILL)
    with pytest.raises(EngineCrashed):
        future.result()


def test_prefixes_are_warmed_in_idle_time_and_outlive_the_process(build: Build, tmp_path: Path) -> None:
    engine = build(folder=tmp_path)
    engine.warm([PROMPT.prefix, OTHER.prefix])
    wait_for(lambda: not engine.keeper.cold)
    assert len(list(tmp_path.glob("*.kv"))) == 2
    cold = steps(build())
    for prompt in (PROMPT, OTHER):
        assert steps(engine, prompt).cached_tokens == engine.count(prompt.prefix) + 1
    engine.close()
    restored = steps(build(folder=tmp_path))
    assert (cold.cached_tokens, restored.text) == (0, cold.text)
    assert 0 < restored.cached_tokens < restored.prompt_tokens


def test_farmers_come_before_warming(build: Build) -> None:
    engine = build()
    prefixes = [f"<|user|>\nCard {card}\n" + "3. Look at the root of it.\n" * 100 for card in range(20)]
    engine.warm(prefixes)
    wait_for(lambda: engine.turnstile.taken)
    assert steps(engine).text
    assert engine.keeper.cold  # it did not wait until all were warm
    assert steps(engine, OTHER).text


def test_a_prefix_too_long_to_keep_is_given_up(build: Build) -> None:
    engine = build()
    engine.warm(["<|user|>\n" + "word " * 3000])
    wait_for(lambda: not engine.keeper.cold)
    assert engine.state() is EngineState.READY


def test_a_prefix_for_which_the_time_was_too_short_is_warmed_after(build: Build) -> None:
    engine = build()
    with pytest.raises(EngineTimeout):
        engine.complete(OTHER, grammar=ENDLESS, most_tokens=1200, seconds=0.2)
    wait_for(lambda: not engine.keeper.cold)
    assert steps(engine, OTHER).cached_tokens == engine.count(OTHER.prefix) + 1


@pytest.mark.parametrize("place", [3, 100, 50_000])
def test_a_corrupted_state_is_computed_again(build: Build, tmp_path: Path, place: int) -> None:
    engine = build(folder=tmp_path)
    engine.warm([PROMPT.prefix])
    wait_for(lambda: not engine.keeper.cold)
    engine.close()
    (path,) = tmp_path.glob("*.kv")
    good = path.read_bytes()
    path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    engine = build(folder=tmp_path)
    assert steps(engine).cached_tokens == 0
    wait_for(lambda: path.exists() and path.read_bytes() == good)


def test_a_state_of_other_weights_is_not_used(build: Build, tmp_path: Path) -> None:
    one, two = build(folder=tmp_path), build(folder=tmp_path, model=tiny_model(seed=1))
    one.warm([PROMPT.prefix])
    wait_for(lambda: not one.keeper.cold)
    assert one.fingerprint != two.fingerprint
    assert steps(two).cached_tokens == 0


def test_after_repeated_failures_it_is_left_alone(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model().read_bytes()[:1_000_000])
    limits = EngineLimits(threads=1, patience=Patience(first=0.01, most=0.01, failures=2, rest=600))
    engine = ProcessEngine(EngineFile(broken, "broken"), limits)
    try:
        wait_for(lambda: engine.state() is EngineState.OPEN)
        with pytest.raises(EngineUnavailable, match="open"):
            steps(engine)
        with pytest.raises(EngineUnavailable):
            engine.count("x")
        engine.warm(["nobody hears"])
    finally:
        engine.close()


def test_an_interpreter_without_llama_cpp_is_a_failure_like_any_other() -> None:
    limits = EngineLimits(patience=Patience(first=0.01, failures=1, rest=600))
    for command in ([sys.executable, "-c", "raise SystemExit(1)"], ["/does/not/exist"]):
        engine = ProcessEngine(EngineFile(tiny_model(), "none"), limits, command=command)
        try:
            wait_for(lambda engine=engine: engine.state() is EngineState.OPEN)  # type: ignore[misc]
        finally:
            engine.close()


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match=r"/does/not/exist\.gguf"):
        ProcessEngine(EngineFile(Path("/does/not/exist.gguf"), "none"))


def test_closing_ends_the_process_and_those_who_wait(build: Build, pool: ThreadPoolExecutor) -> None:
    engine = build()
    first = never_ending(engine, pool)
    second = pool.submit(steps, engine)
    wait_for(engine.turnstile.wanted)
    child = engine.keeper.child
    engine.close()
    assert engine.state() is EngineState.CLOSED
    assert child
    assert child.process.returncode is not None
    with pytest.raises(EngineCrashed):
        first.result()
    with pytest.raises(EngineUnavailable):
        second.result()
    with pytest.raises(EngineUnavailable):
        steps(engine)


SERVICE = """
import sys, time
from pathlib import Path
from bot.answering.process import EngineFile, EngineLimits, ProcessEngine
engine = ProcessEngine(EngineFile(Path(sys.argv[1]), "tiny"), EngineLimits(threads=1))
while engine.state() != "ready":
    time.sleep(0.01)
print(engine.keeper.child.process.pid, file=sys.stderr, flush=True)
time.sleep(600)
"""


def test_the_process_dies_with_the_service() -> None:
    service = subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(tiny_model())], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert service.stderr
        model = int(service.stderr.readline())
    finally:
        service.kill()
        service.wait()
        assert service.stderr
        service.stderr.close()
    wait_for(lambda: is_gone(model))


def is_gone(process: int) -> bool:
    """Ended, though nobody may have collected it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_model_yields_to_the_service(build: Build) -> None:
    engine = build()
    assert os.getpriority(os.PRIO_PROCESS, pid(engine)) > os.getpriority(os.PRIO_PROCESS, 0)
    assert Path(f"/proc/{pid(engine)}/oom_score_adj").read_text() == "1000\n"


def test_many_threads_at_once(build: Build) -> None:
    engine = build(replace(PATIENT, waiting=100))
    alone = {prompt: steps(engine, prompt).text for prompt in (PROMPT, OTHER)}
    answers: list[tuple[Prompt, str]] = []

    def ask(prompt: Prompt) -> None:
        answers.append((prompt, steps(engine, prompt).text))

    threads = [threading.Thread(target=ask, args=(prompt,)) for prompt in [PROMPT, OTHER] * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert all(text == alone[prompt] for prompt, text in answers)
