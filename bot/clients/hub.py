"""Where a model's file lies: on the model hub or a mirror of it (asked by huggingface-hub), or at any plain address."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from bot.clients.models import Model
from bot.domain.errors import ConfigurationError, ProviderError

SHA256 = re.compile(r"[0-9a-f]{64}")
PATIENCE = 30.0
"""Seconds for a server's answer about a file."""


@dataclass(frozen=True, slots=True)
class Location:
    """An address to get a file from, and what its server states of it: bytes, SHA-256, version; None where nothing."""

    url: str
    size: int | None = None
    sha256: str | None = None
    version: str | None = None


def locate_on_hub(model: Model, mirror: str = "") -> Location:
    """Asks the hub, or `mirror` (https://host), for the file. Raises ProviderError and ConfigurationError.

    huggingface-hub's own download keeps nothing of a file that broke off (since 2.x), and over a line of the
    countryside 2.4 GB do break off: so it only tells where the file is, and `bot.clients.downloads` gets it.
    """
    try:
        import httpx2  # its HTTP client, whose errors come through
        from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url
    except ImportError as error:
        raise ConfigurationError("huggingface-hub is not installed: pip install 'khetdoot[model]'") from error
    endpoint = mirror.rstrip("/") or None
    url = hf_hub_url(model.repository, model.file, revision=model.revision, endpoint=endpoint)
    try:
        # No token: the files are public, and a mirror need not see one that lies on this machine.
        found = get_hf_file_metadata(url, token=False, timeout=PATIENCE, endpoint=endpoint)
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        reason = f"there is no {model.file} in {model.repository} at {model.revision}, or it wants a login"
        raise ProviderError(f"{reason}: get it by hand, then --from FILE", retryable=False) from error
    except (httpx2.HTTPError, OSError) as error:
        raise ProviderError(f"the hub does not answer ({type(error).__name__}): try again, or --mirror") from error
    etag = (found.etag or "").lower()
    return Location(url, found.size, etag if SHA256.fullmatch(etag) else None, found.commit_hash)


def locate_address(client: httpx.Client, url: str) -> Location:
    """Asks any web server for a file; what it does not state is None. Raises ProviderError and ConfigurationError."""
    try:
        answer = client.head(url, timeout=PATIENCE, follow_redirects=True, headers={"Accept-Encoding": "identity"})
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ConfigurationError("--from wants a file or an address that begins with http:// or https://") from error
    except httpx.HTTPError as error:
        raise ProviderError(f"{httpx.URL(url).host} does not answer ({type(error).__name__})") from error
    if answer.status_code in (404, 410):
        raise ProviderError(f"{answer.url.host} has no such file", retryable=False)
    if not answer.is_success:
        return Location(url)  # some servers refuse HEAD
    length = answer.headers.get("Content-Length", "")
    return Location(url, int(length) if length.isdecimal() else None, version=answer.headers.get("ETag"))
