"""Engines over OpenAI's protocol: against a stand-in that misbehaves, and for real against llama_cpp.server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bot.answering.breaker import Patience
from bot.answering.cascade import Cascade, declines, in_a_row, remote_engines
from bot.answering.engine import Engine, EngineState, Prompt
from bot.answering.gbnf import fits, pattern
from bot.answering.prompts import Gloss, build_select
from bot.answering.remote import RemoteEngine
from bot.answering.servers import Endpoint, Kind, at_most_tokens, messages
from bot.domain.errors import (
    ConfigurationError,
    EngineBusy,
    EngineCrashed,
    EngineError,
    EngineRefused,
    EngineTimeout,
    EngineUnavailable,
    PromptTooLong,
)
from bot.knowledge import Knowledge
from tests.model_server import Fault, ModelServer, model_server
from tests.phi3_model import tiny_model
from tests.servers import end, free_port

PROMPT = Prompt("<|user|>\nYou choose steps.\nCard 1: Rice\nA. Scout.\n", "Farmer asks: rice<|end|>\n<|assistant|>\n")
GRAMMAR = 'root ::= " "? (from-a | from-c | "person")\nfrom-a ::= "A" (" " (from-c))?\nfrom-c ::= "C"\n'

Start = Callable[[ModelServer], ModelServer]
Connect = Callable[..., RemoteEngine]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda model: stack.enter_context(model_server(model))


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as stack:

        def engine(server: ModelServer, path: str = "/v1", key: str = "", **options: object) -> RemoteEngine:
            endpoint = Endpoint.parse(server.url + path, "phi-3-mini", key)
            made = RemoteEngine(endpoint, greet=False, **options)  # type: ignore[arg-type]
            stack.callback(made.close)
            return made

        yield engine


def ask(engine: Engine, grammar: str | None = GRAMMAR, seconds: float = 5.0) -> str:
    return engine.complete(PROMPT, grammar=grammar, most_tokens=24, seconds=seconds).text


def test_llama_server_gets_our_prompt_and_grammar(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="llamacpp", replies=deque([" A C<|end|>\n<|user|>"])))
    engine = connect(server, key="secret")
    done = engine.complete(PROMPT, grammar=GRAMMAR, most_tokens=24, seconds=5)
    assert (done.text, done.prompt_tokens, done.cached_tokens, done.new_tokens) == ("A C", 20, 12, 3)
    (body,) = server.bodies
    assert body["prompt"] == PROMPT.prefix + PROMPT.rest
    assert (body["grammar"], body["temperature"], body["repeat_penalty"], body["max_tokens"]) == (GRAMMAR, 0, 1.0, 24)
    assert server.headers[0]["authorization"] == "Bearer secret"
    assert server.headers[0]["api-key"] == "secret"
    assert engine.count("three little words") == 3
    assert engine.state() is EngineState.READY


@pytest.mark.parametrize(
    ("version", "key"),
    [("0.12.0", "structured_outputs"), ("0.11.0rc1", "structured_outputs"), ("0.8.5", "guided_grammar")],
)
def test_vllm_gets_its_grammar_by_version(start: Start, connect: Connect, version: str, key: str) -> None:
    server = start(ModelServer(owner="vllm", version=version, model="microsoft/Phi-3-mini-4k-instruct"))
    assert ask(connect(server)) == "A C"
    assert server.bodies[0][key] == ({"grammar": GRAMMAR} if key == "structured_outputs" else GRAMMAR)
    assert server.bodies[0]["model"] == "microsoft/Phi-3-mini-4k-instruct"


def test_ollama_gets_turns_and_a_schema(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="library", replies=deque(['{"reply": "A C"}'])))
    assert ask(connect(server)) == "A C"
    body = server.bodies[0]
    (turn,) = body["messages"]
    assert turn == {"role": "user", "content": "You choose steps.\nCard 1: Rice\nA. Scout.\nFarmer asks: rice"}
    expression = body["response_format"]["json_schema"]["schema"]["properties"]["reply"]["pattern"]
    assert expression == f"^{pattern(GRAMMAR)}$"


def test_a_server_of_chats_only_that_knows_no_schema(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="azure", only_chat=True, refuses_schemas=True, lists_models=False))
    engine = connect(server, "/models?api-version=2024-05-01")
    assert ask(engine) == "A C"
    assert ask(engine) == "A C"
    asked = [path for path in server.paths if "completions" in path]
    assert (
        asked
        == ["/models/completions?api-version=2024-05-01"] + ["/models/chat/completions?api-version=2024-05-01"] * 3
    )
    assert ["response_format" in body for body in server.bodies] == [False, True, False, False]
    assert engine.count("no counter here") == at_most_tokens("no counter here")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.BUSY_LONG, EngineBusy),
        (Fault.LOADING, EngineUnavailable),
        (Fault.BROKEN, EngineCrashed),
        (Fault.HALF, EngineCrashed),
        (Fault.HANGS_UP, EngineCrashed),
        (Fault.NO_CHOICES, EngineCrashed),
        (Fault.TOO_LONG, PromptTooLong),
        (Fault.REFUSED, EngineRefused),
        (Fault.FORBIDDEN, EngineRefused),
    ],
)
def test_faults_are_typed(start: Start, connect: Connect, fault: Fault, error: type[EngineError]) -> None:
    server = start(ModelServer(owner="llamacpp", faults=deque([fault])))
    engine = connect(server)
    with pytest.raises(error) as failed:
        ask(engine)
    assert type(failed.value) is error
    assert ask(engine) == "A C"


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.SILENT])
def test_the_deadline_holds(start: Start, connect: Connect, fault: Fault) -> None:
    engine = connect(start(ModelServer(owner="llamacpp", faults=deque([fault]))))
    began = time.monotonic()
    with pytest.raises(EngineTimeout):
        ask(engine, seconds=0.4)
    assert time.monotonic() - began < 4  # the stand-in would go on for 5 and 10


def test_waits_as_asked_while_there_is_time(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="llamacpp", faults=deque([Fault.BUSY, Fault.BUSY])))
    pauses: list[float] = []
    assert ask(connect(server, sleep=pauses.append)) == "A C"
    assert pauses == [0.1, 0.1]


def test_a_server_that_fails_is_left_alone_for_a_while(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="llamacpp", always=Fault.BROKEN))
    now = [0.0]
    engine = connect(server, clock=lambda: now[0], patience=Patience(failures=3, rest=60))
    for _ in range(3):
        with pytest.raises(EngineCrashed):
            ask(engine)
    assert engine.state() is EngineState.OPEN
    with pytest.raises(EngineUnavailable):
        ask(engine)
    assert len(server.bodies) == 3
    now[0], server.always = 61.0, None
    assert engine.state() is EngineState.RESTARTING
    assert ask(engine) == "A C"
    assert engine.state() is EngineState.READY


def test_one_that_hangs_costs_few_turns_their_time(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="llamacpp", always=Fault.SILENT))
    engine = connect(server, patience=Patience(failures=2, rest=60))
    for _ in range(2):
        with pytest.raises(EngineTimeout):
            ask(engine, seconds=0.2)
    with pytest.raises(EngineUnavailable):
        ask(engine, seconds=60)


def test_nobody_there(connect: Connect) -> None:
    engine = connect(ModelServer(url=f"http://127.0.0.1:{free_port()}"))
    assert engine.state() is EngineState.STARTING
    with pytest.raises(EngineUnavailable):
        ask(engine)
    engine.close()
    assert engine.state() is EngineState.CLOSED
    with pytest.raises(EngineUnavailable):
        ask(engine)


def test_streams(start: Start, connect: Connect) -> None:
    engine = connect(start(ModelServer(owner="llamacpp", replies=deque(["Scout the field"]))))
    pieces = engine.stream(PROMPT, most_tokens=20, seconds=5)
    assert next(pieces) == "Scout "
    assert "".join(pieces) == "the field "
    chat = connect(start(ModelServer(owner="library", replies=deque(["Scout the field"]))))
    assert "".join(chat.stream(PROMPT, most_tokens=20, seconds=5)) == "Scout the field "


def test_too_long_prompts_are_not_sent(start: Start, connect: Connect) -> None:
    server = start(ModelServer(owner="llamacpp"))
    engine = connect(server, usable=100)
    with pytest.raises(PromptTooLong):
        engine.complete(Prompt("<|user|>\n" + "rice " * 90, PROMPT.rest), most_tokens=24, seconds=5)
    assert server.bodies == []


def test_the_bigger_one_gets_what_the_small_one_declines(start: Start, connect: Connect) -> None:
    small = start(ModelServer(owner="llamacpp", replies=deque(["person", "A B", "A"])))
    big = start(ModelServer(owner="llamacpp", replies=deque(["C"])))
    cascade = Cascade([connect(small), connect(big)])
    assert [ask(cascade) for _ in range(3)] == ["C", "C", "A"]
    assert len(big.bodies) == 2
    big.replies = deque(["person"])
    small.replies = deque(["person"])
    assert ask(cascade) == "person"
    assert ask(cascade, grammar=None) == "person"
    assert len(big.bodies) == 3


def test_the_next_one_takes_over_from_one_that_fails(start: Start, connect: Connect) -> None:
    small = start(ModelServer(owner="llamacpp", always=Fault.SILENT))
    big = start(ModelServer(owner="llamacpp", replies=deque(["C"])))
    gone = connect(ModelServer(url=f"http://127.0.0.1:{free_port()}"))
    cascade = Cascade([gone, connect(small), connect(big)])
    assert ask(cascade, seconds=2) == "C"
    assert cascade.count("three little words") == 3
    assert cascade.state() is EngineState.READY
    assert "".join(Cascade([gone, connect(big)]).stream(PROMPT, most_tokens=20, seconds=2)) == "C "
    big.always = Fault.BROKEN
    with pytest.raises(EngineCrashed):
        ask(cascade, seconds=1)
    cascade.warm([PROMPT.prefix])
    cascade.close()
    assert cascade.state() is EngineState.CLOSED


def test_what_the_settings_say(start: Start) -> None:
    assert in_a_row(remote_engines([], [], "phi-3-mini-4k")) is None
    server = start(ModelServer(owner="llamacpp"))
    one = in_a_row(remote_engines([server.url], ["key"], "phi-3-mini-4k"))
    assert isinstance(one, RemoteEngine)
    assert (one.name, one.endpoint.key) == ("phi-3-mini-4k", "key")
    while one.state() is EngineState.STARTING:  # it introduces itself
        time.sleep(0.01)
    assert one.state() is EngineState.READY
    one.close()
    two = in_a_row(remote_engines([f"{server.url}/v1", f"{server.url}/v1#phi3:medium"], ["a", "b"], "phi-3-mini-4k"))
    assert isinstance(two, Cascade)
    assert [(engine.name, engine.endpoint.key) for engine in two.engines if isinstance(engine, RemoteEngine)] == [
        ("phi-3-mini-4k", "a"), ("phi3:medium", "b"),
    ]  # fmt: skip
    assert len(set(two.fingerprint.split("+"))) == 2
    two.close()
    for wrong in ("box:8080", "ftp://box", "http://"):
        with pytest.raises(ConfigurationError, match="MODEL_URL"):
            remote_engines([wrong], [], "phi")


def test_grammars_as_expressions() -> None:
    assert all(fits(GRAMMAR, said) for said in ("A", "C", "A C", " A C", "person"))
    assert not any(fits(GRAMMAR, said) for said in ("", "C A", "A B", "A C.", "  A", "Person"))
    assert pattern('root ::= "(" root ")" | ""') is None
    assert pattern("root ::= missing") is None
    assert fits("root ::= missing", "anything")
    assert fits('root ::= [a-c]{2,3} "\\n"*', "abc\n\n")
    assert declines(GRAMMAR, "person")
    assert not declines(GRAMMAR, "A C")


def test_prompts_as_turns() -> None:
    text = "<|system|>\nRules<|end|>\n<|user|>\nHello\nyou<|end|>\n<|assistant|>\n"
    assert messages(text) == [{"role": "system", "content": "Rules"}, {"role": "user", "content": "Hello\nyou"}]


@pytest.fixture(scope="module")
def llama_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real llama_cpp.server on a tiny model."""
    pytest.importorskip("llama_cpp.server.app")
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log"
    options = ["--model", str(tiny_model()), "--n_ctx", "1024", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *options], stdout=output, stderr=output)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def real(llama_python: str) -> Iterator[RemoteEngine]:
    engine = RemoteEngine(Endpoint.parse(llama_python, "phi-3-mini-4k"), greet=False)
    yield engine
    engine.close()


@pytest.mark.model
def test_a_real_server_keeps_to_the_grammar(real: RemoteEngine) -> None:
    done = real.complete(PROMPT, grammar=GRAMMAR, most_tokens=24, seconds=30)
    assert fits(GRAMMAR, done.text)
    assert done.prompt_tokens == real.count(PROMPT.prefix + PROMPT.rest) + 1  # <s>
    assert real.found
    assert real.found.kind is Kind.LLAMA_PYTHON
    assert real.complete(PROMPT, grammar=GRAMMAR, most_tokens=24, seconds=30).text == done.text
    long = Prompt(PROMPT.prefix + "rice " * 1500, PROMPT.rest)
    with pytest.raises(EngineError):
        real.complete(long, most_tokens=24, seconds=30)
    assert ask(real, seconds=30) == done.text


@pytest.mark.model
def test_a_real_server_streams_what_it_completes(real: RemoteEngine) -> None:
    whole = real.complete(PROMPT, most_tokens=12, seconds=30).text
    assert "".join(real.stream(PROMPT, most_tokens=12, seconds=30)).strip() == whole


@pytest.mark.model
def test_the_estimate_is_above_the_tokenizer(real: RemoteEngine, knowledge: Knowledge) -> None:
    for card in list(knowledge.cards.values())[::9]:
        texts = [words.sms for words in card.texts.values()]
        prompt = build_select(card, Gloss(crops=("rice",), words="what to do"))
        for text in [*texts, prompt.prefix + prompt.rest]:
            assert at_most_tokens(text) >= real.count(text), text
