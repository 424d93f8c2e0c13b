"""The kinds of model servers that speak OpenAI's protocol, and how each wants prompts, grammars and tokens counted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from bot.answering.engine import Prompt
from bot.answering.gbnf import pattern
from bot.domain.errors import ConfigurationError

Json = dict[str, Any]
CHAT, TEXT = "/chat/completions", "/completions"
TURN = re.compile(r"<\|(system|user|assistant)\|>\n?(.*?)(?:<\|end\|>\n?|(?=<\|)|\Z)", re.DOTALL)
CONTROL = re.compile(r"<\|[a-z]+\|>")
PIECES = re.compile(r"[A-Za-z]+|[\x00-\x7f]|[^\x00-\x7f]+")
REPLY = "reply"
"""The key of a reply that must come as JSON."""


class Kind(StrEnum):
    """What runs at an address."""

    LLAMA_SERVER = "llama-server"
    LLAMA_PYTHON = "llama_cpp.server"
    VLLM = "vllm"
    OLLAMA = "ollama"
    OTHER = "other"


OWNERS = {"llamacpp": Kind.LLAMA_SERVER, "me": Kind.LLAMA_PYTHON, "vllm": Kind.VLLM, "library": Kind.OLLAMA}
"""`owned_by` in the list of models."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with the model's name there and a key. `api` is what /models and the like are put after."""

    api: httpx.URL
    model: str
    key: str = ""
    chat_only: bool = False

    @classmethod
    def parse(cls, address: str, name: str, key: str = "") -> Endpoint:
        """`http://box:8080/v1#phi3:medium`, `https://.../chat/completions`. Raises ConfigurationError."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"KHETDOOT_MODEL_URL: {address!r}: {error}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigurationError(f"KHETDOOT_MODEL_URL: {address!r} does not begin with http:// or https://")
        path = url.path.rstrip("/")
        chat = path.endswith(CHAT) or url.host.endswith(".azure.com")  # Azure has no other
        path = path.removesuffix(CHAT).removesuffix(TEXT) or "/v1"
        return cls(url.copy_with(path=path, fragment=None), url.fragment or name, key, chat)

    def url(self, path: str) -> httpx.URL:
        """A place below the interface, `/models`."""
        return self.api.copy_with(path=self.api.path.rstrip("/") + path)

    def beside(self, path: str) -> httpx.URL:
        """A place beside the interface, `/tokenize`."""
        return self.api.copy_with(path=self.api.path.rstrip("/").removesuffix("/v1") + path)

    @property
    def headers(self) -> dict[str, str]:
        """The key in both ways that are used (Azure: `api-key`)."""
        return {"Authorization": f"Bearer {self.key}", "api-key": self.key} if self.key else {}


@dataclass(frozen=True, slots=True)
class Server:
    """What was found at an endpoint. `old` is a vLLM before 0.11, `free` one that was seen to refuse constraints."""

    kind: Kind
    model: str
    chat: bool
    weights: str = ""
    old: bool = False
    free: bool = False

    @property
    def path(self) -> str:
        """Where completions are asked for."""
        return CHAT if self.chat else TEXT

    def body(self, prompt: Prompt, grammar: str | None, most_tokens: int, stop: tuple[str, ...], stream: bool) -> Json:
        """A request, greedy."""
        text = prompt.prefix + prompt.rest
        asked: Json = {"messages": messages(text)} if self.chat else {"prompt": text}
        body = asked | {"model": self.model, "max_tokens": most_tokens, "temperature": 0, "stop": list(stop)[:4]}
        if self.kind in (Kind.LLAMA_SERVER, Kind.LLAMA_PYTHON):
            # Their defaults punish repetition (llama_cpp.server: 1.1), which is not greedy.
            body |= {"repeat_penalty": 1.0, "cache_prompt": True}
        if stream:
            body["stream"] = True
        return body | (self.constraint(grammar) if grammar and not self.free else {})

    def constraint(self, grammar: str) -> Json:
        """How this server is held to a grammar; empty where it cannot be."""
        if self.kind in (Kind.LLAMA_SERVER, Kind.LLAMA_PYTHON):
            return {"grammar": grammar}
        if self.kind is Kind.VLLM:
            return {"guided_grammar": grammar} if self.old else {"structured_outputs": {"grammar": grammar}}
        expression = pattern(grammar) if self.chat else None
        if expression is None:
            return {}
        schema = {
            "type": "object",
            "properties": {REPLY: {"type": "string", "pattern": f"^{expression}$"}},
            "required": [REPLY],
            "additionalProperties": False,
        }
        return {"response_format": {"type": "json_schema", "json_schema": {"name": REPLY, "schema": schema}}}

    def text(self, choice: Mapping[str, Any], *, piece: bool = False) -> str:
        """The text of a whole choice or a streamed piece. Raises KeyError and TypeError."""
        if self.chat:
            return str((choice["delta"] if piece else choice["message"]).get("content") or "")
        return str(choice["text"])

    def count_request(self, endpoint: Endpoint, text: str) -> tuple[httpx.URL, Json] | None:
        """Where and how this server counts tokens; None where it does not."""
        match self.kind:
            case Kind.LLAMA_SERVER:
                return endpoint.beside("/tokenize"), {"content": text, "add_special": False, "parse_special": True}
            case Kind.LLAMA_PYTHON:
                return endpoint.beside("/extras/tokenize/count"), {"input": text}
            case Kind.VLLM:
                body = {"model": self.model, "prompt": text, "add_special_tokens": False}
                return endpoint.beside("/tokenize"), body
            case _:
                return None

    def counted(self, answer: Mapping[str, Any]) -> int:
        """Tokens without `<s>`. Raises KeyError and TypeError."""
        if self.kind is Kind.LLAMA_SERVER:
            return len(answer["tokens"])
        return int(answer["count"]) - (1 if self.kind is Kind.LLAMA_PYTHON else 0)


def server_of(endpoint: Endpoint, models: Mapping[str, Any], version: str = "") -> Server:
    """What the list of models tells. A server of one model serves it under whatever name."""
    listed = [entry for entry in models.get("data") or [] if isinstance(entry, dict)]
    named = [entry for entry in listed if entry.get("id") == endpoint.model] or (listed if len(listed) == 1 else [])
    entry: Mapping[str, Any] = named[0] if named else {}
    kind = OWNERS.get(str(entry.get("owned_by") or (listed[0].get("owned_by") if listed else "")), Kind.OTHER)
    return Server(
        kind,
        str(entry.get("id") or endpoint.model),
        # Ollama puts its own template around a plain prompt; ours would stand within it.
        endpoint.chat_only or kind is Kind.OLLAMA,
        json.dumps([entry.get("meta"), entry.get("root"), entry.get("max_model_len")], sort_keys=True),
        old=kind is Kind.VLLM and version_of(version) < (0, 11),
    )


def version_of(text: str) -> tuple[int, ...]:
    """`0.12.0rc1` as numbers; one that cannot be read counts as new."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2]) or (99,)


def messages(text: str) -> list[Json]:
    """Our prompt as turns, for servers that put the control tokens in themselves."""
    turns = [{"role": role, "content": content.strip("\n")} for role, content in TURN.findall(text)]
    return [turn for turn in turns if turn["content"]]


def reply_of(text: str) -> str:
    """What stands in the JSON that a schema forced; a reply that is none as it is."""
    try:
        return str(json.loads(text)[REPLY])
    except (ValueError, KeyError, TypeError):
        return text


def at_most_tokens(text: str) -> int:
    """Tokens that a text will hardly exceed in Phi-3's tokenizer: half the letters of a Latin word, each other ASCII
    sign, each byte of other scripts (which it spells in bytes).

    Never below the true number in 27,071 texts of our cards in all languages and letters; only letters thrown together
    (passwords, say) may have more.
    """
    bare = CONTROL.sub("", text)
    found = len(CONTROL.findall(text)) + 2
    for piece in PIECES.findall(bare):
        found += (len(piece) + 1) // 2 if piece.isascii() else len(piece.encode())
    return found
