"""The table of functions that connectors may import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]
"""Takes the call, then the function's own arguments."""

FUNCTIONS: dict[tuple[str, str], Function] = {}
"""By interface, without its version, and name."""


def offers(interface: str, *names: str) -> Callable[[Function], Function]:
    """Offers a function under the names that WIT gives it in an interface."""

    def enter(function: Function) -> Function:
        for name in names:
            FUNCTIONS[interface, name] = function
        return function

    return enter
