"""The errors that cross a layer.

KhetdootError
├── ConfigurationError      the operator must change something; a retry does not help
├── DataError               a file of locales/ or knowledge/ cannot be used
├── RefusedInput            bad input at a door: answered with `status`, nothing recorded
├── StorageError            database or Redis did not do it, nothing was written; `retryable` says whether a retry helps
│   └── LostClaim           another worker has taken over the message meanwhile
├── ProviderError           a data service (forecast, place search, prices) gave no usable answer; see `retry_after`
├── EngineError             the model gave no answer: the card answers; `retryable` says whether a later call may work
│   ├── EngineBusy          too many wait already
│   ├── EngineTimeout       not done within the deadline
│   ├── EngineCrashed       the model's process or server died under way
│   ├── EngineUnavailable   it is not loaded, or failed so often that it is left alone for a while
│   └── EngineRefused       the request itself cannot be done: a retry does not help
│       └── PromptTooLong   prompt and answer do not fit the context; never truncated
└── SendError               a message was not taken; `retryable` says whether a retry helps
    ├── ContactBlocked      the contact blocked or left the channel: stop writing to her
    └── Throttled           the gateway asks to wait `retry_after` seconds
"""

from __future__ import annotations


class KhetdootError(Exception):
    """Base of all errors of this program. `retryable` says whether the same call may succeed later."""

    retryable = False


class ConfigurationError(KhetdootError):
    """Settings that cannot work; the message names the setting."""


class DataError(KhetdootError):
    """A data file is missing or malformed; the message has `path:line`."""


class RefusedInput(KhetdootError):
    """Input that a door does not take. `status` is the HTTP status to answer with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class StorageError(KhetdootError):
    """Database or Redis failed and nothing was written. The message names no parameter, so it may be logged."""

    def __init__(self, reason: str, *, retryable: bool = True) -> None:
        super().__init__(reason)
        self.retryable = retryable


class LostClaim(StorageError):
    """The lease had run out and another worker took the message (or it was erased): drop this work."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retryable=False)


class ProviderError(KhetdootError):
    """A data service is down, slow, refuses or talks nonsense. `retry_after` in seconds, where it asks for a pause."""

    def __init__(self, reason: str, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after = retry_after


class EngineError(KhetdootError):
    """The model gave no answer. Messages name no text of a prompt, so they may be logged."""

    retryable = True


class EngineBusy(EngineError):
    """As many calls as may wait do wait already."""


class EngineTimeout(EngineError):
    """The deadline passed before the answer was whole; what was under way is cancelled."""


class EngineCrashed(EngineError):
    """The model's process or server died while it worked on this call."""


class EngineUnavailable(EngineError):
    """Not loaded, closed, or left alone for a while after repeated failures."""


class EngineRefused(EngineError):
    """The request cannot be done, such as a grammar that does not parse."""

    retryable = False


class PromptTooLong(EngineRefused):
    """Prompt and answer together do not fit into the context."""


class SendError(KhetdootError):
    """The gateway did not take the message. `uncertain` when it may have taken it (a time-out after sending)."""

    def __init__(self, reason: str, *, retryable: bool, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.retryable = retryable
        self.uncertain = uncertain


class ContactBlocked(SendError):
    """The contact cannot be written to any more (blocked the bot, replied STOP at the gateway, left)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retryable=False)


class Throttled(SendError):
    """The gateway wants a pause. `retry_after` in seconds, for this address only unless `whole_channel`."""

    def __init__(self, reason: str, retry_after: float, *, whole_channel: bool = False) -> None:
        super().__init__(reason, retryable=True)
        self.retry_after = retry_after
        self.whole_channel = whole_channel
