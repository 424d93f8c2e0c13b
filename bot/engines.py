"""Puts the model together that the settings name: in a process of its own, on servers elsewhere, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.answering.cascade import in_a_row, remote_engines
from bot.answering.engine import USABLE_TOKENS, Engine
from bot.answering.model import Model
from bot.answering.process import EngineFile, EngineLimits, PrefixBudget, ProcessEngine
from bot.answering.select import Answers
from bot.clients.models import Model as RegisteredModel
from bot.clients.models import read_models
from bot.settings import Settings

ENGLISH = frozenset({"en"})
"""What a model reads that the registry does not know."""
MEGABYTE = 1_000_000


def build_model(settings: Settings, answers: Answers, on_outcome: Callable[[str], None]) -> Model | None:
    """The model and what it may be used for; None without one. Raises ConfigurationError and DataError."""
    engine = build_engine(settings)
    if engine is None:
        return None
    known = registered(settings)
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
    """The engines alone: this machine's, then servers for what it declines. Raises ConfigurationError and DataError."""
    known = registered(settings)
    usable = known.usable_tokens if known else USABLE_TOKENS
    keys = [key.get_secret_value() for key in settings.model_key]
    elsewhere = remote_engines(settings.model_url, keys, settings.model_name, usable=usable)
    here = [local_engine(settings, usable)] if settings.model_path else []
    return in_a_row([*here, *elsewhere])


def registered(settings: Settings) -> RegisteredModel | None:
    """What the registry knows of the model; None for others, which may bear any name on a server. Raises DataError."""
    return read_models(settings.model_registry).get(settings.model_name)


def local_engine(settings: Settings, usable: int) -> ProcessEngine:
    """The file's, in a process of its own. Raises ConfigurationError."""
    return ProcessEngine(
        EngineFile(Path(settings.model_path), settings.model_name),
        EngineLimits(threads=settings.model_threads, context=settings.model_context, usable=usable),
        PrefixBudget(
            folder=settings.data_dir / "prefixes",
            memory_bytes=settings.model_prefix_memory_mb * MEGABYTE,
            disk_bytes=settings.model_prefix_disk_mb * MEGABYTE,
        ),
    )
