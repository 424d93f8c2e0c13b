"""The model process: `python -m bot.answering.local` reads requests from stdin and answers on stdout (frames.py).

The only module that knows llama.cpp. The high-level `Llama` class is not used: it cannot switch off the repacking of
weights (`use_extra_bufts`: 2 GB of private memory and 12-20 s of loading saved) nor keep the state of a sequence.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np

from bot.answering.generation import Sampler
from bot.answering.serving import Server

LOG_WARN = 3
MOST_FORCED = 64
CHUNK = 128
"""Tokens computed at once: the rest of a card mostly. In chunks of 64 ours took 12 % longer than llama.cpp alone."""
FIRST = 96
"""Tokens of the first chunk: it ends just before the 99 tokens of the rules do, which all cards share."""
ROOT = "with-space"
SPACED = f'\n{ROOT} ::= " "? root\n'
"""The first token that Phi-3 says after `<|assistant|>` brings a space of its own."""


class LlamaModel:
    """A GGUF file with one context and one sequence, greedy. For one thread, but `count` may come from any."""

    def __init__(self, path: str, *, threads: int, context: int, halt: Callable[[], bool]) -> None:
        """Maps the file. Raises ValueError when llama.cpp cannot load it or has no memory for the context."""
        # Else hundreds of lines about each file.
        llama.llama_log_set(COMPLAIN, None)
        llama.llama_backend_init()
        wanted = llama.llama_model_default_params()
        wanted.use_extra_bufts = False
        wanted.load_mode = llama.LLAMA_LOAD_MODE_MMAP
        wanted.n_gpu_layers = 0
        self.model = llama.llama_model_load_from_file(path.encode(), wanted)
        if not self.model:
            raise ValueError("llama.cpp cannot load this file")
        self.vocabulary = llama.llama_model_get_vocab(self.model)
        self.first, self.chunk = FIRST, CHUNK
        self.context = context
        # Kept as long as the context: C calls it at every node of the graph.
        self.halted = halt
        self.halt = llama.ggml_abort_callback(lambda _: halt())
        self.handle = llama.llama_init_from_model(self.model, self.wishes(threads))
        if not self.handle:
            raise ValueError("llama.cpp has no memory for the context")
        self.memory = llama.llama_get_memory(self.handle)

    def wishes(self, threads: int) -> Any:
        """Flash attention, K and V in q8_0, one sequence."""
        wanted = llama.llama_context_default_params()
        wanted.n_ctx = self.context
        wanted.n_batch = wanted.n_ubatch = self.chunk
        wanted.n_seq_max = 1
        wanted.n_threads = wanted.n_threads_batch = threads or len(os.sched_getaffinity(0))
        wanted.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
        wanted.type_k = wanted.type_v = llama.GGML_TYPE_Q8_0
        wanted.abort_callback = self.halt
        wanted.no_perf = True
        return wanted

    def tokens(self, text: str, *, first: bool) -> list[int]:
        """Tokens with control tokens parsed; `first` brings `<s>`, a part that follows brings no space of its own.

        A text's first word gets a space from the tokenizer unless something stands before it, so a newline is put
        before a part that follows, and its two tokens (space, newline) are taken away again.
        """
        raw = (text if first else "\n" + text).encode()
        found = (llama.llama_token * (len(raw) + 8))()
        count = llama.llama_tokenize(self.vocabulary, raw, len(raw), found, len(found), first, True)
        return list(found[:count]) if first else list(found[2:count])

    def count(self, text: str) -> int:
        """Tokens of a text without `<s>`."""
        return len(self.tokens(text, first=True)) - 1

    def feed(self, tokens: Sequence[int], position: int) -> bool:
        """Computes tokens that follow those in mind; False when halted.

        Raises RuntimeError when llama.cpp fails: nobody knows what is in mind then, and the process had better end.
        """
        array = (llama.llama_token * len(tokens))(*tokens)
        result = llama.llama_decode(self.handle, llama.llama_batch_get_one(array, len(tokens)))
        if result not in (0, 2):
            raise RuntimeError(f"llama_decode: {result}")
        return bool(result == 0)

    def cut(self, position: int) -> None:
        """Forgets all from this position on."""
        llama.llama_memory_seq_rm(self.memory, 0, position, -1)

    def size(self) -> int:
        """Bytes that `save` would return."""
        return int(llama.llama_state_seq_get_size(self.handle, 0))

    def save(self) -> bytearray:
        """All that is in mind, copied once."""
        data = bytearray(self.size())
        window = (ctypes.c_uint8 * len(data)).from_buffer(data)
        llama.llama_state_seq_get_data(self.handle, window, len(data), 0)
        return data

    def restore(self, data: bytearray) -> bool:
        """Brings back what `save` gave; False, with nothing in mind, when llama.cpp does not take it."""
        self.cut(0)
        window = (ctypes.c_uint8 * len(data)).from_buffer(data)
        taken = bool(llama.llama_state_seq_set_data(self.handle, window, len(data), 0) == len(data))
        if not taken:
            self.cut(0)
        return taken

    def sampler(self, grammar: str | None) -> Sampler:
        """The greedy choice, under a grammar (GBNF). Raises ValueError when it does not parse."""
        return GreedySampler(self, grammar)

    def piece(self, token: int) -> bytes:
        """A token as text."""
        room = (ctypes.c_char * 256)()
        size = llama.llama_token_to_piece(self.vocabulary, token, room, len(room), 0, False)
        return bytes(room.raw[:size])

    def ends(self, token: int) -> bool:
        """Whether the turn is over: an end of generation, or any other control token, which is no text."""
        return bool(
            llama.llama_vocab_is_eog(self.vocabulary, token) or llama.llama_vocab_is_control(self.vocabulary, token)
        )


class GreedySampler:
    """The likeliest token that the grammar allows."""

    def __init__(self, model: LlamaModel, grammar: str | None) -> None:
        self.model = model
        self.grammar = None
        self.chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        if grammar is not None:
            text = (grammar + SPACED).encode()
            self.grammar = llama.llama_sampler_init_grammar(model.vocabulary, text, ROOT.encode())
            if not self.grammar:
                self.close()
                raise ValueError("the grammar does not parse")
            llama.llama_sampler_chain_add(self.chain, self.grammar)
        llama.llama_sampler_chain_add(self.chain, llama.llama_sampler_init_greedy())

    def next(self) -> int:
        """Chooses from what the last token fed predicts."""
        return int(llama.llama_sampler_sample(self.chain, self.model.handle, -1))

    def forced(self) -> int | None:
        """The longest token, where all that are allowed spell the beginning of the same text, or all end the turn."""
        allowed = self.allowed() if self.grammar else []
        if not 0 < len(allowed) <= MOST_FORCED:
            return None
        ends = [self.model.ends(token) for token in allowed]
        pieces = {token: self.model.piece(token) for token in allowed}
        longest = max(pieces, key=lambda token: (len(pieces[token]), token))
        spelt = all(pieces[longest].startswith(piece) for piece in pieces.values())
        if not (all(ends) or (spelt and not any(ends))):
            return None
        llama.llama_sampler_accept(self.grammar, longest)
        return longest

    def allowed(self) -> list[int]:
        """All tokens that the grammar lets pass now."""
        count = llama.llama_vocab_n_tokens(self.model.vocabulary)
        rows = np.zeros(count, dtype=[("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
        rows["id"] = np.arange(count)
        data = rows.ctypes.data_as(llama.llama_token_data_p)
        candidates = llama.llama_token_data_array(data=data, size=count, selected=-1, sorted=False)
        llama.llama_sampler_apply(self.grammar, ctypes.byref(candidates))
        return [int(token) for token in rows["id"][np.isfinite(rows["logit"])]]

    def close(self) -> None:
        """Frees the chain and the grammar within."""
        llama.llama_sampler_free(self.chain)


def complain(level: int, text: bytes, _: object) -> None:
    """Passes warnings and errors on to stderr, which the service logs at debug."""
    if level >= LOG_WARN:
        sys.stderr.write(text.decode(errors="replace"))


# Kept for ever: C calls it.
COMPLAIN = llama.llama_log_callback(complain)


def main() -> None:
    """Serves one parent until it goes away."""
    # Whatever prints to stdout must not break the frames: they get a descriptor of their own.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Server(sys.stdin.buffer, replies, LlamaModel, version("llama-cpp-python")).run()


if __name__ == "__main__":
    main()
