"""llama.cpp itself, in this process, over a tiny model of Phi-3's architecture with Phi-3's tokenizer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.phi3_model import tiny_model

pytest.importorskip("llama_cpp", reason="llama-cpp-python (the `model` extra) is not installed")

from bot.answering.generation import Generator, Request, Usage
from bot.answering.local import LlamaModel
from bot.answering.prefix_cache import PrefixCache

pytestmark = pytest.mark.model

RULES = (
    "<|user|>\nYou choose steps of a card for a farmer.\n\nCard 1: Yellow leaves\n1. Look at the roots.\n2. Drain.\n"
)
RESTS = [
    "Crop: rice. Problem: yellow leaves.<|end|>\n<|assistant|>\n",
    "Question: धान की पत्तियाँ पीली हो रही हैं, क्या करूँ?<|end|>\n<|assistant|>\n",
    "వరి ఆకులు పసుపు<|end|>\n<|assistant|>\n",
    "majani ya mahindi yana matundu<|end|>\n<|assistant|>\n",
    " spaced  out\n\n text<|end|>\n<|assistant|>\n",
    "<|end|>\n<|assistant|>\n",
]
GRAMMAR = 'root ::= "steps" (" " [1-4])+ | "card " [1-3] | "person"'


@pytest.fixture(scope="module")
def model() -> LlamaModel:
    return LlamaModel(str(tiny_model()), threads=2, context=512, halt=lambda: False)


@pytest.mark.parametrize("rest", RESTS)
def test_a_prompt_in_two_parts_is_the_prompt(model: LlamaModel, rest: str) -> None:
    parts = model.tokens(RULES, first=True) + model.tokens(rest, first=False)
    assert parts == model.tokens(RULES + rest, first=True)


def test_one_beginning_and_control_tokens(model: LlamaModel) -> None:
    tokens = model.tokens("<|user|>\nHi<|end|>\n<|assistant|>\n", first=True)
    assert tokens == [1, 32010, 6324, 32007, 32001]  # FIELD §5: <s> user end assistant
    assert model.count("<|user|>\nHi<|end|>\n<|assistant|>\n") == 4
    assert [model.ends(token) for token in (32007, 32000, 2, 32010, 6324)] == [True, True, True, True, False]


def run(model: LlamaModel, cache: PrefixCache, prefix: str, rest: str, grammar: str | None) -> tuple[str, Usage]:
    generator, usage = Generator(model, cache), Usage()
    model.cut(0)  # a generator that has nothing in mind
    text = "".join(generator.run(Request(prefix, rest, grammar, 12), usage))
    generator.keep(prefix)
    return text, usage


@pytest.mark.parametrize("grammar", [None, GRAMMAR])
def test_a_restored_prefix_answers_bit_for_bit_as_a_cold_one(model: LlamaModel, grammar: str | None) -> None:
    prefix = RULES + "".join(f"{number}. Look at plant {number} again.\n" for number in range(3, 20))
    for rest in RESTS:
        cache = PrefixCache("tiny", None, memory_bytes=1 << 24, disk_bytes=0)
        cold, first = run(model, cache, prefix, rest, grammar)
        warm, second = run(model, cache, prefix, rest, grammar)
        assert warm == cold
        assert first.cached_tokens == 0
        assert second.cached_tokens == len(model.tokens(prefix, first=True))


def test_a_saved_state_is_the_same_bytes_after_restoring(model: LlamaModel) -> None:
    model.cut(0)
    model.feed(model.tokens(RULES, first=True)[:40], 0)
    state = model.save()
    assert len(state) == model.size()
    model.cut(0)
    assert model.restore(state)
    assert model.save() == state
    assert not model.restore(state[:-100])


def test_all_that_is_said_obeys_the_grammar(model: LlamaModel) -> None:
    cache = PrefixCache("tiny", None, memory_bytes=0, disk_bytes=0)
    for number in range(12):
        text, _ = run(model, cache, RULES, f"Question {number}" + RESTS[0], GRAMMAR)
        assert re.fullmatch(r"steps( [1-4])*|card [1-3]|person", text.strip()), text


def test_where_the_grammar_leaves_no_choice_nothing_is_computed(model: LlamaModel) -> None:
    cache = PrefixCache("tiny", None, memory_bytes=0, disk_bytes=0)
    text, _ = run(model, cache, RULES, RESTS[0], 'root ::= "person" | "card 2"')
    assert text in ("person", "card 2")
    model.cut(0)
    sampler = model.sampler('root ::= "person"')
    model.feed(model.tokens(RULES, first=True)[:40], 0)
    assert sampler.forced() is None  # with or without a space before
    spelt = model.piece(sampler.next())
    while (token := sampler.forced()) is not None and not model.ends(token):
        spelt += model.piece(token)
    assert spelt.strip() == b"person"
    assert token is not None
    sampler.close()


def test_a_grammar_that_does_not_parse(model: LlamaModel) -> None:
    with pytest.raises(ValueError, match="grammar"):
        model.sampler("root ::= nothing")


def test_halting_computes_nothing_more() -> None:
    halted = LlamaModel(str(tiny_model()), threads=1, context=256, halt=lambda: True)
    assert not halted.feed(halted.tokens(RULES, first=True)[:40], 0)


def test_what_llama_cpp_cannot_compute_ends_the_process() -> None:
    small = LlamaModel(str(tiny_model()), threads=1, context=256, halt=lambda: False)
    for start in range(0, 256, 64):
        assert small.feed([400] * 64, start)
    with pytest.raises(RuntimeError, match="llama_decode: 1"):
        small.feed([400], 256)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ValueError, match="cannot load"):
        LlamaModel(str(tmp_path / "no.gguf"), threads=1, context=256, halt=lambda: False)
