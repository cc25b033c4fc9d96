"""The two remote systems as a user's own program reaches them: sign in, then plain requests. No code of the bridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests

TALK_SECONDS = 30


class AnswerNotExpected(AssertionError):
    """A remote system refused; holds the request and its words."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they were."""

    method: str
    url: str
    body: Any
    status: int
    headers: Mapping[str, str]
    answer: Any


class Remote:
    """One system behind Entra sign-in. ``base`` is its service root; ``root`` the resource a token is asked for."""

    def __init__(self, env: Mapping[str, str], *, root: str, base: str) -> None:
        self._env, self._root, self.base = env, root, base
        self._session = requests.Session()
        self._session.trust_env = False

    @cached_property
    def _token(self) -> str:
        env = self._env
        answer = self._session.post(
            f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": env["ENTRA_CLIENT_ID"],
                "client_secret": env["ENTRA_CLIENT_SECRET"],
                "scope": f"{self._root}/.default",
            },
            verify=env["REQUESTS_CA_BUNDLE"],
            timeout=TALK_SECONDS,
        )
        if not answer.ok:
            raise AnswerNotExpected(f"sign-in for {self._root}: {answer.status_code} {answer.text}")
        return str(answer.json()["access_token"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Exchange:
        """One signed-in request; :class:`AnswerNotExpected` unless it succeeds."""
        url = f"{self.base}/{path}"
        sent = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **headers}
        answer = self._session.request(method, url, json=body, headers=sent, timeout=TALK_SECONDS)
        if not answer.ok:
            raise AnswerNotExpected(f"{method} {url}: {answer.status_code} {answer.text}")
        return Exchange(
            method, url, body, answer.status_code, answer.headers, answer.json() if answer.content else None
        )

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of one page."""
        return list(self.call("GET", path).answer["value"])

    def row(self, path: str) -> dict[str, Any]:
        """The only row of a query."""
        found = self.rows(path)
        if len(found) != 1:
            raise AnswerNotExpected(f"{len(found)} rows where one was expected: GET {self.base}/{path}")
        return found[0]


def sales(env: Mapping[str, str]) -> Remote:
    """Dataverse Web API of the environment in ``env``."""
    return Remote(env, root=env["SALES_URL"], base=f"{env['SALES_URL']}/api/data/v9.2")


def business_central(env: Mapping[str, str]) -> Remote:
    """Business Central's web services below BC_URL."""
    return Remote(env, root="https://api.businesscentral.dynamics.com", base=env["BC_URL"])


class Seller:
    """A salesperson in Sales who writes orders. ``seen`` keeps what was written.

    Requests are made in the salesperson's name: what the integration user writes, Sales neither prices nor totals.
    """

    def __init__(self, remote: Remote, email: str) -> None:
        self._remote, self._email = remote, email
        self.seen: list[Exchange] = []

    @cached_property
    def user_id(self) -> str:
        query = f"systemusers?$select=systemuserid&$filter=internalemailaddress eq '{self._email}'"
        return str(self._remote.row(query)["systemuserid"])

    def write_order(
        self, number: str, name: str, account: str, lines: list[tuple[str, str]], **columns: Any
    ) -> dict[str, Any]:
        """A new order of the account with this number; lines are (product number, quantity) at list price. Its row."""
        columns_of_account = "accountid,_transactioncurrencyid_value"
        customer = self._remote.row(f"accounts?$select={columns_of_account}&$filter=accountnumber eq '{account}'")
        currency = customer["_transactioncurrencyid_value"]
        prices = self._remote.row(
            f"pricelevels?$select=pricelevelid&$filter=_transactioncurrencyid_value eq {currency}"
        )
        body = {
            "ordernumber": number,
            "name": name,
            "customerid_account@odata.bind": f"/accounts({customer['accountid']})",
            "pricelevelid@odata.bind": f"/pricelevels({prices['pricelevelid']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
        }
        order_id = self._create("salesorders", body | columns)
        for position, (product_number, quantity) in enumerate(lines, start=1):
            product = self.product(product_number)
            line = {
                "salesorderid@odata.bind": f"/salesorders({order_id})",
                "productid@odata.bind": f"/products({product['productid']})",
                "uomid@odata.bind": f"/uoms({product['_defaultuomid_value']})",
                "quantity": float(quantity),
                "sequencenumber": position,
            }
            self._create("salesorderdetails", line)
        return self.order(order_id)

    def submit(self, order_id: str) -> None:
        """What the button Submit Order does."""
        self._write("PATCH", f"salesorders({order_id})", {"statecode": 1, "statuscode": 3})

    def product(self, number: str) -> dict[str, Any]:
        columns = "productid,productnumber,name,_defaultuomid_value"
        return self._remote.row(f"products?$select={columns}&$filter=productnumber eq '{number}'")

    def order(self, order_id: str) -> dict[str, Any]:
        columns = "salesorderid,ordernumber,name,totalamount,statecode,statuscode,lastbackofficesubmit"
        return dict(self._remote.call("GET", f"salesorders({order_id})?$select={columns}").answer)

    def timeline(self, order_id: str) -> list[str]:
        """The texts of the order's posts, the oldest first."""
        query = f"posts?$select=text&$filter=_regardingobjectid_value eq {order_id}&$orderby=createdon asc"
        return [row["text"] for row in self._remote.rows(query)]

    def _create(self, entity_set: str, body: Mapping[str, Any]) -> str:
        return self._write("POST", entity_set, body).headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def _write(self, method: str, path: str, body: Mapping[str, Any]) -> Exchange:
        exchange = self._remote.call(method, path, body, MSCRMCallerID=self.user_id)
        self.seen.append(exchange)
        return exchange
