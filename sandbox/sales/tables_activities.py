"""The activity rows that closing a quote, an order or an opportunity leaves behind."""

from __future__ import annotations

from sandbox.sales.model import State, Table, table

_STATES = {
    0: State("Open", 1, {1: "Open"}),
    1: State("Completed", 2, {2: "Completed"}),
    2: State("Canceled", 3, {3: "Canceled"}),
}


def _close(name: str, otc: int, columns: str) -> Table:
    return table(
        name,
        f"{name}s",
        key="activityid",
        otc=otc,
        primary_name="subject",
        both="subject:text200 description:memo actualstart:moment actualend:moment category:text250 ownerid:>owner "
        + columns,
        read="activitytypecode:text100 transactioncurrencyid:>transactioncurrency exchangerate:decimal",
        states=_STATES,
        state_on_create=True,
        tracked=False,
    )


QUOTE_CLOSE = _close("quoteclose", 4211, "quoteid:>quote quotenumber:text100 revision:integer")
ORDER_CLOSE = _close("orderclose", 4209, "salesorderid:>salesorder ordernumber:text100 revision:integer")
OPPORTUNITY_CLOSE = _close("opportunityclose", 4208, "opportunityid:>opportunity actualrevenue:money competitorid:guid")
