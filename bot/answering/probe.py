"""A child that loads a model and says a few words: `python -m bot.answering.probe FILE [TOKENS]`, a JSON line a stage.

What kills it (an illegal instruction, no memory) tells `bot.answering.doctor` what is wrong. With TOKENS it measures.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.answering.local import LlamaModel

CONTEXT = 1536
GREETING = "<|user|>\nSay yes.<|end|>\n<|assistant|>\n"
FEW = 8
"""Tokens said without measuring."""
MISSING, UNLOADABLE, REFUSED = 3, 4, 5
"""Exit statuses: no llama-cpp-python; its library does not load; llama.cpp does not take the file."""


def tell(stage: str, **facts: object) -> None:
    """Says how far it came."""
    print(json.dumps({"stage": stage} | facts), flush=True)


def decode(model: LlamaModel, prompt: list[int], count: int) -> tuple[float, float]:
    """Seconds for reading a prompt and for saying `count` tokens after it. Raises ValueError."""
    model.cut(0)
    began = time.perf_counter()
    for at in range(0, len(prompt), model.chunk):
        model.feed(prompt[at : at + model.chunk], at)
    read = time.perf_counter()
    sampler = model.sampler(None)
    for position in range(len(prompt), len(prompt) + count):
        model.feed([sampler.next()], position)
    sampler.close()
    return read - began, time.perf_counter() - read


def probe(path: str, tokens: int) -> None:
    """Loads and decodes. Raises ImportError, OSError (a library does not load) and ValueError (llama.cpp refuses)."""
    from bot.answering.local import LlamaModel

    tell("imported")
    began = time.perf_counter()
    model = LlamaModel(path, threads=0, context=CONTEXT, halt=lambda: False)
    tell("loaded", seconds=time.perf_counter() - began)
    greeting = model.tokens(GREETING, first=True)
    decode(model, greeting, FEW)
    tell("decoded")
    if tokens:
        prompt = (greeting * (tokens // len(greeting) + 1))[:tokens]
        read, said = decode(model, prompt, tokens // 8)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        tell("measured", prefill=len(prompt) / read, decode=(tokens // 8) / said, peak=peak)


def main(arguments: list[str]) -> int:
    """The exit status."""
    try:
        probe(arguments[0], int(arguments[1]) if len(arguments) > 1 else 0)
    except ModuleNotFoundError as error:
        tell("failed", why=str(error))
        return MISSING
    except (ImportError, OSError, RuntimeError) as error:
        tell("failed", why=str(error))
        return UNLOADABLE
    except ValueError as error:
        tell("failed", why=str(error))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
