"""Runs Transload connectors in Python: `Connector.load("connector.wasm", settings=…, grants=…)`."""

from .connector import Connector, Delivery, Receipt
from .failures import ConfigurationError, Failure, NeedsAttention, Rejected, Retry, Trapped
from .limits import Limits
from .module import Module
from .policy import Grant
from .storage import Storage
from .values import Record, dumps, loads

__all__ = [
    "ConfigurationError",
    "Connector",
    "Delivery",
    "Failure",
    "Grant",
    "Limits",
    "Module",
    "NeedsAttention",
    "Receipt",
    "Record",
    "Rejected",
    "Retry",
    "Storage",
    "Trapped",
    "dumps",
    "loads",
]
