"""Client assertions: JSON web tokens signed with a registered certificate; and the certificate itself."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID


class Malformed(Exception):
    """It is no JSON web token."""


class NotSigned(Exception):
    """The registered certificate's key did not sign it."""


class OutOfTime(Exception):
    """It has run out, or is about somebody else."""


def check_assertion(assertion: str, client_id: str, certificate: x509.Certificate) -> None:
    """Verify an assertion of ``client_id`` (RS256 or PS256). Raises Malformed, NotSigned or OutOfTime."""
    try:
        head_text, claims_text, signature_text = assertion.split(".")
        head, claims = _json_part(head_text), _json_part(claims_text)
        signature = decoded(signature_text)
        until = float(claims.get("exp", 0))
    except (ValueError, TypeError):
        raise Malformed from None
    key = certificate.public_key()
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if head.get("alg") == "PS256":
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    if not isinstance(key, rsa.RSAPublicKey) or head.get("alg") not in ("RS256", "PS256"):
        raise NotSigned
    try:
        key.verify(signature, f"{head_text}.{claims_text}".encode(), scheme, hashes.SHA256())
    except InvalidSignature:
        raise NotSigned from None
    # Real time: the client stamps the assertion with its own clock, not with the sandbox's.
    if claims.get("sub") != client_id or until < datetime.now(UTC).timestamp():
        raise OutOfTime


def encoded(data: bytes) -> str:
    """base64url without padding, as JSON web tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes behind :func:`encoded`; ValueError if it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json_part(text: str) -> dict[str, Any]:
    part = json.loads(decoded(text))
    if not isinstance(part, dict):
        raise ValueError("not an object")
    return part


def new_key() -> rsa.RSAPrivateKey:
    """A fresh RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_client_certificate(folder: Path) -> tuple[Path, x509.Certificate]:
    """Make a key and a self-signed certificate for the application; both in one PEM file, and the certificate."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox application")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "application.pem"
    path.touch(mode=0o600)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path, certificate
