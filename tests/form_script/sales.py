"""Sales as its administrator sees it, over the Web API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests


class Sales:
    """Rows read and written by the sandbox's administrator, whose token is fetched once."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.root = f"{env['SALES_URL']}/api/data/v9.2"
        answer = requests.post(
            f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": env["SANDBOX_ADMIN_CLIENT_ID"],
                "client_secret": env["SANDBOX_ADMIN_CLIENT_SECRET"],
                "scope": f"{env['SALES_URL']}/.default",
            },
            verify=env["REQUESTS_CA_BUNDLE"],
            timeout=10,
        )
        answer.raise_for_status()
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The first page of a set."""
        return list(self.get(path)["value"])

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.root}/{path}", headers=self.headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def write(self, method: str, path: str, body: Any = None) -> None:
        answer = requests.request(method, f"{self.root}/{path}", json=body, headers=self.headers, timeout=10)
        assert answer.ok, answer.text

    def create(self, path: str, body: Any) -> str:
        """A new row's id."""
        answer = requests.post(f"{self.root}/{path}", json=body, headers=self.headers, timeout=20)
        assert answer.ok, answer.text
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")
