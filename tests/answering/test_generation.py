"""How a prompt is filled in and an answer read, with a model that only keeps books."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.generation import Generator, Interrupted, Request, Sampler, Text, TooLong, Usage
from bot.answering.prefix_cache import PrefixCache

END = 0


class BookKeeper:
    """A model whose tokens are characters. `fed` has each chunk computed; `answer` is what it says."""

    def __init__(self, answer: str = "yes", context: int = 100) -> None:
        self.first, self.chunk = 2, 4
        self.context = context
        self.answer = answer
        self.mind: list[int] = []
        self.fed: list[str] = []
        self.patience = 1000
        self.refuses = False

    def halted(self) -> bool:
        return self.patience < 0

    def tokens(self, text: str, *, first: bool) -> list[int]:
        return [ord(letter) for letter in ("^" if first else "") + text]

    def feed(self, tokens: Sequence[int], position: int) -> bool:
        assert position == len(self.mind), "fed at the wrong place"
        assert len(tokens) <= self.chunk
        self.patience -= 1
        if self.patience < 0:
            return False
        self.mind += tokens
        self.fed.append("".join(map(chr, tokens)))
        return True

    def cut(self, position: int) -> None:
        del self.mind[position:]

    def size(self) -> int:
        return len(self.mind)

    def save(self) -> bytearray:
        return bytearray(self.mind)

    def restore(self, data: bytearray) -> bool:
        self.mind = [] if self.refuses else list(data)
        return not self.refuses

    def sampler(self, grammar: str | None) -> Sampler:
        if grammar == "bad":
            raise ValueError("grammar")
        return Forced(self.answer) if grammar == "forced" else Reader(self.answer)

    def piece(self, token: int) -> bytes:
        return bytes([token])

    def ends(self, token: int) -> bool:
        return token == END


class Reader:
    """Says a text byte by byte."""

    def __init__(self, text: str) -> None:
        self.bytes = iter(text.encode())

    def next(self) -> int:
        return next(self.bytes, END)

    def forced(self) -> int | None:
        return None

    def close(self) -> None:
        self.bytes = iter(b"")


class Forced(Reader):
    """After the first letter nothing else can come."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.chosen = False

    def next(self) -> int:
        self.chosen = True
        return super().next()

    def forced(self) -> int | None:
        return super().next() if self.chosen else None


def generator(model: BookKeeper, memory: int = 1000, folder: Path | None = None) -> Generator:
    return Generator(model, PrefixCache("m", folder, memory_bytes=memory, disk_bytes=1000))


def ask(of: Generator, prefix: str = "rules+card1", rest: str = "?", most: int = 10) -> tuple[str, Usage]:
    usage = Usage()
    text = "".join(of.run(Request(prefix, rest, None, most, ("<|end|>",)), usage))
    of.keep(prefix)
    return text, usage


def test_a_cold_prompt_is_computed_in_chunks_and_a_warm_one_is_not() -> None:
    model = BookKeeper()
    thinking = generator(model)
    assert ask(thinking) == ("yes", Usage(13, 0, 4))
    assert model.fed == ["^r", "ules", "+car", "d1", "?", "y", "e", "s"]
    model.fed.clear()
    assert ask(thinking) == ("yes", Usage(13, 12, 4))
    assert model.fed == ["?", "y", "e", "s"]


def test_the_last_token_is_not_computed_for_nothing() -> None:
    model = BookKeeper()
    assert ask(generator(model), most=2) == ("ye", Usage(13, 0, 2))
    assert model.fed[-2:] == ["?", "y"]


def test_what_is_forced_is_not_computed() -> None:
    model, usage = BookKeeper(), Usage()
    assert "".join(generator(model).run(Request("rules", "?", "forced", 10), usage)) == "yes"
    assert usage == Usage(7, 0, 4)
    assert model.fed == ["^r", "ules", "?"]


def test_interrupted_where_nothing_is_computed() -> None:
    class Late(BookKeeper):
        def halted(self) -> bool:
            return len(self.mind) == 7  # all of the prompt was read

    with pytest.raises(Interrupted):
        list(generator(Late()).run(Request("rules", "?", "forced", 10), Usage()))


def test_another_card_shares_whole_chunks_of_the_rules() -> None:
    model = BookKeeper()
    thinking = generator(model)
    ask(thinking)
    model.fed.clear()
    assert ask(thinking, "rules+kart2")[1].cached_tokens == 6  # "^rules"; "+car" and "+kar" differ
    assert model.fed[:2] == ["+kar", "t2"]
    model.fed.clear()
    assert ask(thinking, "rules+kart2 and more")[1].cached_tokens == 10
    assert model.fed[:2] == ["t2 a", "nd m"]
    model.fed.clear()
    assert ask(thinking, "ru")[1].cached_tokens == 2
    assert model.fed[:2] == ["u", "?"]


def test_a_prefix_asked_before_is_restored() -> None:
    model = BookKeeper()
    thinking = generator(model)
    ask(thinking)
    ask(thinking, "other")
    model.fed.clear()
    assert ask(thinking)[1].cached_tokens == 12
    assert model.fed == ["?", "y", "e", "s"]


def test_a_state_that_is_not_taken_is_computed_again_and_replaced() -> None:
    model = BookKeeper()
    thinking = generator(model)
    ask(thinking)
    ask(thinking, "other")
    model.refuses = True
    assert ask(thinking) == ("yes", Usage(13, 0, 4))
    model.refuses = False
    ask(thinking, "other")
    assert ask(thinking)[1].cached_tokens == 12


def test_what_an_interrupted_call_computed_is_kept() -> None:
    model = BookKeeper()
    thinking = generator(model)
    model.patience = 3
    with pytest.raises(Interrupted):
        ask(thinking)
    thinking.keep("rules+card1")
    model.patience = 1000
    ask(thinking, "other")
    model.fed.clear()
    assert ask(thinking) == ("yes", Usage(13, 10, 4))
    assert model.fed[0] == "d1"


def test_interrupted_while_it_speaks() -> None:
    model = BookKeeper()
    thinking = generator(model)
    model.patience = 6
    with pytest.raises(Interrupted):
        ask(thinking)
    thinking.keep("rules+card1")
    model.patience = 1000
    assert ask(thinking) == ("yes", Usage(13, 12, 4))


def test_warming_computes_once() -> None:
    model = BookKeeper()
    thinking = generator(model)
    thinking.warm("rules+card1")
    thinking.warm("rules+card1")
    assert model.fed == ["^r", "ules", "+car", "d1"]
    assert ask(thinking)[1].cached_tokens == 12


def test_warming_goes_on_where_it_was_interrupted() -> None:
    model = BookKeeper()
    thinking = generator(model)
    model.patience = 3
    with pytest.raises(Interrupted):
        thinking.warm("rules+card1")
    thinking.keep("rules+card1")
    model.patience = 1000
    thinking.warm("rules+card1")
    assert model.fed == ["^r", "ules", "+car", "d1"]


def test_what_does_not_fit_is_refused_and_never_cut() -> None:
    model = BookKeeper(context=15)
    with pytest.raises(TooLong, match=r"13 \+ 3 tokens, 15 fit"):
        ask(generator(model), most=3)
    assert ask(generator(model), most=2)[0] == "ye"
    with pytest.raises(TooLong):
        generator(model).warm("x" * 14)


def test_a_bad_grammar_computes_nothing() -> None:
    model = BookKeeper()
    with pytest.raises(ValueError, match="grammar"):
        list(generator(model).run(Request("rules", "?", "bad"), Usage()))
    assert model.fed == []


@given(st.text(alphabet="ab<|end|>ü है ", max_size=30), st.lists(st.integers(1, 5), max_size=40))
def test_text_stops_before_the_stop_however_it_is_cut(said: str, cuts: list[int]) -> None:
    text, shown, raw, at = Text(("<|end|>", "ba")), "", said.encode(), 0
    for size in [*cuts, *[1] * len(raw)]:
        if at < len(raw) and not text.stopped:
            shown += text.add(raw[at : at + size])
            at += size
    shown += text.rest()
    whole = said.lstrip()
    stops = [place for word in ("<|end|>", "ba") if (place := whole.find(word)) >= 0]
    assert shown == whole[: min(stops, default=len(whole))]


def test_half_a_letter_at_the_end_is_no_error() -> None:
    text = Text(())
    assert text.add("ह".encode()[:2]) == ""
    assert text.rest() == "�"
