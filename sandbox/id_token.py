"""Signed id tokens for users, and the public key they are checked with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.assertion import encoded, new_key

KEY_NAME = "sandbox-1"


class Signer:
    """Signs with a key of its own, which is made when it is first needed: few sandboxes ever need it."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return new_key()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a JSON web token (RS256)."""
        head = {"typ": "JWT", "alg": "RS256", "kid": KEY_NAME}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{encoded(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def public_keys(self) -> dict[str, Any]:
        """The JSON web key set."""
        numbers = self._key.public_key().public_numbers()
        n, e = (encoded(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_NAME, "n": n, "e": e}]}
