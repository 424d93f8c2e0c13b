"""What this machine has left: memory, and what its CPU says of itself."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

MEMORY = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
CPU = Path("/proc/cpuinfo")


def available_memory(memory: Path = MEMORY, cgroup: Path = CGROUP) -> int | None:
    """Bytes that a new process may take without swapping, also within a container; None where that cannot be known."""
    found: list[int] = []
    with suppress(OSError):
        if match := re.search(r"^MemAvailable:\s+(\d+) kB", memory.read_text(), re.MULTILINE):
            found.append(int(match[1]) * 1024)
    with suppress(OSError, ValueError):  # "max" is no number: no limit
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
        found.append(max(0, limit - used))
    return min(found, default=None)


def cpu_flags(cpu: Path = CPU) -> frozenset[str]:
    """What the CPU says that it can do; empty where nothing says so (ARM boards name other things)."""
    with suppress(OSError):
        if match := re.search(r"^(?:flags|Features)\s*:(.*)$", cpu.read_text(), re.MULTILINE):
            return frozenset(match[1].split())
    return frozenset()
