"""Finds out why a model does not run here: starts it in a child and reads from how that ends what is wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.probe import MISSING, REFUSED, UNLOADABLE

PROBE = (sys.executable, "-m", "bot.answering.probe")
SECONDS = 300.0
BUFFERS = 350_000_000
"""Bytes that llama.cpp takes besides the weights and the keys and values (measured: 0.34 GB, DESIGN §4)."""
REBUILD = (
    'CMAKE_ARGS="-DGGML_NATIVE=OFF" .venv/bin/pip install --force-reinstall --no-cache-dir --no-deps llama-cpp-python'
)
INSTALL = "make .venv/.model (or CMAKE_ARGS=\"-DGGML_NATIVE=OFF\" pip install 'khetdoot[model]')"
NO_MEMORY = (
    "failed to allocate",
    "bad_alloc",
    "out of memory",
    "cannot allocate",
    "no memory for the context",
    "memoryerror",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: what was found, and what to do when it is not well."""

    what: str
    found: str
    advice: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.advice


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its stages, exit status (negative: the signal; None: it was stopped), last words."""

    stages: Mapping[str, Mapping[str, Any]]
    status: int | None
    words: str

    @property
    def signal(self) -> int:
        """The signal that killed it, or 0."""
        return -self.status if self.status is not None and self.status < 0 else 0


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine has: free bytes (None: unknown) and what its CPU says of itself; bytes that the model needs."""

    free: int | None
    flags: frozenset[str]
    needed: int

    @property
    def short(self) -> bool:
        """Whether there is less memory than the model needs."""
        return self.free is not None and self.free < self.needed

    @property
    def memory(self) -> str:
        """Both, in words."""
        free = "an unknown amount" if self.free is None else f"{self.free / 1e9:.1f} GB"
        return f"needs about {self.needed / 1e9:.1f} GB, {free} available"


def run_probe(
    path: Path, *, tokens: int = 0, command: Sequence[str] = PROBE, seconds: float = SECONDS, folder: Path | None = None
) -> Ending:
    """Runs the probe on a file to its end, or for `seconds`; `folder` is where it starts."""
    process = subprocess.Popen(
        [*command, str(path), str(tokens)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )
    status: int | None
    try:
        said, words = process.communicate(timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        said, words = process.communicate()
        status = None
    return Ending(stages_of(said.decode(errors="replace")), status, last_words(words.decode(errors="replace")))


def stages_of(said: str) -> dict[str, dict[str, Any]]:
    """The JSON lines by stage; other lines are passed over."""
    found = {}
    for line in said.splitlines():
        if line.startswith('{"stage"'):
            facts = json.loads(line)
            found[facts.pop("stage")] = facts
    return found


def last_words(words: str) -> str:
    """The last lines of stderr that say something."""
    return " / ".join([line.strip() for line in words.splitlines() if line.strip()][-3:])[:500]


def memory_finding(machine: Machine) -> Finding:
    """Whether there is room for the model."""
    advice = "close other programs, take a smaller file, or use a server: KHETDOOT_MODEL_URL" if machine.short else ""
    return Finding("memory", machine.memory, advice)


def diagnose(ending: Ending, machine: Machine) -> Finding:
    """What the child's ending means, in plain words."""
    if ending.status == 0 and "decoded" in ending.stages:
        return Finding("engine", f"loaded in {ending.stages['loaded']['seconds']:.1f} s and said a few words")
    if ending.status is None:
        return Finding("engine", f"not done after {SECONDS:.0f} s", "the machine is too slow for this model, or swaps")
    if ending.signal:
        return killed(ending, machine)
    return exited(ending, machine)


def exited(ending: Ending, machine: Machine) -> Finding:
    """What an exit status means, with llama.cpp's last words."""
    why = str(ending.stages.get("failed", {}).get("why", "")) or ending.words
    if out_of_memory(f"{why} {ending.words}"):
        return Finding("engine", f"too little memory: {machine.memory}", "close other programs or take a smaller file")
    meanings = {
        MISSING: (f"llama-cpp-python is not installed ({why})", INSTALL),
        UNLOADABLE: (f"llama.cpp's library does not load: {why}", f"sudo apt-get install -y libgomp1; else {REBUILD}"),
        REFUSED: (f"llama.cpp does not take the file: {why}; {ending.words}", "another file, or pull it again"),
    }
    found, advice = meanings.get(ending.status or 0, (f"it ended with status {ending.status}: {why}", "report this"))
    return Finding("engine", found, advice)


def killed(ending: Ending, machine: Machine) -> Finding:
    """What a signal means, by how far it had come."""
    name = signal.Signals(ending.signal).name
    where = "while starting" if "imported" not in ending.stages else "while loading"
    where = "at the first token" if "loaded" in ending.stages else where
    if ending.signal == signal.SIGILL:
        return Finding("engine", f"illegal instruction {where}: llama.cpp was built for another CPU", REBUILD)
    if ending.signal == signal.SIGKILL or out_of_memory(ending.words):
        found = f"killed {where} ({name}), as the system does when memory runs out: {machine.memory}"
        return Finding("engine", found, "close other programs, add swap, or take a smaller file")
    if ending.signal in (signal.SIGSEGV, signal.SIGBUS) and "loaded" in ending.stages:
        amx = (
            " (this CPU says that it has AMX, which many virtual machines do not let work)" if amx_trap(machine) else ""
        )
        return Finding("engine", f"crashed {where} ({name}): a llama.cpp built for this very CPU{amx}", REBUILD)
    return Finding(
        "engine", f"crashed {where} ({name}): {ending.words}", f"the file may be damaged: pull it again; else {REBUILD}"
    )


def amx_trap(machine: Machine) -> bool:
    """Whether the CPU is a virtual one that shows AMX."""
    return "hypervisor" in machine.flags and any(flag.startswith("amx") for flag in machine.flags)


def out_of_memory(words: str) -> bool:
    """Whether an error speaks of memory."""
    return any(sign in words.lower() for sign in NO_MEMORY)
