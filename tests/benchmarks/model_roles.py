"""What `bench_model` compares with, each in a process of its own: `python -m tests.benchmarks.model_roles ROLE MODEL`.

Reads a JSON object a line on stdin and answers with one on stdout. `plain`: RAG as one would write it with the
high-level `Llama` class. `raw`: llama.cpp's own prefill and decode of given prompts, with our memory settings.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

CONTEXT = 2048
ENDS = (2, 32000, 32007)
"""</s>, <|endoftext|>, <|end|>: random weights would end at any time."""
Record = dict[str, Any]
INSTRUCTION = (
    "You are a helpful agricultural advisor for small farmers. Use the following information to answer the question. "
    "Answer in {language}, in at most two short sentences, as an SMS."
)


def plain(path: str) -> Callable[[Record], Record]:
    """A chat completion over snippet and question, as many tokens as the authored SMS takes; defaults but threads."""
    from llama_cpp import Llama

    began = time.monotonic()
    llm: Any = Llama(path, n_ctx=CONTEXT, n_threads=os.cpu_count(), n_threads_batch=os.cpu_count(), verbose=False)
    load = time.monotonic() - began

    def answer(question: Record) -> Record:
        told = INSTRUCTION.format(language=question["language_name"])
        content = f"{told}\n\nInformation:\n{question['snippet']}\n\nQuestion: {question['text']}"
        size = len(llm.tokenize(question["answer"].encode(), add_bos=False))
        # Nothing of the question before: each farmer's prompt is another one.
        llm.reset()
        began = time.monotonic()
        reply: Any = llm.create_chat_completion(
            messages=[{"role": "user", "content": content}],
            max_tokens=size,
            temperature=0.0,
            logit_bias=dict.fromkeys(ENDS, -1000.0),
        )
        usage = reply["usage"]
        return {
            "seconds": time.monotonic() - began,
            "prefilled": usage["prompt_tokens"],
            "decoded": usage["completion_tokens"],
            "load": load,
        }

    return answer


def raw(path: str) -> Callable[[Record], Record]:
    """Prefill in one go and greedy decoding by llama.cpp, nothing of ours around it but the memory settings."""
    import llama_cpp.llama_cpp as llama

    from bot.answering.local import LlamaModel

    model = LlamaModel(path, threads=0, context=CONTEXT, halt=lambda: False)
    wanted = model.wishes(0)
    wanted.n_batch = wanted.n_ubatch = 512
    wanted.abort_callback = llama.ggml_abort_callback()
    llama.llama_free(model.handle)
    handle = llama.llama_init_from_model(model.model, wanted)
    memory = llama.llama_get_memory(handle)
    greedy = llama.llama_sampler_init_greedy()

    def feed(tokens: list[int]) -> int:
        array = (llama.llama_token * len(tokens))(*tokens)
        assert llama.llama_decode(handle, llama.llama_batch_get_one(array, len(tokens))) == 0
        return int(llama.llama_sampler_sample(greedy, handle, -1))

    def measure(question: Record) -> Record:
        tokens = model.tokens(question["prefix"], first=True) + model.tokens(question["rest"], first=False)
        llama.llama_memory_seq_rm(memory, 0, 0, -1)
        began = time.monotonic()
        token = feed(tokens)
        prefill = time.monotonic() - began
        for _ in range(question["most"] - 1):
            token = feed([token])
        return {
            "seconds": time.monotonic() - began,
            "prefill": prefill,
            "prefilled": len(tokens),
            "decoded": question["most"],
        }

    return measure


def main() -> None:
    """Answers until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    work = {"plain": plain, "raw": raw}[sys.argv[1]](sys.argv[2])
    for line in sys.stdin:
        print(json.dumps(work(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
