"""The companion's API pages: supersets of what API v2.0 shows, read in one request per mapping."""

from __future__ import annotations

from sandbox.business_central import entities as api
from sandbox.business_central.readers import id_by, outstanding
from sandbox.business_central.schema import Entity, Navigation, fields, navigations

VERSIONED = f"{api.STAMPED}, rowVersion int ro"
STATUS = ("Open", "Released", "Pending Approval", "Pending Prepayment")
_MORE_ITEM = """
    unitVolume dec, grossWeight dec, vendorNumber code20, vendorItemNumber text50, vatBusPostingGroupPrice code20,
    rowVersion int ro
"""
_CUSTOMER_CODES = "paymentTermsCode code10, shipmentMethodCode code10, shippingAgentCode code10"

_ENTITIES = (
    Entity(
        "itemDetails", "itemDetail", "items", "Item", fields(f"{api.ITEM}, {_MORE_ITEM}", itemType=api.ITEM_TYPES),
        computed=api.ITEM_IDS, verbs=api.WRITE, notifies=True,
    ),
    Entity(
        "resources", "resource", "resources", "Resource",
        fields(f"{VERSIONED}, number code20 ro, name text100, type resourceType ro, baseUnitOfMeasureCode code10 ro, "
               "unitPrice dec ro, unitCost dec ro, vendorNumber code20 ro, capacity dec ro, blocked bool",
               resourceType=("Person", "Machine")),
        verbs=api.UPDATE, notifies=True,
    ),
    Entity(
        "customerDetails", "customerDetail", "customers", "Customer",
        fields(f"{api.CUSTOMER}, rowVersion int ro, contactName text100, faxNumber text30, mobilePhoneNumber text30, "
               f"primaryContactNumber code20, {_CUSTOMER_CODES}",
               contactType=api.CONTACT_TYPES, customerBlocked=api.BLOCKED),
        computed=api.CUSTOMER_IDS, verbs=api.WRITE, notifies=True,
    ),
    Entity(
        "shippingAgents", "shippingAgent", "shippingAgents", "Shipping Agent",
        fields(f"{VERSIONED}, code code10 ro, displayName text50 ro"), notifies=True,
    ),
    Entity(
        "salesDocuments", "salesDocument", "salesHeaders", "Sales Header",
        fields(
            f"{api.SALES_ORDER.replace('status orderStatus ro', 'status realStatus ro')}, rowVersion int ro, "
            "documentType documentType ro, yourReference text35 ro, quoteNumber code20 ro, "
            "shippingAgentCode code10 ro, paymentTermsCode code10 ro, shipmentMethodCode code10 ro, "
            "paymentDiscountPercent dec ro, workDescription text ro, lastShipmentDate date ro, validUntilDate date ro",
            realStatus=STATUS, documentType=("Quote", "Order"),
        ),
        computed=api.DOCUMENT_IDS, notifies=True,
        navigations=navigations(
            *api.DOCUMENT_WAYS, Navigation("salesDocumentLines", "salesDocumentLines", foreign="documentId")
        ),
    ),
    Entity(
        "salesDocumentLines", "salesDocumentLine", "salesLines", "Sales Line",
        fields(
            f"{api.LINE}, {VERSIONED}, documentType documentType ro, documentNumber code20 ro, itemNumber code20 ro, "
            "variantCode code10 ro, locationCode code10 ro, outstandingQuantity dec ro, shippedQuantity dec ro, "
            "invoicedQuantity dec ro, shipQuantity dec ro, invoiceQuantity dec ro, attachedToLineNumber int ro",
            lineType=api.LINE_TYPES, documentType=("Quote", "Order"),
        ),
        computed={
            **api.LINE_IDS,
            "outstandingQuantity": outstanding("shippedQuantity"),
            "itemNumber": lambda company, row: row.get("lineObjectNumber", "") if row["lineType"] == "Item" else "",
        },
        navigations=navigations(*api.LINE_WAYS, Navigation("salesDocument", "salesDocuments", key="documentId")),
    ),
    Entity(
        "postedSalesInvoices", "postedSalesInvoice", "salesInvoices", "Sales Invoice Header",
        fields(
            f"{api.SALES_INVOICE}, rowVersion int ro, yourReference text35 ro, shipmentDate date ro, "
            "shippingAgentCode code10 ro, paymentTermsCode code10 ro, shipmentMethodCode code10 ro, "
            "workDescription text ro, currencyFactor dec ro, cancelled bool ro",
            invoiceStatus=api.INVOICE_STATUS,
        ),
        computed={
            **api.DOCUMENT_IDS,
            "yourReference": lambda company, row: row.get("customerPurchaseOrderReference", ""),
        },
        navigations=navigations(
            *api.DOCUMENT_WAYS, Navigation("postedSalesInvoiceLines", "postedSalesInvoiceLines", foreign="documentId")
        ),
        notifies=True,
    ),
    Entity(
        "postedSalesInvoiceLines", "postedSalesInvoiceLine", "salesInvoiceLines", "Sales Invoice Line",
        fields(f"{api.LINE}, {VERSIONED}, type lineType ro, documentNumber code20 ro, invoiceDiscountAmount dec ro",
               lineType=api.LINE_TYPES),
        computed={
            **api.LINE_IDS,
            "type": lambda company, row: row["lineType"],
            "invoiceDiscountAmount": lambda company, row: row.get("invoiceDiscountAllocation", 0),
        },
        navigations=navigations(*api.LINE_WAYS),
    ),
    Entity(
        "itemLedgerFeed", "itemLedgerFeedEntry", "itemLedgerEntries", "Item Ledger Entry",
        fields(f"{VERSIONED}, entryNumber int ro, itemId guid ro, itemNumber code20 ro, variantCode code10 ro, "
               "locationCode code10 ro, quantity dec ro, remainingQuantity dec ro, open bool ro, postingDate date ro"),
        computed={
            "itemId": id_by("items", "number", "itemNumber"),
        },
        navigations=navigations(Navigation("item", "itemDetails", key="itemId")), notifies=True,
    ),
)  # fmt: skip

BRIDGE = {entity.set_name: entity for entity in _ENTITIES}
