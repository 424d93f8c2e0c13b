"""The engine of this machine: `ProcessEngine` speaks to llama.cpp in a process of its own (bot.answering.local).

    ProcessEngine(
        EngineFile(path, name="phi-3-mini-4k"),
        EngineLimits(threads=0, context=2048, waiting=8, start_seconds=60.0),
        PrefixBudget(folder=data_dir / "prefixes", memory_mb=128, disk_mb=1024),
    )
"""
