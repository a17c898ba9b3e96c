"""Proving where a webhook came from, over its raw body.

The first listed signature whose header is present decides alone: falling back to a weaker one would let a sender pick it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from email.message import Message
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from .failures import ConfigurationError
from .values import Record

TOLERANCE_SECONDS = 300
"""How far a Standard Webhooks timestamp may be from our clock; the specification's libraries use five minutes."""

RSA_BITS_MIN = 2048
"""NIST SP 800-131A disallows shorter keys."""

PRIVATE_HEADERS = ("authorization", "cookie", "proxy-authorization")


class Refused(Exception):
    """A webhook that nobody proves to have sent. The text is for the operator, not for the sender."""


class Verifier:
    """How one API's webhooks are verified."""

    def __init__(self, webhook: Record, configured: dict[str, Any], table: str) -> None:
        """`webhook` is the manifest's, `configured` what the operator says beside it under `table`: `signatures`, `public_keys`,
        `secrets`. Raises `ConfigurationError`."""
        self._table = table
        signatures = configured.get("signatures") or webhook.signatures
        self._checks = [_kind_and_header(signature) for signature in signatures]
        keys = configured.get("public_keys") or webhook.public_keys
        self._keys = [_key(pem, number, table) for number, pem in enumerate(keys, 1)]
        self._secrets: list[str] = list(configured.get("secrets", []))
        if not all(self._secrets):
            raise ConfigurationError(f"{table}.secrets: an empty secret would let anyone sign")

    def verify(self, headers: Message, body: bytes) -> None:
        """Raises `Refused` unless the webhook comes from whom it says it does."""
        present = [check for check in self._checks if check[1] in headers]
        if not present:
            names = ", ".join(header for _, header in self._checks)
            raise Refused(f"it is not signed: none of the headers {names} is present")
        kind, header = present[0]
        values = headers.get_all(header, [])
        if len(values) != 1:
            raise Refused(f"its {header} occurs more than once")
        check, material, key = self._check(kind)
        if not material:
            raise Refused(f"its {header} cannot be checked: set {self._table}.{key}")
        try:
            # All are tried, so that the time taken does not tell which of them came close.
            passed = [check(it, values[0].strip(), headers, body) for it in material]
        except (binascii.Error, ValueError):
            raise Refused(f"its {header} is malformed") from None
        if not any(passed):
            raise Refused(f"its {header} was made with another key or for another body")

    def public_headers(self, headers: Message) -> list[tuple[str, str]]:
        """The headers that a connector may see."""
        tokens = [header for kind, header in self._checks if kind == "shared-token"]
        secret = {*PRIVATE_HEADERS, *(token.lower() for token in tokens)}
        return [(name.lower(), value) for name, value in headers.items() if name.lower() not in secret]

    def _check(self, kind: str) -> tuple[Callable[..., bool], Iterable[Any], str]:
        """How a signature is checked, with what, and where that is configured."""
        of_kind = {"ed25519": ed25519.Ed25519PublicKey, "rsa-sha256": rsa.RSAPublicKey}.get(kind)
        if of_kind is not None:
            return _signed, [key for key in self._keys if isinstance(key, of_kind)], "public_keys"
        checks = {"hmac-sha256": _hmac, "standard-webhooks": _standard, "shared-token": _token}
        return checks[kind], self._secrets, "secrets"


def _kind_and_header(signature: Any) -> tuple[str, str]:
    if isinstance(signature, str):
        return signature, "webhook-signature"
    ((kind, header),) = signature.items()
    return kind, header


def _key(pem: str, number: int, table: str) -> Any:
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except ValueError:
        raise ConfigurationError(f"{table}.public_keys: key {number} is no PEM of a public key") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_BITS_MIN:
        raise ConfigurationError(f"{table}.public_keys: key {number} has {key.key_size} bits, RSA keys need {RSA_BITS_MIN}")
    return key


def _signed(key: Any, value: str, _: Message, body: bytes) -> bool:
    signature = _base64(value)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def _hmac(secret: str, value: str, _: Message, body: bytes) -> bool:
    value = value.removeprefix("sha256=")
    # 32 bytes are 64 characters of hex, and 43 or 44 of base64.
    tag = bytes.fromhex(value) if len(value) == 64 else _base64(value)
    return hmac.compare_digest(hmac.digest(secret.encode(), body, hashlib.sha256), tag)


def _standard(secret: str, value: str, headers: Message, body: bytes) -> bool:
    """The Standard Webhooks scheme (standardwebhooks.com)."""
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{identity}.{timestamp}.".encode() + body
    expected = hmac.digest(_base64(secret.removeprefix("whsec_")), content, hashlib.sha256)
    tags = [_base64(tag.removeprefix("v1,")) for tag in value.split(" ") if tag.startswith("v1,")]
    return any([hmac.compare_digest(expected, tag) for tag in tags])


def _token(secret: str, value: str, _: Message, __: bytes) -> bool:
    # Digests have one length, so that comparing tells nothing about the length of the secret.
    return hmac.compare_digest(_sha256(secret), _sha256(value))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _base64(text: str) -> bytes:
    # Senders pad or do not.
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
