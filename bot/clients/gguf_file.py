"""What stands in a GGUF file (llama.cpp's format), and whether all of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import ConfigurationError, DataError

MAGIC = b"GGUF"
PHI3_TOKENS = frozenset({"<|user|>", "<|assistant|>", "<|end|>"})
"""Control tokens that our prompts are made of."""


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the header says. Widths in numbers a layer; `missing` are those control tokens of Phi-3 that it has not."""

    architecture: str
    name: str
    context: int
    layers: int
    kv_width: int
    missing: frozenset[str]

    def kv_bytes(self, tokens: int, bytes_a_number: float = 34 / 32) -> int:
        """Memory for keys and values of `tokens`; q8_0 takes 34 bytes for 32 numbers."""
        return int(2 * self.layers * self.kv_width * tokens * bytes_a_number)


def first_bytes_fault(path: Path) -> str:
    """What the first bytes show the file to be instead of a GGUF; empty when it is one. Raises DataError."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise DataError(f"{path}:0: {error.strerror}") from error
    if start.startswith(MAGIC):
        return ""
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of git-lfs, not the file itself (git lfs pull gets it)"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page, not a model (a login page of the network, perhaps)"
    return "empty" if not start else "no GGUF file"


def read_facts(path: Path) -> GgufFacts:
    """Reads the header and sees that the file is as long as its header says. Raises DataError, ConfigurationError."""
    if fault := first_bytes_fault(path):
        raise DataError(f"{path}:0: {fault}")
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise ConfigurationError("gguf is not installed: pip install 'khetdoot[model]'") from error
    try:
        reader = GGUFReader(path)
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{path}:0: truncated or damaged ({type(error).__name__})") from error
    return facts(reader)


def facts(reader: Any) -> GgufFacts:
    """The header's values; what is not stated is 0."""

    def value(key: str, default: Any) -> Any:
        field = reader.fields.get(key)
        return default if field is None else field.contents()

    architecture = str(value("general.architecture", ""))
    heads = largest(value(f"{architecture}.attention.head_count", 0))
    kv_heads = largest(value(f"{architecture}.attention.head_count_kv", heads))
    width = int(value(f"{architecture}.embedding_length", 0))
    return GgufFacts(
        architecture,
        str(value("general.name", "")),
        int(value(f"{architecture}.context_length", 0)),
        int(value(f"{architecture}.block_count", 0)),
        width * kv_heads // heads if heads else 0,
        PHI3_TOKENS - set(value("tokenizer.ggml.tokens", ())),
    )


def largest(given: Any) -> int:
    """A number, or the largest where each layer has its own."""
    return int(max(given, default=0) if isinstance(given, list) else given)
