"""Which engine the settings make: none, one of this machine, one or several elsewhere."""

from __future__ import annotations

from collections import deque

import pytest

from bot.answering.cascade import Cascade
from bot.answering.engine import Engine, Prompt
from bot.answering.process import ProcessEngine
from bot.answering.remote import RemoteEngine
from bot.domain.errors import ConfigurationError
from bot.engines import build_engine
from bot.settings import read_settings
from tests.model_server import ModelServer, model_server
from tests.phi3_model import tiny_model

PROMPT = Prompt("<|user|>\nRules\n", "rice<|end|>\n<|assistant|>\n")


def built(**settings: object) -> Engine:
    engine = build_engine(read_settings(**settings))
    assert engine is not None
    return engine


def test_no_model() -> None:
    assert build_engine(read_settings()) is None


def test_servers_by_their_settings() -> None:
    engine = built(model_url="http://127.0.0.1:9", model_key="k", model_name="phi3:mini")
    assert isinstance(engine, RemoteEngine)
    assert (engine.name, engine.endpoint.key, engine.usable) == ("phi3:mini", "k", 2047)
    engine.close()
    engine = built(model_url="http://127.0.0.1:9", model_name="phi-3.5-mini")
    assert isinstance(engine, RemoteEngine)
    assert engine.usable == 4096
    engine.close()
    with pytest.raises(ConfigurationError, match="MODEL_URL"):
        built(model_url="127.0.0.1:9")


@pytest.mark.model
def test_this_machines_first_and_a_server_for_what_it_declines() -> None:
    pytest.importorskip("llama_cpp")
    with model_server(ModelServer(owner="llamacpp", replies=deque(["A"]))) as server:
        engine = built(model_path=str(tiny_model()), model_url=f"{server.url}#phi-3-medium")
        assert isinstance(engine, Cascade)
        try:
            here, elsewhere = engine.engines
            assert isinstance(here, ProcessEngine)
            assert elsewhere.name == "phi-3-medium"
            # A grammar that leaves the small one no other choice than to decline.
            said = engine.complete(PROMPT, grammar='root ::= "person"\n', most_tokens=8, seconds=60)
            assert len(server.bodies) == 1
            assert said.text == "person"  # of two that decline the one within the grammar
        finally:
            engine.close()
