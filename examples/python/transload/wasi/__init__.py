"""What a connector imports, in Python: WASI 0.2 as far as connectors use it, and the contract's own interfaces.

A function that is not offered here is linked all the same, and ends the call if it is used: toolchains of some languages
import files and sockets that their connectors never touch.
"""

from . import ambient, contract, http, io
from .offered import FUNCTIONS

__all__ = ["FUNCTIONS", "ambient", "contract", "http", "io"]
