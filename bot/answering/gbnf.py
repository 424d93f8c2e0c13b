"""Our grammars (GBNF without recursion) as regular expressions: for servers that know no GBNF, and to check replies."""

from __future__ import annotations

import json
import re
from functools import lru_cache

RULE = re.compile(r"^\s*([\w-]+)\s*::=\s*(.*)$", re.MULTILINE)
PART = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|[()|*+?]|\{\d+(?:,\d*)?\}|\s+|.')
MOST_LETTERS = 20_000
"""A longer expression comes of rules that name each other many times over."""


@lru_cache(maxsize=256)
def pattern(grammar: str) -> str | None:
    """The expression that matches what `root` matches; None for a grammar that has none (recursive, or not of ours)."""
    rules = dict(RULE.findall(grammar))
    done: dict[str, str | None] = {}

    def expand(name: str) -> str | None:
        if name not in done:
            done[name] = None  # a rule that comes back to itself finds this
            parts = [translate(part) for part in PART.findall(rules.get(name, "\0"))]
            done[name] = None if None in parts else "(?:" + "".join(map(str, parts)) + ")"
        return done[name]

    def translate(part: str) -> str | None:
        if part.isspace():
            return ""
        if part.startswith('"'):
            return re.escape(str(json.loads(part)))
        if part[0] in "[()|*+?{":
            return part
        return expand(part) if part in rules else None

    found = expand("root")
    return found if found and len(found) <= MOST_LETTERS else None


def fits(grammar: str, text: str) -> bool:
    """Whether a reply is one that the grammar lets pass; a grammar without an expression lets all pass."""
    expression = pattern(grammar)
    return expression is None or re.fullmatch(expression, text) is not None
