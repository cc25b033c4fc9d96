"""A person in Sales who writes quotes, activates, revises, wins and loses them, in a salesperson's name over HTTP."""

from __future__ import annotations

from typing import Any

from tests.orders.seller import Seller, product

TENT = product("TENT-LEI-2")
_NO_COLUMNS = {"AllColumns": False}


class QuoteSeller(Seller):
    """Ids of quotes are known by the number, of which the last revision counts."""

    def draft(
        self, number: str, *lines: dict[str, Any], customer: str = "10100", currency: str = "NOK", **columns: Any
    ) -> str:
        """A quote that is a Draft; its id. ``columns`` win over what is filled in here; None leaves out."""
        return self.document("quote", number, *lines, customer=customer, currency=currency, **columns)

    def activate(self, quote_id: str) -> str:
        self._act("PATCH", f"quotes({quote_id})", {"statecode": 1, "statuscode": 2})
        return quote_id

    def quote(self, number: str, *lines: dict[str, Any], **columns: Any) -> str:
        """A quote, activated; its id."""
        return self.activate(self.draft(number, *(lines or (TENT,)), **columns))

    def close(self, quote_id: str, status: int) -> None:
        """5 Lost, 6 Canceled, 7 Revised."""
        activity = {"subject": "Closed", "quoteid@odata.bind": f"/quotes({quote_id})"}
        self._act("POST", "CloseQuote", {"QuoteClose": activity, "Status": status})

    def revise(self, quote_id: str, note: dict[str, Any] | None = None, **columns: Any) -> str:
        """Close it as revised, change the draft that comes of it, and activate that; its id."""
        self.close(quote_id, 7)
        revision: str = self._act("POST", "ReviseQuote", {"QuoteId": quote_id, "ColumnSet": _NO_COLUMNS})["quoteid"]
        if columns:
            self._act("PATCH", f"quotes({revision})", columns)
        if note is not None:
            self._act("POST", "annotations", note | {"objectid_quote@odata.bind": f"/quotes({revision})"})
        return self.activate(revision)

    def change_active(self, quote_id: str, **columns: Any) -> None:
        """Make it a Draft, change it, and activate it again: the same revision."""
        self.to_draft(quote_id)
        self._act("PATCH", f"quotes({quote_id})", columns)
        self.activate(quote_id)

    def to_draft(self, quote_id: str) -> None:
        self._act("PATCH", f"quotes({quote_id})", {"statecode": 0, "statuscode": 1})

    def win(self, quote_id: str) -> None:
        """Won, without an order."""
        activity = {"subject": "Won", "quoteid@odata.bind": f"/quotes({quote_id})"}
        self._act("POST", "WinQuote", {"QuoteClose": activity, "Status": 4})

    def order_of(self, quote_id: str, *, submit: bool = True) -> str:
        """The order of a quote, which is won on the way when it is not yet; its number."""
        made = self._act("POST", "ConvertQuoteToSalesOrder", {"QuoteId": quote_id, "ColumnSet": _NO_COLUMNS})
        row = self.remote.row(f"salesorders?$select=ordernumber&$filter=salesorderid eq {made['salesorderid']}")
        if submit:
            self.submit(row["ordernumber"])
        return str(row["ordernumber"])

    def line_of(self, quote_id: str) -> str:
        """The id of the only line."""
        return str(
            self.remote.row(f"quotedetails?$select=quotedetailid&$filter=_quoteid_value eq {quote_id}")["quotedetailid"]
        )

    def _act(self, method: str, path: str, body: dict[str, Any]) -> Any:
        return self.remote.call(method, path, body, MSCRMCallerID=self._user()).answer
