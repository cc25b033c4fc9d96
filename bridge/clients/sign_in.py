"""Who we are to the remote systems: tokens from Microsoft Entra ID, or a user name and web service access key.

Tokens live in memory only and are fetched when first needed, shared by all threads, renewed before they run out and
once more when a system refuses one. No secret, key or token ever enters an exception or a log line.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import msal
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msal.exceptions import MsalServiceError
from requests.adapters import HTTPAdapter

MICROSOFT_AUTHORITIES = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.microsoft.com"}
)
"""Authorities msal may look up at Microsoft's discovery endpoint; any other is taken at its word."""

_ENTRA_ADVICE = {
    7000215: "The client secret is wrong: check ENTRA_CLIENT_SECRET (the secret's value, not its id)",
    7000222: "The client secret has expired: make a new one and set ENTRA_CLIENT_SECRET",
    700016: "The tenant has no such application: check ENTRA_CLIENT_ID and ENTRA_TENANT_ID",
    700027: "The certificate is not accepted: upload it to the app registration or check ENTRA_CLIENT_CERTIFICATE",
    90002: "There is no such tenant: check ENTRA_TENANT_ID",
    65001: "An administrator must consent to the application's permissions",
    53003: "A conditional access policy blocks the sign-in: ask the tenant's administrator",
}

_LOOK_AT_AUTHORITY = "Check ENTRA_AUTHORITY, ENTRA_TENANT_ID and the network"

Sent = Callable[[str], None]
"""Told the HTTP verb of each request that a sign-in sends."""


class SignInFailed(Exception):
    """No token. ``reachable`` says whether the authority answered; ``retry_after`` is in seconds."""

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        advice: str = "",
        correlation_id: str = "",
        reachable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.advice = advice
        self.correlation_id = correlation_id
        self.reachable = reachable
        self.retry_after = retry_after


class SignIn(Protocol):
    """What a transport needs to know of a sign-in."""

    def authorization(self, sent: Sent) -> str:
        """The value of the ``Authorization`` header. Raises :class:`SignInFailed`."""

    def renew(self, refused: str) -> bool:
        """A system refused this header: True when another one may do better."""

    def close(self) -> None:
        """Let go of connections."""


class BasicSignIn:
    """User name and web service access key, for Business Central on the customer's own machines."""

    def __init__(self, user: str, key: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()

    def authorization(self, sent: Sent) -> str:
        return self._header

    def renew(self, refused: str) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held."""


class EntraSignIn:
    """Client credentials at Microsoft Entra ID for one scope, by secret or by certificate (a PEM file with its key).

    ``timeout`` is in seconds and holds for each request. :meth:`for_scope` gives a sign-in for another system that
    shares this one's application and cache.
    """

    def __init__(
        self,
        authority: str,
        tenant: str,
        client_id: str,
        *,
        scope: str,
        secret: str = "",
        certificate_path: str = "",
        timeout: float = 30.0,
    ) -> None:
        if bool(secret) == bool(certificate_path):
            raise ValueError("give either a client secret or a certificate")
        self._application = _Application(authority, tenant, client_id, secret, certificate_path, timeout)
        self._scope = scope

    def for_scope(self, scope: str) -> Self:
        """The same application, asking for another system's tokens."""
        other = object.__new__(type(self))
        other._application = self._application
        other._scope = scope
        return other

    def authorization(self, sent: Sent) -> str:
        return "Bearer " + self._application.token(self._scope, sent)

    def renew(self, refused: str) -> bool:
        self._application.forget(self._scope, refused.removeprefix("Bearer "))
        return True

    def close(self) -> None:
        self._application.close()


class _Application:
    """One msal application behind a lock; built at the first token, since building it asks the authority."""

    def __init__(
        self, authority: str, tenant: str, client_id: str, secret: str, certificate_path: str, timeout: float
    ) -> None:
        self._authority = f"{authority.rstrip('/')}/{tenant}"
        self._host = urlsplit(authority).hostname or authority
        self._client_id = client_id
        self._secret = secret
        self._certificate_path = certificate_path
        self._lock = threading.Lock()
        self._wire = _Wire(timeout)
        self._session = requests.Session()
        self._session.mount("https://", self._wire)
        self._session.mount("http://", self._wire)
        self._msal: Any = None
        self._latest: dict[str, str] = {}

    def token(self, scope: str, sent: Sent) -> str:
        with self._lock:
            self._wire.sent = sent
            try:
                if self._msal is None:
                    self._msal = self._build()
                answer = self._msal.acquire_token_for_client(scopes=[scope])
            except (requests.RequestException, MsalServiceError, ValueError, RuntimeError) as error:
                raise self._explained(error) from None
            if "access_token" not in answer:
                raise self._in_trouble() or _refusal(answer)
            token: str = answer["access_token"]
            self._latest[scope] = token
            return token

    def forget(self, scope: str, token: str) -> None:
        """Drop this token, unless another thread has replaced it already."""
        with self._lock:
            if self._msal is not None and self._latest.get(scope) == token:
                self._msal.remove_tokens_for_client()
                self._latest.clear()

    def close(self) -> None:
        self._session.close()

    def _build(self) -> Any:
        return msal.ConfidentialClientApplication(
            self._client_id,
            authority=self._authority,
            client_credential=self._credential(),
            token_cache=msal.SerializableTokenCache(),
            http_client=self._session,
            instance_discovery=None if self._host in MICROSOFT_AUTHORITIES else False,
        )

    def _credential(self) -> str | dict[str, str]:
        if self._secret:
            return self._secret
        return _certificate(Path(self._certificate_path))

    def _explained(self, error: Exception) -> SignInFailed:
        """Connection trouble keeps its kind; what msal could not read becomes a sentence without its contents."""
        if isinstance(error, requests.exceptions.SSLError):
            text = f"the certificate of {self._host} is not trusted"
            return SignInFailed(text, code="Tls", advice="Set REQUESTS_CA_BUNDLE to the authority's CA bundle")
        if isinstance(error, requests.RequestException):
            return SignInFailed(f"{self._host} does not answer", advice=_LOOK_AT_AUTHORITY, reachable=False)
        text = f"{self._host} gave no usable answer ({type(error).__name__})"
        return self._in_trouble() or SignInFailed(text, advice=_LOOK_AT_AUTHORITY)

    def _in_trouble(self) -> SignInFailed | None:
        """Set when the authority's last answer was about its own state, not about us."""
        status = self._wire.last_status
        if status is None or (status < 500 and status != 429):
            return None
        # msal answers repeats from memory for five seconds when the authority names no time of its own.
        pause = self._wire.last_retry_after or 5.0
        return SignInFailed(f"{self._host} answers {status}", reachable=False, retry_after=pause)


class _Wire(HTTPAdapter):
    """Puts a time limit on every request to the authority, reports it, and remembers how it went."""

    def __init__(self, timeout: float) -> None:
        self._limits = (min(10.0, timeout), timeout)
        self.sent: Sent = lambda verb: None
        self.last_status: int | None = None
        self.last_retry_after: float | None = None
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.last_status = None
        self.sent(request.method or "")
        kwargs["timeout"] = self._limits
        response = super().send(request, *args, **kwargs)
        wait = response.headers.get("Retry-After", "")
        self.last_status, self.last_retry_after = response.status_code, float(wait) if wait.isdecimal() else None
        return response


def _certificate(path: Path) -> dict[str, str]:
    """What msal needs to sign with the key in a PEM file. Entra takes RSA keys only."""
    try:
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
        x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SignInFailed(
            f"the certificate file {path} cannot be used",
            code="CertificateUnusable",
            advice="Check ENTRA_CLIENT_CERTIFICATE: a PEM file with an RSA key, without password, and its certificate",
        )
    text = pem.decode("utf-8", errors="replace")  # a PEM file may hold remarks in any encoding around its blocks
    return {"private_key": text, "public_certificate": text}


def _refusal(answer: dict[str, Any]) -> SignInFailed:
    codes = [code for code in answer.get("error_codes") or [] if isinstance(code, int)]
    description = str(answer.get("error_description") or "").splitlines()
    return SignInFailed(
        description[0][:300] if description else "no token was given",
        code=f"AADSTS{codes[0]}" if codes else str(answer.get("error") or ""),
        advice=next((_ENTRA_ADVICE[code] for code in codes if code in _ENTRA_ADVICE), ""),
        correlation_id=str(answer.get("correlation_id") or ""),
    )
