"""A person in Sales who writes orders and submits them, over HTTP, in a salesperson's name: so Sales prices them.

What is fixed in the seed (ids of accounts, products, units, price lists) is read once and kept over resets, since ids
come from names there.
"""

from __future__ import annotations

from typing import Any

from demo.remote import Remote, sales
from tests.processes import SandboxProcess

_IDS: dict[str, dict[str, Any]] = {}


def product(number: str, quantity: float = 1, price: float | None = None, **columns: Any) -> dict[str, Any]:
    """A line of a catalogue product, at list price unless ``price`` is given."""
    line: dict[str, Any] = {"product": number, "quantity": quantity} | columns
    return line if price is None else line | {"ispriceoverridden": True, "priceperunit": price}


def write_in(text: str, quantity: float = 1, price: float = 100, **columns: Any) -> dict[str, Any]:
    """A line without a product; the text is its ``productdescription``."""
    return {
        "isproductoverridden": True,
        "productdescription": text,
        "quantity": quantity,
        "priceperunit": price,
    } | columns


class Seller:
    """Astrid, who sells. ``remote`` is Sales as the bridge reaches it, ``admin`` as an administrator does."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.remote: Remote = sales(sandbox.env)
        as_admin = {
            "ENTRA_CLIENT_ID": sandbox.env["SANDBOX_ADMIN_CLIENT_ID"],
            "ENTRA_CLIENT_SECRET": sandbox.env["SANDBOX_ADMIN_CLIENT_SECRET"],
        }
        self.admin: Remote = sales(sandbox.env | as_admin)
        self._sandbox = sandbox

    def id_of(self, table: str, column: str, value: str) -> str:
        """The id of the one row with this value."""
        key = f"{table}?$select={column}&$filter={column} eq '{value}'"
        if key not in _IDS:
            _IDS[key] = self.remote.row(key)
        return next(str(_IDS[key][name]) for name in _IDS[key] if name.endswith("id") and name[0] not in "_@")

    def contact_of(self, customer: str) -> str:
        """The id of the contact who works for the account of this number."""
        account = self.id_of("accounts", "accountnumber", customer)
        return str(self._row(f"contacts?$select=contactid&$filter=_parentcustomerid_value eq {account}")["contactid"])

    def write(
        self, number: str, *lines: dict[str, Any], customer: str = "10100", currency: str = "NOK", **columns: Any
    ) -> str:
        """An order that is not submitted yet; its id. ``columns`` win over what is filled in here; None leaves out."""
        return self.document("order", number, *lines, customer=customer, currency=currency, **columns)

    def document(
        self, kind: str, number: str, *lines: dict[str, Any], customer: str, currency: str, **columns: Any
    ) -> str:
        """An order or quote that nobody has done anything with yet; its id."""
        money = self.id_of("transactioncurrencies", "isocurrencycode", currency)
        prices = self._row(f"pricelevels?$select=pricelevelid&$filter=_transactioncurrencyid_value eq {money}")
        body: dict[str, Any] = {
            f"{kind}number": number,
            "name": f"Test {number}",
            "customerid_account@odata.bind": f"/accounts({self.id_of('accounts', 'accountnumber', customer)})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({money})",
            "pricelevelid@odata.bind": f"/pricelevels({prices['pricelevelid']})",
        }
        body |= columns
        body = {name: value for name, value in body.items() if value is not None}
        body[f"{kind}_details"] = [self._line(position, line) for position, line in enumerate(lines, start=1)]
        entity_set = "quotes" if kind == "quote" else "salesorders"
        answer = self.remote.call("POST", entity_set, body, MSCRMCallerID=self._user())
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def submit(self, *numbers: str) -> None:
        for number in numbers:
            self._sandbox.sales.submit(number)

    def sell(self, number: str, *lines: dict[str, Any], **columns: Any) -> str:
        """An order, submitted; its id."""
        order_id = self.write(number, *lines, **columns)
        self.submit(number)
        return order_id

    def change(self, path: str, **columns: Any) -> None:
        """What an administrator changes: ``path`` as in "products(<id>)"."""
        self.admin.call("PATCH", path, columns)

    def create(self, entity_set: str, **columns: Any) -> str:
        return self.remote.call("POST", entity_set, columns).headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def product_path(self, number: str) -> str:
        return f"products({self.id_of('products', 'productnumber', number)})"

    def _line(self, position: int, line: dict[str, Any]) -> dict[str, Any]:
        body = {"sequencenumber": position} | line
        number = body.pop("product", None)
        if number is None:
            return body
        row = self._row(f"products?$select=productid,_defaultuomid_value&$filter=productnumber eq '{number}'")
        body["productid@odata.bind"] = f"/products({row['productid']})"
        body.setdefault("uomid@odata.bind", f"/uoms({row['_defaultuomid_value']})")
        return body

    def _row(self, query: str) -> dict[str, Any]:
        if query not in _IDS:
            _IDS[query] = self.remote.row(query)
        return _IDS[query]

    def _user(self) -> str:
        return self.id_of("systemusers", "internalemailaddress", "astrid@tindvika.example")
