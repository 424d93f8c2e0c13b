"""Forms that gateways post."""

from __future__ import annotations

from urllib.parse import parse_qsl

from bot.domain.errors import RefusedInput

MOST_FIELDS = 200


def form_pairs(body: bytes) -> list[tuple[str, str]]:
    """Fields in order, repeated ones too. Raises RefusedInput for what is no form."""
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RefusedInput("the body is no form") from None


def read_form(body: bytes) -> dict[str, str]:
    """Fields by name, the last of repeated ones. Raises RefusedInput."""
    return dict(form_pairs(body))
