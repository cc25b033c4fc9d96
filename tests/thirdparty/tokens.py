"""Signing in to the sandbox as the integration's application does, for clients that only take a token."""

from __future__ import annotations

from collections.abc import Mapping

import requests


def token(env: Mapping[str, str], resource: str) -> str:
    """A bearer token for one of the two systems, by the application's secret. HTTPError when the sign-in is refused."""
    answer = requests.post(
        f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": env["ENTRA_CLIENT_ID"],
            "client_secret": env["ENTRA_CLIENT_SECRET"],
            "scope": f"{resource}/.default",
        },
        verify=env["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])
