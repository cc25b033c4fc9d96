"""Microsoft Entra's part: OpenID discovery and the token endpoints.

An application proves itself by its secret or by an assertion signed with its certificate, and signs in for itself
(client credentials) or for a user whose name and password it was given. Scopes name the system: Business Central's
fixed resource, or the address of the Sales environment. Access tokens are opaque; nobody but the sandbox reads them.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from flask import Flask, Response, jsonify, request

from sandbox import assertion
from sandbox.assertion import encoded
from sandbox.entra_errors import USER_REFUSALS, Refused, missing, refusal
from sandbox.id_token import Signer
from sandbox.identities import Application, User, made_id
from sandbox.tokens import TOKEN_SECONDS
from sandbox.world import BUSINESS_CENTRAL, SALES, World

_ENDS_A_SESSION = ("disabled", "conditional-access", "not-assigned")
"""States of a user that are asked about at each renewal too; the others come up when a password is typed."""
BUSINESS_CENTRAL_RESOURCE = "https://api.businesscentral.dynamics.com"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OPEN_ID = frozenset({"openid", "profile", "offline_access", "email"})
_FOR_USERS = ("organizations", "common")
"""Names that stand for the user's own tenant."""
_DELEGATED = {
    BUSINESS_CENTRAL: frozenset({"user_impersonation", "financials.readwrite.all", ".default"}),
    SALES: frozenset({"user_impersonation", ".default"}),
}


def create_app(world: World, certificate: x509.Certificate | None = None) -> Flask:
    """The sign-in server. ``certificate`` is the one registered for the application, if it may use one."""
    app = Flask(__name__)
    entra = Entra(world, certificate)

    @app.get("/<tenant>/v2.0/.well-known/openid-configuration")
    def discovery(tenant: str) -> Response:
        entra.check_tenant(tenant, aliases=True)
        base = f"{request.host_url}{tenant}"
        return jsonify(
            issuer=entra.issuer,
            authorization_endpoint=f"{base}/oauth2/v2.0/authorize",
            token_endpoint=f"{base}/oauth2/v2.0/token",
            device_authorization_endpoint=f"{base}/oauth2/v2.0/devicecode",
            jwks_uri=f"{base}/discovery/v2.0/keys",
            token_endpoint_auth_methods_supported=["client_secret_post", "private_key_jwt", "client_secret_basic"],
            response_types_supported=["code", "id_token", "code id_token", "id_token token"],
            subject_types_supported=["pairwise"],
            id_token_signing_alg_values_supported=["RS256"],
        )

    @app.get("/<tenant>/discovery/v2.0/keys")
    def keys(tenant: str) -> Response:
        entra.check_tenant(tenant, aliases=True)
        return jsonify(entra.signer.public_keys())

    @app.get("/common/userrealm/<name>")
    def realm(name: str) -> Response:
        """Where a user signs in: those of the tenant here, nobody by federation."""
        domain = name.rpartition("@")[2]
        known = domain in {user.name.rpartition("@")[2] for user in world.directory.users()}
        return jsonify(ver="1.0", account_type="Managed" if known else "Unknown", domain_name=domain)

    @app.post("/<tenant>/oauth2/v2.0/token")
    def token(tenant: str) -> Response:
        return jsonify(entra.token(tenant, request.form.get("scope", "").split(), "scope"))

    @app.post("/<tenant>/oauth2/token")
    def first_token(tenant: str) -> Response:
        """The first version of the endpoint: the system is named as a resource instead of by scopes."""
        resource = request.form.get("resource", "").rstrip("/")
        return jsonify(entra.token(tenant, [f"{resource}/.default"] if resource else [], "resource"))

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


class Entra:
    """What the token endpoint decides, on the form of the present request."""

    def __init__(self, world: World, certificate: x509.Certificate | None) -> None:
        self._world = world
        self._certificate = certificate
        self.signer = Signer()

    @property
    def issuer(self) -> str:
        """The name under which tokens are issued."""
        return f"{request.host_url}{self._world.application.tenant_id}/v2.0"

    def check_tenant(self, tenant: str, *, aliases: bool) -> None:
        """Refuse a tenant that is not ours; ``aliases``: the names for "the user's own" are good too."""
        application = self._world.application
        known = (application.tenant_id, application.tenant_domain, f"{application.tenant_domain}.onmicrosoft.com")
        if tenant.lower() not in known + (_FOR_USERS if aliases else ()):
            raise refusal(90002, tenant=tenant)

    def token(self, tenant: str, scopes: list[str], named: str) -> Mapping[str, Any]:
        """Answer a token request. ``named`` is the field the scopes came in."""
        grant = request.form.get("grant_type", "")
        self.check_tenant(tenant, aliases=grant != "client_credentials")
        if not grant:
            raise missing("grant_type")
        if grant not in ("client_credentials", "password", "refresh_token"):
            raise refusal(70003, grant=grant)
        application = self._client(for_user=grant != "client_credentials")
        if not scopes:
            raise missing(named)
        if grant == "client_credentials":
            return self._access(application.client_id, self._own_audience(scopes))
        audience = self._delegated_audience(scopes)
        user = self._by_password(application) if grant == "password" else self._by_refresh_token(application)
        if not self._world.directory.switches.consent:
            raise refusal(65001, client_id=application.client_id)
        return self._for_user(user, application, audience, scopes)

    def _access(self, subject: str, audience: str) -> dict[str, Any]:
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": self._world.tokens.issue(subject, audience),
        }

    def _for_user(self, user: User, application: Application, audience: str, scopes: list[str]) -> dict[str, Any]:
        granted = [scope for scope in scopes if scope not in _OPEN_ID]
        answer = {**self._access(user.object_id, audience), "scope": " ".join(granted)}
        if "offline_access" in scopes:
            answer["refresh_token"] = self._world.tokens.issue_refresh(user.object_id, application.client_id)
        if "openid" in scopes:
            now = int(time.time())
            claims = {
                "aud": application.client_id,
                "iss": self.issuer,
                "iat": now,
                "nbf": now,
                "exp": now + TOKEN_SECONDS,
                "name": user.display_name,
                "oid": user.object_id,
                "preferred_username": user.name,
                "sub": made_id("subject", user.object_id, application.client_id),
                "tid": application.tenant_id,
                "ver": "2.0",
            }
            answer["id_token"] = self.signer.sign(claims)
        if request.form.get("client_info") == "1":
            info = {"uid": user.object_id, "utid": application.tenant_id}
            answer["client_info"] = encoded(json.dumps(info).encode())
        return answer

    def _client(self, *, for_user: bool) -> Application:
        client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
        if request.authorization is not None and request.authorization.type == "basic":
            client_id, secret = request.authorization.username or "", request.authorization.password or ""
        if not client_id:
            raise missing("client_id")
        application = self._world.directory.client(client_id)
        switches = self._world.directory.switches
        if application is None:
            raise refusal(700016, client_id=client_id)
        if not switches.application and application is self._world.application:
            raise refusal(7000112, client_id=client_id)
        signed = request.form.get("client_assertion", "")
        if signed:
            self._check_assertion(signed, client_id, application)
        elif secret:
            if not hmac.compare_digest(secret.encode(), application.secret.encode()):
                raise refusal(7000215, client_id=client_id)
            if switches.secret == "expired" and application is self._world.application:  # noqa: S105 - a state
                raise refusal(7000222, client_id=client_id)
        elif not for_user or not switches.public_client:
            raise refusal(7000218)
        return application

    def _check_assertion(self, signed: str, client_id: str, application: Application) -> None:
        if request.form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise missing("client_assertion_type")
        registered = self._certificate if application is self._world.application else None
        if registered is None or not self._world.directory.switches.certificate:
            raise refusal(700027)
        try:
            assertion.check_assertion(signed, client_id, registered)
        except assertion.Malformed:
            raise refusal(50027) from None
        except assertion.NotSigned:
            raise refusal(700027) from None
        except assertion.OutOfTime:
            raise refusal(700024) from None

    def _by_password(self, application: Application) -> User:
        name, password = request.form.get("username", ""), request.form.get("password", "")
        if not name or not password:
            raise missing("password" if name else "username")
        directory = self._world.directory
        user = directory.user(name)
        if user is None:
            raise refusal(50034, user=name, tenant=self._world.application.tenant_id)
        state = directory.switches.users.get(name.lower(), "")
        if state == "locked":
            raise refusal(50053)
        if not hmac.compare_digest(password.encode(), directory.password.encode()):
            raise refusal(50126)
        if state:
            raise refusal(USER_REFUSALS[state], client_id=application.client_id, user=name)
        return user

    def _by_refresh_token(self, application: Application) -> User:
        given = request.form.get("refresh_token", "")
        if not given:
            raise missing("refresh_token")
        subject = self._world.tokens.refreshed(given, application.client_id)
        user = next((u for u in self._world.directory.users() if u.object_id == subject), None)
        if user is None:
            raise refusal(9002313)
        state = self._world.directory.switches.users.get(user.name.lower(), "")
        if state in _ENDS_A_SESSION:
            raise refusal(USER_REFUSALS[state], client_id=application.client_id, user=user.name)
        return user

    def _own_audience(self, scopes: list[str]) -> str:
        scope = " ".join(scopes)
        resource, dot, rest = scope.rpartition("/")
        if not dot or rest != ".default":
            raise refusal(1002012, scope=scope)
        return self._resource(resource)

    def _delegated_audience(self, scopes: list[str]) -> str:
        asked = [scope for scope in scopes if scope not in _OPEN_ID]
        audiences = set()
        for scope in asked:
            resource, _, permission = scope.rpartition("/")
            audience = self._resource(resource)
            if permission.lower() not in _DELEGATED[audience]:
                raise refusal(70011, scope=scope)
            audiences.add(audience)
        if len(audiences) != 1:
            raise refusal(28000 if audiences else 70011, scope=" ".join(scopes))
        return audiences.pop()

    def _resource(self, resource: str) -> str:
        addresses = self._world.addresses
        known = {
            BUSINESS_CENTRAL_RESOURCE: BUSINESS_CENTRAL,
            addresses.business_central: BUSINESS_CENTRAL,
            addresses.sales: SALES,
            addresses.sales.replace("127.0.0.1", "localhost"): SALES,
            addresses.sales_secure: SALES,
        }
        named = resource.rstrip("/").lower()
        if not named or named not in known:
            raise refusal(500011, resource=resource)
        return known[named]
