"""Why a call did not succeed, as exceptions."""

from __future__ import annotations


class Failure(Exception):
    """A call of a connector that did not succeed. Nothing that it wrote to its store has become lasting."""


class Retry(Failure):
    """It may succeed later. `after_ms` is how long to wait at least, in milliseconds; none leaves it to the platform."""

    def __init__(self, reason: str, after_ms: int | None = None) -> None:
        super().__init__(reason)
        self.after_ms = after_ms


class Rejected(Failure):
    """It can never succeed: what was handed in is wrong."""


class NeedsAttention(Failure):
    """A person must act first. Where a call was denied, the text names the line of the configuration."""


class Trapped(Retry):
    """The connector broke, or went beyond a limit. A bug of its own; the platform tries again a few times."""


class ConfigurationError(Exception):
    """What the platform's configuration says does not fit the connector."""
