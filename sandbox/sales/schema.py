"""All tables of the environment, found by logical name or by entity set, and the labels of choices."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.sales import tables_activities as activities
from sandbox.sales import tables_catalogue as catalogue
from sandbox.sales import tables_documents as documents
from sandbox.sales import tables_platform as platform
from sandbox.sales import tables_security as security
from sandbox.sales import tables_solutions as solutions
from sandbox.sales.model import Table

_ALL = (
    catalogue.ACCOUNT,
    catalogue.CONTACT,
    catalogue.PRODUCT,
    catalogue.UOM_SCHEDULE,
    catalogue.UOM,
    catalogue.PRICE_LEVEL,
    catalogue.PRODUCT_PRICE_LEVEL,
    documents.QUOTE,
    documents.QUOTE_DETAIL,
    documents.SALES_ORDER,
    documents.SALES_ORDER_DETAIL,
    documents.INVOICE,
    documents.INVOICE_DETAIL,
    documents.OPPORTUNITY,
    documents.OPPORTUNITY_PRODUCT,
    activities.QUOTE_CLOSE,
    activities.ORDER_CLOSE,
    activities.OPPORTUNITY_CLOSE,
    platform.CURRENCY,
    security.SYSTEM_USER,
    security.TEAM,
    security.ROLE,
    security.PRIVILEGE,
    security.USER_ROLE,
    security.TEAM_ROLE,
    security.TEAM_MEMBER,
    security.ROLE_PRIVILEGE,
    platform.BUSINESS_UNIT,
    platform.ORGANIZATION,
    platform.BCBI_COMPANY,
    platform.POST,
    platform.ANNOTATION,
    platform.POST_CONFIG,
    platform.CONNECTION,
    platform.ACCOUNT_STATISTICS,
    platform.SERVICE_ENDPOINT,
    platform.SDK_MESSAGE,
    platform.SDK_MESSAGE_FILTER,
    platform.STEP,
    platform.STEP_IMAGE,
    *solutions.TABLES,
)
TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in _ALL})
BY_ENTITY_SET: Mapping[str, Table] = MappingProxyType({t.entity_set: t for t in _ALL})

_SHIPPING = {1: "Airborne", 2: "DHL", 3: "FedEx", 4: "UPS", 5: "Postal Mail", 6: "Full Load", 7: "Will Call"}
_PAYMENT = {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"}
_FREIGHT = {1: "FOB", 2: "No Charge"}
_PRICING_ERRORS = {
    **{0: "None", 1: "Detail Error", 2: "Missing Price Level", 3: "Inactive Price Level", 4: "Missing Quantity"},
    **{5: "Missing Unit Price", 6: "Missing Product", 10: "Missing UOM", 11: "Product Not In Price Level"},
    **{12: "Missing Price Level Amount", 25: "Price Calculation Error", 34: "Invalid Price Level Currency"},
}
CHOICES: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "paymenttermscode": _PAYMENT,
        "shippingmethodcode": _SHIPPING,
        "address1_shippingmethodcode": _SHIPPING,
        "address2_shippingmethodcode": _SHIPPING,
        "freighttermscode": _FREIGHT,
        "address1_freighttermscode": _FREIGHT,
        "address2_freighttermscode": _FREIGHT,
        "prioritycode": {1: "Default Value"},
        "product.producttypecode": {
            1: "Sales Inventory",
            2: "Miscellaneous Charges",
            3: "Services",
            4: "Flat Fees",
        },
        "producttypecode": {1: "Product", 2: "Bundle", 3: "Required Bundle Product", 4: "Optional Bundle Product"},
        "productstructure": {1: "Product", 2: "Product Family", 3: "Product Bundle"},
        "pricingerrorcode": _PRICING_ERRORS,
        "skippricecalculation": {0: "DoPriceCalcAlways", 1: "SkipPriceCalcOnRetrieve"},
        "source": {1: "Auto Post", 2: "Manual Post"},
        "type": {
            **{1: "Check-in", 2: "Idea", 3: "News", 4: "Private Message", 5: "Question", 6: "Re-post", 7: "Status"}
        },
        "stage": {10: "Pre-validation", 20: "Pre-operation", 40: "Post-operation"},
        "mode": {0: "Synchronous", 1: "Asynchronous"},
        "imagetype": {0: "PreImage", 1: "PostImage", 2: "Both"},
        "authtype": {1: "ACS", 2: "SASKey", 3: "SASToken", 4: "WebhookKey", 5: "HttpHeader", 6: "HttpQueryString"},
        "discountcalculationmethod": {0: "Line Item", 1: "Per Unit"},
        "webresourcetype": solutions.WEB_RESOURCE_TYPES,
        "componenttype": solutions.COMPONENT_TYPES,
    }
)
"""Values a choice column accepts, by column name or ``table.column``; a column that is not here accepts any number."""


def choice_labels(table: str, column: str) -> Mapping[int, str] | None:
    """Value to label, or None for a choice whose values the sandbox does not know."""
    return CHOICES.get(f"{table}.{column}") or CHOICES.get(column)
