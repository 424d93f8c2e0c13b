"""The end-to-end tests again, with a model of this machine and with one on a llama_cpp.server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.answering.test_remote import llama_python
from tests.integration.conftest import Backend
from tests.integration.test_end_to_end import (
    SECRET,
    TOKEN,
    Chat,
    test_bad_input_is_refused_or_answered_and_never_logged,
    test_four_languages_get_the_same_card_each_in_its_own,
    test_health,
)
from tests.phi3_model import tiny_model
from tests.processes import free_port, running

__all__ = [
    "llama_python",
    "test_bad_input_is_refused_or_answered_and_never_logged",
    "test_four_languages_get_the_same_card_each_in_its_own",
    "test_health",
]
pytestmark = [pytest.mark.integration, pytest.mark.model]


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """The embedded one: databases have nothing to do with models."""
    return Backend("embedded", {}, f"sqlite:///{tmp_path / 'khetdoot.db'}")


@pytest.fixture(params=["own model", "model server"])
def model(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a box with a model."""
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed: no model")
    if request.param == "own model":
        return {"model_path": str(tiny_model())}
    return {"model_url": request.getfixturevalue("llama_python")}


@pytest.fixture
def box(tmp_path: Path, model: dict[str, str]) -> Iterator[httpx.Client]:
    port = free_port()
    settings = {"telegram_token": TOKEN, "telegram_webhook_secret": SECRET, "model_seconds": "20", **model}
    settings |= {"telegram_api_url": "http://127.0.0.1:9", "public_url": "https://khetdoot.example"}
    with running(tmp_path, port, **settings), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


def test_the_model_chooses_and_the_second_time_the_cache_answers(box: httpx.Client) -> None:
    question = "stem borer on the leaves of my rice in the nursery, what to do"
    first = Chat(box, "farmer-with-number-1").say(question)
    assert "Stem borer in rice" in first
    assert Chat(box, "farmer-with-number-2").say(question) == first
    counted = re.findall(r'khetdoot_model_answers_total\{outcome="(\w+)"\} (\S+)', box.get("/metrics").text)
    assert dict(counted) == {"selected": "1.0", "cache": "1.0"}
    assert box.get("/readyz").json()["parts"]["model"].endswith(": ready")
