"""The bound actions of API v2.0, by entity set and name as people may spell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.business_central import errors, invoices, jobs, posting, quotes, supply
from sandbox.business_central.schema import Entity
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

Action = Callable[[Company, Row], object]

_ACTIONS: Mapping[str, Mapping[str, Action]] = {
    "salesOrders": {"shipAndInvoice": posting.ship_and_invoice},
    "salesQuotes": {"makeOrder": quotes.make_order, "makeInvoice": quotes.make_invoice, "send": quotes.send},
    "salesInvoices": {
        "post": invoices.post,
        "postAndSend": invoices.post_and_send,
        "send": invoices.send,
        "cancel": invoices.cancel,
        "cancelAndSend": invoices.cancel_and_send,
        "makeCorrectiveCreditMemo": invoices.make_corrective_credit_memo,
    },
    "purchaseOrders": {"receiveAndInvoice": supply.receive_and_invoice},
    "jobQueueEntries": {"restart": jobs.restart},
}


def find(entity: Entity, name: str) -> Action:
    """The action of a name, whatever its case. Raises Refused where the set has none at all, or none of that name."""
    if not entity.actions:
        raise errors.Refused(501, "BadRequest_MethodNotImplemented", f"'{entity.name}' has no bound actions.")
    for known, action in _ACTIONS[entity.set_name].items():
        if known.lower() == name.lower():
            return action
    raise errors.segment_missing(f"Microsoft.NAV.{name}")
