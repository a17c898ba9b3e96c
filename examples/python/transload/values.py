"""What the contract's values are in Python, and how they become JSON and come back.

A record is a `Record`, an enum or a case without payload is its name, a case with one is a record of one entry
(`{"other": "on hold"}`), a decimal is a `decimal.Decimal`, a list of bytes is `bytes`. Names of fields have `_` for `-`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

EXPONENT_MAX = 18
"""The most decimal places that the contract's `decimal` has."""

UNITS_MAX = 2**63 - 1
"""The contract's `units` is a signed 64-bit integer."""


class Record(dict[str, Any]):
    """A dictionary whose entries are attributes as well: `event.subject` is `event["subject"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Ok:
    """The success of a `result`."""

    value: Any = None


@dataclass(frozen=True)
class Err:
    """The failure of a `result`."""

    error: Any = None


def decimal_of(units: int, exponent: int) -> Decimal:
    """`units` × 10^-`exponent`, exactly."""
    sign, digits = (1, -units) if units < 0 else (0, units)
    return Decimal((sign, tuple(map(int, str(digits))), -exponent))


def units_of(value: Any) -> tuple[int, int]:
    """The units and the exponent of a decimal, an integer, or the text of either. A float is refused: it has lost digits
    already. Raises `TypeError` and `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise TypeError(f"an amount is a decimal.Decimal or its text, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is no amount")
    sign, digits, exponent = number.as_tuple()
    if -int(exponent) > EXPONENT_MAX or int(exponent) > EXPONENT_MAX:
        raise ValueError(f"{value} has more than {EXPONENT_MAX} decimal places, or as many zeros")
    units = int("".join(map(str, digits))) * 10 ** max(int(exponent), 0)
    if units > UNITS_MAX:
        raise ValueError(f"{value} has more digits than the contract's decimal")
    return (-units if sign else units), max(-int(exponent), 0)


def dumps(value: Any) -> str:
    """JSON. A decimal is a number with all its digits; a float is refused, since it has lost some already."""
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{dumps(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(dumps, value)) + "]"
        case Decimal():
            return format(value, "f")
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no JSON here; write numbers with a fraction as decimal.Decimal")


def loads(text: str | bytes) -> Any:
    """What JSON says, exactly: objects are records, numbers with a fraction are decimals."""
    return json.loads(text, parse_float=Decimal, object_hook=Record)
