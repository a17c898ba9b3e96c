"""Webhooks that nobody proves to have sent are refused."""

import base64
import hashlib
import hmac
import time
import unittest
from email.message import Message

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from transload.failures import ConfigurationError
from transload.values import Record
from transload.webhook import Refused, Verifier

BODY = b'{"id": 1}'


def headers(**values: str) -> Message:
    message = Message()
    for name, value in values.items():
        message[name.replace("_", "-")] = value
    return message


def verifier(*signatures: object, **configured: list[str]) -> Verifier:
    return Verifier(Record(signatures=list(signatures), public_keys=[]), dict(configured), "apis.shop.webhook")


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


class Signatures(unittest.TestCase):
    def holds(self, verifier: Verifier, **values: str) -> None:
        verifier.verify(headers(**values), BODY)
        with self.assertRaises(Refused):
            verifier.verify(headers(**values), BODY + b" ")

    def test_public_keys_of_both_kinds_any_of_which_may_have_signed(self) -> None:
        edwards, other = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
        signature = base64.b64encode(edwards.sign(BODY)).decode()
        self.holds(verifier({"ed25519": "x-sig"}, public_keys=[pem(other), pem(edwards)]), x_sig=signature)
        with self.assertRaises(Refused):
            verifier({"ed25519": "x-sig"}, public_keys=[pem(other)]).verify(headers(x_sig=signature), BODY)
        long = rsa.generate_private_key(65537, 2048)
        signature = base64.b64encode(long.sign(BODY, padding.PKCS1v15(), hashes.SHA256())).decode()
        self.holds(verifier({"rsa-sha256": "x-sig"}, public_keys=[pem(long)]), x_sig=signature)

    def test_a_short_key_and_an_empty_secret_are_no_configuration(self) -> None:
        short = rsa.generate_private_key(65537, 1024)
        for configured in [{"public_keys": [pem(short)]}, {"public_keys": ["?"]}, {"secrets": [""]}]:
            with self.assertRaises(ConfigurationError):
                verifier({"rsa-sha256": "x-sig"}, **configured)

    def test_an_hmac_in_hex_and_in_base64(self) -> None:
        tag = hmac.digest(b"secret", BODY, hashlib.sha256)
        one = verifier({"hmac-sha256": "x-sig"}, secrets=["old", "secret"])
        encoded = base64.b64encode(tag).decode()
        for value in [tag.hex(), f"sha256={tag.hex()}", encoded, encoded.rstrip("=")]:
            self.holds(one, x_sig=value)
        for value in ["", "no", "é", "00" * 32]:
            with self.assertRaises(Refused, msg=value):
                one.verify(headers(x_sig=value), BODY)

    def test_standard_webhooks_cover_the_id_and_the_time(self) -> None:
        key = base64.b64encode(b"k" * 24).decode()
        one = verifier("standard-webhooks", secrets=[f"whsec_{key}"])

        def signed(at: int) -> dict[str, str]:
            tag = hmac.digest(b"k" * 24, f"m1.{at}.".encode() + BODY, hashlib.sha256)
            signature = f"v1,AAAA v1,{base64.b64encode(tag).decode()}"
            return {"webhook_id": "m1", "webhook_timestamp": str(at), "webhook_signature": signature}

        now = int(time.time())
        self.holds(one, **signed(now))
        altered = [signed(now) | {"webhook_id": "m2"}, signed(now) | {"webhook_timestamp": "x"}]
        for values in [signed(now - 400), signed(now + 400), *altered]:
            with self.assertRaises(Refused):
                one.verify(headers(**values), BODY)

    def test_the_first_header_that_is_present_decides_alone(self) -> None:
        one = verifier({"hmac-sha256": "x-sig"}, {"shared-token": "x-token"}, secrets=["secret"])
        one.verify(headers(x_token="secret"), BODY)
        with self.assertRaises(Refused):
            one.verify(headers(x_sig="00" * 32, x_token="secret"), BODY)
        with self.assertRaisesRegex(Refused, "none of the headers x-sig, x-token"):
            one.verify(headers(), BODY)
        with self.assertRaisesRegex(Refused, "set apis.shop.webhook.secrets"):
            verifier({"shared-token": "x-token"}).verify(headers(x_token=""), BODY)

    def test_a_connector_sees_no_header_with_a_secret(self) -> None:
        one = verifier({"hmac-sha256": "x-sig"}, {"shared-token": "X-Token"}, secrets=["secret"])
        shown = one.public_headers(headers(X_Token="secret", Authorization="Basic x", Cookie="a", X_Sig="00"))
        self.assertEqual(shown, [("x-sig", "00")])
