"""Writes GGUF files of Phi-3's architecture with random weights and Phi-3's real tokenizer (tests/models/README.md).

`python -m tests.phi3_model OUT.gguf [--mini]`: a tiny one (8 MB), or the exact shape of Phi-3-mini-4k (2.28 GB).
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

Quant = gguf.GGMLQuantizationType
Bytes = npt.NDArray[np.uint8]

VOCABULARY = Path(__file__).parent / "models" / "phi-3-vocab.gguf.xz"
# As in Microsoft's file: system messages are dropped. Nothing of ours may use it.
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') %}{{'<|user|>' + '\n'"
    " + message['content'] + '<|end|>' + '\n' + '<|assistant|>' + '\n'}}{% elif (message['role'] == 'assistant') %}"
    "{{message['content'] + '<|end|>' + '\n'}}{% endif %}{% endfor %}"
)
BLOCK_BYTES = {Quant.Q4_K: 144, Quant.Q6_K: 210}
"""Bytes of a block of 256 weights."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Layers, width, feed-forward width and heads; `mixed` is Q4_K with Q6_K as in Q4_K_M files, else all is Q4_0."""

    layers: int
    width: int
    hidden: int
    heads: int
    mixed: bool = False


TINY = Shape(layers=2, width=192, hidden=384, heads=2)
MINI = Shape(layers=32, width=3072, hidden=8192, heads=32, mixed=True)


def tiny_model(seed: int = 0) -> Path:
    """A tiny model, written once for each user and version of this file."""
    key = hashlib.sha256(Path(__file__).read_bytes() + VOCABULARY.read_bytes()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"khetdoot-models-{os.getuid()}" / f"phi3-tiny-{key}-{seed}.gguf"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Written aside and renamed: several test processes may do this at once.
        aside = path.with_suffix(f".{os.getpid()}")
        write_model(aside, TINY, seed)
        aside.replace(path)
    return path


def write_model(path: Path, shape: Shape, seed: int = 0, *, architecture: str = "phi3") -> None:
    """Writes the file; the same arguments give the same bytes."""
    writer = gguf.GGUFWriter(path, architecture)
    add_shape(writer, shape)
    add_tokenizer(writer)
    add_weights(writer, shape, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_shape(writer: Any, shape: Shape) -> None:
    """The architecture's keys. llama.cpp treats Phi-3's control tokens specially when the name says "phi3"."""
    writer.add_name("Phi3")
    writer.add_context_length(4096)
    writer.add_rope_scaling_orig_ctx_len(4096)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_sliding_window(2047)
    writer.add_file_type(15 if shape.mixed else 2)


def add_tokenizer(writer: Any) -> None:
    """Phi-3's own."""
    with tempfile.NamedTemporaryFile(suffix=".gguf") as unpacked:
        unpacked.write(lzma.decompress(VOCABULARY.read_bytes()))
        unpacked.flush()
        fields = gguf.GGUFReader(unpacked.name).fields
        tokens, scores, types = (
            fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores", "token_type")
        )
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(32000)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(32000)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(TEMPLATE)


def add_weights(writer: Any, shape: Shape, rng: np.random.Generator) -> None:
    """All tensors, random."""
    width, hidden, tokens = shape.width, shape.hidden, 32064

    def matrix(name: str, rows: int, cols: int, quant: Any = Quant.Q4_K) -> None:
        quant = quant if shape.mixed else Quant.Q4_0
        data = random_blocks(rng, rows, cols, quant) if shape.mixed else random_matrix(rng, rows, cols)
        writer.add_tensor(name, data, raw_shape=data.shape, raw_dtype=quant)

    matrix("token_embd.weight", tokens, width)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        writer.add_tensor(block + "attn_norm.weight", np.ones(width, np.float32))
        matrix(block + "attn_qkv.weight", 3 * width, width)
        matrix(block + "attn_output.weight", width, width)
        writer.add_tensor(block + "ffn_norm.weight", np.ones(width, np.float32))
        matrix(block + "ffn_down.weight", width, hidden, Quant.Q6_K if layer % 2 else Quant.Q4_K)
        matrix(block + "ffn_up.weight", 2 * hidden, width)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    matrix("output.weight", tokens, width, Quant.Q6_K)


def random_matrix(rng: np.random.Generator, rows: int, cols: int) -> Bytes:
    """Normal weights in Q4_0, large enough that what is said hangs on every token before."""
    weights = rng.standard_normal((rows, cols), dtype=np.float32) / np.float32(cols**0.5) * 2
    return np.asarray(gguf.quants.quantize(weights, Quant.Q4_0), dtype=np.uint8)


def random_blocks(rng: np.random.Generator, rows: int, cols: int, quant: Any, scale: float = 0.02) -> Bytes:
    """Valid rows in Q4_K or Q6_K without quantising 3.8 billion numbers: random codes, fixed finite scales."""
    size, count = BLOCK_BYTES[quant], rows * cols // 256
    blocks = rng.integers(0, 256, size=(count, size), dtype=np.uint8)

    def half(value: float) -> Bytes:
        return np.full(count, value, dtype=np.float16).view(np.uint8).reshape(count, 2)

    if quant == Quant.Q4_K:
        blocks[:, 0:2], blocks[:, 2:4] = half(scale / (63 * 7.5)), half(scale / 63)
    else:
        blocks[:, 208:210] = half(scale / (64 * 32))
    return blocks.reshape(rows, cols // 256 * size)


def main() -> None:
    """Writes one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mini", action="store_true")
    arguments = parser.parse_args()
    write_model(arguments.out, MINI if arguments.mini else TINY)


if __name__ == "__main__":
    main()
