"""Puts the model together that the settings name: in a process of its own, on servers elsewhere, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.answering.engine import Engine
from bot.answering.model import Model
from bot.answering.process import EngineFile, EngineLimits, PrefixBudget, ProcessEngine
from bot.answering.select import Answers
from bot.clients.models import find_model, read_models
from bot.settings import Settings

ENGLISH = frozenset({"en"})
"""What a model reads that the registry does not know."""
MEGABYTE = 1_000_000


def build_model(settings: Settings, answers: Answers, on_outcome: Callable[[str], None]) -> Model | None:
    """The model and what it may be used for; None without one. Raises ConfigurationError and DataError."""
    engine = build_engine(settings)
    if engine is None:
        return None
    known = find_model(settings.model_name, read_models())
    languages = known.languages if known else ENGLISH
    return Model(
        engine=engine,
        reads=languages,
        writes=languages if settings.model_compose else frozenset(),
        seconds=settings.model_seconds,
        compose_seconds=settings.model_compose_seconds,
        most_waiting=max(1, settings.workers - 1),
        answers=answers,
        on_outcome=on_outcome,
    )


def build_engine(settings: Settings) -> Engine | None:
    """The engine alone. Raises ConfigurationError."""
    if not settings.model_path:
        return None
    return ProcessEngine(
        EngineFile(Path(settings.model_path), settings.model_name),
        EngineLimits(threads=settings.model_threads, context=settings.model_context),
        PrefixBudget(
            folder=settings.data_dir / "prefixes",
            memory_bytes=settings.model_prefix_memory_mb * MEGABYTE,
            disk_bytes=settings.model_prefix_disk_mb * MEGABYTE,
        ),
    )
