"""Why a model does not run: children that end in each way, with the words for it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from bot.answering.doctor import Finding, Machine, diagnose, memory_finding, run_probe
from bot.answering.machine import available_memory, cpu_flags
from tests.phi3_model import tiny_model

ROOT = Path(__file__).resolve().parents[2]
ROOMY = Machine(8_000_000_000, frozenset({"avx2"}), 3_000_000_000)
NARROW = Machine(1_000_000_000, frozenset({"avx2"}), 3_000_000_000)
TRAP = Machine(8_000_000_000, frozenset({"hypervisor", "amx_tile"}), 3_000_000_000)
RUN = "runpy.run_module('bot.answering.probe', run_name='__main__')"
IMPORTED, LOADED = '{"stage": "imported"}', '{"stage": "loaded", "seconds": 0.2}'


def child(*stages: str, then: str, words: str = "", machine: Machine = ROOMY, seconds: float = 30) -> Finding:
    """The diagnosis of a child that comes so far, says `words` on stderr and then does something."""
    said = "".join(f"print({stage!r}, flush=True);" for stage in stages)
    script = f"import os, sys, time, signal; {said} print({words!r}, file=sys.stderr, flush=True); {then}"
    return diagnose(run_probe(Path("model.gguf"), command=(sys.executable, "-c", script), seconds=seconds), machine)


def die(sign: signal.Signals) -> str:
    return f"os.kill(os.getpid(), {int(sign)})"


def test_an_illegal_instruction() -> None:
    found = child(IMPORTED, then=die(signal.SIGILL))
    assert "illegal instruction while loading" in found.found
    assert "-DGGML_NATIVE=OFF" in found.advice
    assert "while starting" in child(then=die(signal.SIGILL)).found


def test_the_amx_trap() -> None:
    found = child(IMPORTED, LOADED, then=die(signal.SIGSEGV), machine=TRAP)
    assert "at the first token" in found.found
    assert "AMX" in found.found
    assert "-DGGML_NATIVE=OFF" in found.advice
    assert "AMX" not in child(IMPORTED, LOADED, then=die(signal.SIGSEGV)).found


def test_a_crash_while_loading_blames_the_file() -> None:
    found = child(IMPORTED, then=die(signal.SIGABRT), words="GGML_ASSERT(n_dims <= 4) failed")
    assert "SIGABRT" in found.found
    assert "GGML_ASSERT" in found.found
    assert "pull it again" in found.advice


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (die(signal.SIGKILL), ""),
        (die(signal.SIGABRT), "terminate called after throwing an instance of 'std::bad_alloc'"),
        ("sys.exit(5)", "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 2393231072"),
        ("raise MemoryError", ""),
    ],
)
def test_too_little_memory(then: str, words: str) -> None:
    found = child(IMPORTED, then=then, words=words, machine=NARROW)
    assert "needs about 3.0 GB, 1.0 GB available" in found.found
    assert "close other programs" in found.advice


def test_memory_is_looked_at_before() -> None:
    assert memory_finding(ROOMY).well
    assert "KHETDOOT_MODEL_URL" in memory_finding(NARROW).advice
    assert memory_finding(Machine(None, frozenset(), 1)).well


def test_one_that_never_ends_is_stopped() -> None:
    assert "not done" in child(IMPORTED, then="time.sleep(60)", seconds=0.5).found


def test_an_unknown_ending_is_told() -> None:
    assert "status 9: oh" in child(then="sys.exit(9)", words="oh").found


def test_llama_cpp_python_is_missing() -> None:
    script = "import runpy, sys; sys.modules['llama_cpp'] = None; " + RUN
    found = diagnose(run_probe(Path("x.gguf"), command=(sys.executable, "-c", script), folder=ROOT), ROOMY)
    assert "not installed" in found.found
    assert "khetdoot[model]" in found.advice


def test_its_library_does_not_load() -> None:
    script = (
        "import sys, types; broken = types.ModuleType('bot.answering.local');"
        "sys.modules['bot.answering.local'] = broken;"  # has no LlamaModel: ImportError, as a missing libgomp gives
        "import runpy;" + RUN
    )
    found = diagnose(run_probe(Path("x.gguf"), command=(sys.executable, "-c", script), folder=ROOT), ROOMY)
    assert "library does not load" in found.found
    assert "libgomp1" in found.advice


@pytest.mark.model
def test_a_model_that_runs_is_measured() -> None:
    pytest.importorskip("llama_cpp")
    ending = run_probe(tiny_model(), tokens=64, folder=ROOT)
    assert diagnose(ending, ROOMY).well
    assert set(ending.stages) == {"imported", "loaded", "decoded", "measured"}
    assert ending.stages["measured"]["prefill"] > 0
    assert ending.stages["measured"]["peak"] > 8_000_000


@pytest.mark.model
def test_a_file_that_llama_cpp_does_not_take(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_model().read_bytes()[:-100_000])
    found = diagnose(run_probe(cut, folder=ROOT), ROOMY)
    assert "does not take the file" in found.found
    assert found.advice


def test_memory_and_cpu_of_this_machine(tmp_path: Path) -> None:
    assert available_memory() is not None
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("500000000\n")
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 8000000 kB\nMemAvailable:    4000000 kB\n")
    assert available_memory(memory, tmp_path) == 1_500_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(memory, tmp_path) == 4_096_000_000
    assert available_memory(tmp_path / "none", tmp_path / "none") is None
    cpu = tmp_path / "cpuinfo"
    cpu.write_text("processor: 0\nflags\t\t: fpu avx2 amx_tile hypervisor\n")
    assert cpu_flags(cpu) == {"fpu", "avx2", "amx_tile", "hypervisor"}
    assert cpu_flags(tmp_path / "none") == frozenset()
