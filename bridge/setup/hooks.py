"""Webhooks of both systems, leading to the gateway: registered once, corrected when asked again, renewed by a job.

A webhook only wakes a job that would run anyway, so one that cannot be had costs time and nothing else. Business
Central drops subscriptions after three days, and silently when deliveries fail: the job RENEW-HOOKS looks every hour,
extends what nears its end and registers what is gone. Where the gateway is, it learns from what stands in Sales.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from bridge.clients.business_central import BusinessCentral, Subscription
from bridge.clients.errors import NotFound, Refused
from bridge.clients.sales import Sales
from bridge.context import CompanyContext, Outcome
from bridge.errors import BridgeError
from bridge.records import Company, Side
from bridge.secrets import hook_secret

RESOURCES = (
    "salesOrders",
    "salesInvoices",
    "salesShipments",
    "items",
    "itemLedgerEntries",
    "purchaseOrders",
    "transferOrders",
)
"""What Business Central shall tell of."""
NOT_EVERYWHERE = frozenset({"salesShipments", "itemLedgerEntries", "purchaseOrders", "transferOrders"})
"""Not every environment offers these for webhooks; the timers find their changes all the same."""
RENEW_BEFORE = timedelta(hours=36)
"""Half of a subscription's life: two chances are left when one renewal fails."""

ENDPOINT_NAME = "Sales bridge"
KEY_HEADER = "x-bridge-key"
STEPS = (("salesorder", "Create"), ("salesorder", "Update"), ("quote", "Update"))
"""What Sales shall tell of: a new quote is a Draft, which nobody waits for."""
_SALES_PATH, _BC_PATH = "/hooks/sales", "/hooks/business-central"
_WEBHOOK, _BY_HEADER = 8, 5
_AFTER_THE_CHANGE, _ASYNCHRONOUS = 40, 1


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one webhook: ``registered``, ``renewed``, ``corrected``, ``unchanged``, ``not offered`` or
    ``refused``; ``note`` is the system's reason for the last two."""

    system: str
    what: str
    result: str
    note: str = ""


class HookRefused(BridgeError):
    """Business Central does not take a webhook; until it does, changes are found by the timers alone."""

    code = "HookRefused"
    heals_by_itself = True

    def __init__(self, hook: Registered, url: str) -> None:
        super().__init__(
            f"{hook.system} does not take the webhook for {hook.what}: {hook.note.rstrip('. ')}.",
            advice=f"Make sure that {url} can be reached from there, or register another address: "
            "python -m bridge setup hooks --gateway-url URL",
        )


def register_hooks(
    business_central: BusinessCentral,
    sales: Sales,
    companies: Sequence[Company],
    gateway_url: str,
    secret_key: str,
    now: datetime,
) -> list[Registered]:
    """Register every webhook of both systems. Repeatable; leaves nothing double. Raises RemoteError."""
    known = business_central.subscriptions()
    state = hook_secret(secret_key, Side.BUSINESS_CENTRAL)
    done = [
        _subscribed(business_central, company, entity_set, gateway_url + _BC_PATH, state, known, renew_until=None)
        for company in companies
        for entity_set in RESOURCES
    ]
    if all(one.result in ("not offered", "refused") for one in done):
        # none at all: that is no matter of what this environment offers, most often the gateway cannot be reached
        done = [replace(one, result="refused") for one in done]
    return done + _registered_in_sales(sales, gateway_url + _SALES_PATH, hook_secret(secret_key, Side.SALES))


def renew_hooks(ctx: CompanyContext) -> Outcome:
    """Extend what nears its end in one company and register again what has vanished. Does nothing before ``setup
    hooks`` has been run. Raises RemoteError, HookRefused."""
    endpoint = _endpoint(ctx.sales)
    if endpoint is None:
        return Outcome(notes=("No webhooks are registered; python -m bridge setup hooks does it.",))
    url = str(endpoint["url"]).removesuffix(_SALES_PATH) + _BC_PATH
    business_central = BusinessCentral(ctx.bc.transport)
    known = business_central.subscriptions()
    state = hook_secret(ctx.settings.secret_key.get_secret_value(), Side.BUSINESS_CENTRAL)
    until = ctx.clock() + RENEW_BEFORE
    done = [
        _subscribed(business_central, ctx.company, entity_set, url, state, known, renew_until=until)
        for entity_set in RESOURCES
    ]
    refused = next((one for one in done if one.result == "refused"), None)
    if refused is not None:
        raise HookRefused(refused, url)
    return Outcome(counts=dict(Counter(one.result for one in done)))


def _subscribed(
    business_central: BusinessCentral,
    company: Company,
    entity_set: str,
    url: str,
    state: str,
    known: Iterable[Subscription],
    *,
    renew_until: datetime | None,
) -> Registered:
    """Bring one subscription about. With ``renew_until`` one that lives longer than that is left as it is."""
    resource = business_central.in_company(company).resource(entity_set)
    system, what, result = "Business Central", f"{entity_set} of {company.name}", "registered"
    try:
        for one in known:
            if not _same_resource(one.resource, resource):
                continue
            if one.url == url and one.client_state in ("", state):
                if renew_until is not None and _expires(one) > renew_until:
                    return Registered(system, what, "unchanged")
                business_central.renew(one.id)
                return Registered(system, what, "renewed")
            if one.url == url or one.client_state == state:  # ours, with an older secret or for an older address
                business_central.unsubscribe(one.id)
                result = "corrected"
        business_central.subscribe(resource, url, state)
    except (Refused, NotFound) as error:
        return Registered(system, what, "not offered" if entity_set in NOT_EVERYWHERE else "refused", error.text)
    return Registered(system, what, result)


def _same_resource(found: str, wanted: str) -> bool:
    """Business Central may answer with a whole address or a path, and in its own case."""
    return urlsplit(found).path.lower().endswith(wanted.lower().lstrip("/"))


def _expires(subscription: Subscription) -> datetime:
    return datetime.fromisoformat(subscription.expires)


def _endpoint(sales: Sales) -> dict[str, object] | None:
    rows = sales.rows(
        "serviceendpoints",
        purpose="find webhook",
        select=("serviceendpointid", "name", "url"),
        filter=f"contract eq {_WEBHOOK} and name eq '{ENDPOINT_NAME}'",
    )
    return next(iter(rows), None)


def _registered_in_sales(sales: Sales, url: str, secret: str) -> list[Registered]:
    header = f"<settings><setting name={quoteattr(KEY_HEADER)} value={quoteattr(secret)} /></settings>"
    wanted = {"name": ENDPOINT_NAME, "url": url, "contract": _WEBHOOK, "authtype": _BY_HEADER, "authvalue": header}
    endpoint = _endpoint(sales)
    if endpoint is None:
        endpoint_id = sales.create("serviceendpoints", wanted, purpose="register webhook")
    else:
        # the secret cannot be read back: it is written again each time, so that both ends surely agree
        endpoint_id = str(endpoint["serviceendpointid"])
        sales.update("serviceendpoints", endpoint_id, wanted, purpose="correct webhook")
    done = [Registered("Sales", url, "registered" if endpoint is None else "corrected")]
    return done + [_step(sales, table, message, endpoint_id) for table, message in STEPS]


def _step(sales: Sales, table: str, message: str, endpoint_id: str) -> Registered:
    what = f"{message} of {table}"
    name = f"{ENDPOINT_NAME}: {what}"
    known = sales.rows(
        "sdkmessageprocessingsteps",
        purpose="find webhook step",
        select=("sdkmessageprocessingstepid",),
        filter=f"name eq '{name}'",
    )
    if next(iter(known), None) is not None:
        return Registered("Sales", what, "unchanged")
    message_id = _only(sales, "sdkmessages", "sdkmessageid", f"name eq '{message}'")
    filter_id = _only(
        sales,
        "sdkmessagefilters",
        "sdkmessagefilterid",
        f"_sdkmessageid_value eq {message_id} and primaryobjecttypecode eq '{table}'",
    )
    if not message_id or not filter_id:
        return Registered("Sales", what, "refused", f"Sales knows no message {what}.")
    body: dict[str, object] = {
        "name": name,
        "stage": _AFTER_THE_CHANGE,
        "mode": _ASYNCHRONOUS,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_id})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})",
    }
    if message == "Update":
        body["filteringattributes"] = "statecode,statuscode"
    sales.create("sdkmessageprocessingsteps", body, purpose="register webhook step")
    return Registered("Sales", what, "registered")


def _only(sales: Sales, entity_set: str, key: str, condition: str) -> str:
    rows = sales.rows(entity_set, purpose="find webhook message", select=(key,), filter=condition)
    row = next(iter(rows), None)
    return str(row[key]) if row is not None else ""
