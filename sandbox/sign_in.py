"""Microsoft Entra's part: OpenID discovery and the token endpoint, for the client-credentials flow only.

A client proves itself by its secret or by an assertion signed with its certificate. Scopes name the system: Business
Central's fixed resource, or the address of the Sales environment. Tokens are opaque; nobody but the sandbox reads them.
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from flask import Flask, Response, jsonify, request

from sandbox.world import BUSINESS_CENTRAL, SALES, TOKEN_SECONDS, World, made_id

BUSINESS_CENTRAL_RESOURCE = "https://api.businesscentral.dynamics.com"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Refused(Exception):
    """Entra says no; code and text as it words them."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text


def create_app(world: World, certificate: x509.Certificate | None = None) -> Flask:
    """The sign-in server. ``certificate`` is the one registered for the application, if it may use one."""
    app = Flask(__name__)

    @app.get("/<tenant>/v2.0/.well-known/openid-configuration")
    def discovery(tenant: str) -> Response:
        _check_tenant(world, tenant)
        base = f"{request.host_url}{tenant}"
        return jsonify(
            issuer=f"{request.host_url}{world.application.tenant_id}/v2.0",
            authorization_endpoint=f"{base}/oauth2/v2.0/authorize",
            token_endpoint=f"{base}/oauth2/v2.0/token",
            device_authorization_endpoint=f"{base}/oauth2/v2.0/devicecode",
            jwks_uri=f"{base}/discovery/v2.0/keys",
            token_endpoint_auth_methods_supported=["client_secret_post", "private_key_jwt", "client_secret_basic"],
            response_types_supported=["code", "id_token", "code id_token", "id_token token"],
            subject_types_supported=["pairwise"],
            id_token_signing_alg_values_supported=["RS256"],
        )

    @app.post("/<tenant>/oauth2/v2.0/token")
    def token(tenant: str) -> Response:
        _check_tenant(world, tenant)
        if request.form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        client_id = _check_client(world, certificate)
        audience = _audience(world, request.form.get("scope", ""))
        return jsonify(
            token_type="Bearer",  # noqa: S106 - the kind of token, not a secret
            expires_in=TOKEN_SECONDS,
            ext_expires_in=TOKEN_SECONDS,
            access_token=world.tokens.issue(client_id, audience),
        )

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        body = {
            "error": error.error,
            "error_description": f"AADSTS{error.number}: {error.text}",
            "error_codes": [error.number],
            "timestamp": f"{world.clock.now():%Y-%m-%d %H:%M:%SZ}",
            "trace_id": made_id("trace", error.text),
            "correlation_id": request.headers.get("client-request-id", made_id("correlation", error.text)),
        }
        return jsonify(body), error.status

    return app


def _check_tenant(world: World, tenant: str) -> None:
    if tenant.lower() not in (world.application.tenant_id, world.application.tenant_domain):
        raise Refused(
            400,
            "invalid_tenant",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
            " correct cloud.",
        )


def _check_client(world: World, certificate: x509.Certificate | None) -> str:
    client_id = request.form.get("client_id", "")
    given_secret = request.form.get("client_secret", "")
    if request.authorization is not None and request.authorization.type == "basic":
        client_id = request.authorization.username or ""
        given_secret = request.authorization.password or ""
    application = world.application
    if client_id.lower() != application.client_id:
        raise Refused(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory 'Contoso'. This can happen if"
            " the application has not been installed by the administrator of the tenant.",
        )
    assertion = request.form.get("client_assertion", "")
    if assertion:
        if request.form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise Refused(400, "invalid_request", 90014, "The field 'client_assertion_type' is missing or wrong.")
        _check_assertion(assertion, client_id, certificate)
        return application.client_id
    if not given_secret:
        raise Refused(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    if not hmac.compare_digest(given_secret.encode(), application.secret.encode()):
        raise Refused(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value,"
            f" not the client secret ID, for a secret added to app '{client_id}'.",
        )
    return application.client_id


def _check_assertion(assertion: str, client_id: str, certificate: x509.Certificate | None) -> None:
    """Verify a JSON web token signed with the registered certificate's key (RS256 or PS256)."""
    wrong = Refused(
        401, "invalid_client", 700027, "The certificate used to sign the client assertion is not registered."
    )
    if certificate is None:
        raise wrong
    try:
        head_text, claims_text, signature_text = assertion.split(".")
        head, claims = _json_part(head_text), _json_part(claims_text)
        signature = _decoded(signature_text)
    except ValueError:
        raise Refused(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
    key = certificate.public_key()
    scheme: padding.AsymmetricPadding
    if head.get("alg") == "PS256":
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    else:
        scheme = padding.PKCS1v15()
    if not isinstance(key, rsa.RSAPublicKey) or head.get("alg") not in ("RS256", "PS256"):
        raise wrong
    try:
        key.verify(signature, f"{head_text}.{claims_text}".encode(), scheme, hashes.SHA256())
    except InvalidSignature:
        raise wrong from None
    # Real time: the client stamps the assertion with its own clock, not with the sandbox's.
    if claims.get("sub") != client_id or float(claims.get("exp", 0)) < datetime.now(UTC).timestamp():
        raise Refused(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")


def _json_part(text: str) -> dict[str, Any]:
    part = json.loads(_decoded(text))
    if not isinstance(part, dict):
        raise ValueError("not an object")
    return part


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _audience(world: World, scope: str) -> str:
    resource, dot, rest = scope.strip().rpartition("/")
    if not dot or rest != ".default":
        raise Refused(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with"
            " /.default suffixed to the resource identifier (application ID URI).",
        )
    named = resource.rstrip("/").lower()
    known = {
        BUSINESS_CENTRAL_RESOURCE: BUSINESS_CENTRAL,
        world.addresses.business_central: BUSINESS_CENTRAL,
        world.addresses.sales: SALES,
        world.addresses.sales.replace("127.0.0.1", "localhost"): SALES,
    }
    if not named or named not in known:
        raise Refused(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named Contoso. This can happen if the"
            " application has not been installed by the administrator of the tenant or consented to by any user.",
        )
    return known[named]


def make_client_certificate(folder: Path) -> tuple[Path, x509.Certificate]:
    """Make a key and a self-signed certificate for the application; both in one PEM file, and the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
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
