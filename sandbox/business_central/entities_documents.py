"""The entity sets of API v2.0 for quotes, orders, invoices, credit memos and shipments, with their lines."""

from __future__ import annotations

from sandbox.business_central.properties import (
    ATTACHMENTS,
    DOCUMENT_IDS,
    DOCUMENT_WAYS,
    INVOICE_STATUS,
    LINE,
    LINE_IDS,
    LINE_TYPES,
    LINE_WAYS,
    ORDER_STATUS,
    QUOTE_STATUS,
    SALES_INVOICE,
    SALES_LINE_TYPES,
    SALES_ORDER,
    SALES_QUOTE,
    SALES_SHIPMENT,
    WRITE,
    without,
)
from sandbox.business_central.readers import document_status, fully_shipped, id_by, quote_status
from sandbox.business_central.schema import Entity, Navigation, fields, navigations


def _archives(kind: str) -> Entity:
    """Documents of a kind as they were when they were archived."""
    return Entity(
        f"sales{kind}Archives", f"sales{kind}Archive", "archives", "Sales Header Archive",
        fields("id guid ro, number code20 ro, docNoOccurrence int ro, versionNumber int ro, yourReference text35 ro, "
               "externalDocumentNumber code35 ro, customerNumber code20 ro, totalAmountExcludingTax dec ro"),
        view=lambda row: row.get("documentType") == kind,
    )  # fmt: skip


DOCUMENTS = (
    Entity(
        "salesOrders", "salesOrder", "salesHeaders", "Sales Header",
        fields(SALES_ORDER, salesOrderEntityBufferStatus=ORDER_STATUS),
        computed={**DOCUMENT_IDS, "status": document_status, "fullyShipped": fully_shipped}, verbs=WRITE,
        actions=frozenset({"shipAndInvoice"}), view=lambda row: row.get("documentType") == "Order",
        navigations=navigations(
            *DOCUMENT_WAYS, ATTACHMENTS, Navigation("salesOrderLines", "salesOrderLines", foreign="documentId")
        ),
        notifies=True, document="Order",
    ),
    Entity(
        "salesOrderLines", "salesOrderLine", "salesLines", "Sales Line",
        fields(f"{LINE}, shippedQuantity dec ro, invoicedQuantity dec ro, shipQuantity dec, invoiceQuantity dec",
               invoiceLineAggLineType=LINE_TYPES),
        computed=LINE_IDS, verbs=WRITE, parent="documentId",
        view=lambda row: row.get("documentType") == "Order", document="Order",
        navigations=navigations(*LINE_WAYS, Navigation("salesOrder", "salesOrders", key="documentId")),
    ),
    Entity(
        "salesQuotes", "salesQuote", "salesHeaders", "Sales Header",
        fields(SALES_QUOTE, salesQuoteEntityBufferStatus=QUOTE_STATUS),
        computed={**DOCUMENT_IDS, "status": quote_status, "documentDate": lambda company, row: row["orderDate"]},
        verbs=WRITE, actions=frozenset({"makeOrder", "makeInvoice", "send"}),
        view=lambda row: row.get("documentType") == "Quote",
        navigations=navigations(
            *DOCUMENT_WAYS, ATTACHMENTS, Navigation("salesQuoteLines", "salesQuoteLines", foreign="documentId")
        ),
        notifies=True, document="Quote",
    ),
    Entity(
        "salesQuoteLines", "salesQuoteLine", "salesLines", "Sales Line",
        fields(without(LINE, "invoiceDiscountAllocation", "shipmentDate"), invoiceLineAggLineType=LINE_TYPES),
        computed=LINE_IDS, verbs=WRITE, parent="documentId",
        view=lambda row: row.get("documentType") == "Quote", document="Quote",
        navigations=navigations(*LINE_WAYS, Navigation("salesQuote", "salesQuotes", key="documentId")),
    ),
    _archives("Quote"),
    _archives("Order"),
    Entity(
        "salesInvoices", "salesInvoice", "salesInvoices", "Sales Invoice Header",
        fields(SALES_INVOICE, invoiceEntityAggregateStatus=INVOICE_STATUS), computed=DOCUMENT_IDS,
        verbs=WRITE, document="Invoice", actions=frozenset(
            {"post", "postAndSend", "send", "cancel", "cancelAndSend", "makeCorrectiveCreditMemo"}
        ),
        navigations=navigations(
            *DOCUMENT_WAYS, ATTACHMENTS, Navigation("salesInvoiceLines", "salesInvoiceLines", foreign="documentId")
        ),
        notifies=True,
    ),
    Entity(
        "salesInvoiceLines", "salesInvoiceLine", "salesInvoiceLines", "Sales Invoice Line",
        fields(LINE, invoiceLineAggLineType=LINE_TYPES), computed=LINE_IDS, verbs=WRITE, parent="documentId",
        document="Invoice",
        navigations=navigations(*LINE_WAYS, Navigation("salesInvoice", "salesInvoices", key="documentId")),
    ),
    Entity(
        "salesCreditMemos", "salesCreditMemo", "salesCreditMemos", "Sales Cr.Memo Header",
        fields("id guid ro, number code20 ro, externalDocumentNumber code35 ro, creditMemoDate date ro, "
               "postingDate date ro, customerId guid ro, customerNumber code20 ro, customerName text100 ro, "
               "currencyCode code10 ro, invoiceId guid ro, invoiceNumber code20 ro, discountAmount dec ro, "
               "totalAmountExcludingTax dec ro, totalTaxAmount dec ro, totalAmountIncludingTax dec ro, "
               "status salesCreditMemoEntityBufferStatus ro, lastModifiedDateTime moment ro",
               salesCreditMemoEntityBufferStatus=INVOICE_STATUS),
        computed={
            "customerId": DOCUMENT_IDS["customerId"], "currencyCode": DOCUMENT_IDS["currencyCode"],
            "invoiceId": id_by("salesInvoices", "number", "invoiceNumber"),
        },
        notifies=True,
    ),
    Entity(
        "salesShipments", "salesShipment", "salesShipments", "Sales Shipment Header", fields(SALES_SHIPMENT),
        computed={name: DOCUMENT_IDS[name] for name in ("customerId", "billToCustomerId", "currencyCode")},
        navigations=navigations(
            DOCUMENT_WAYS[0], Navigation("salesShipmentLines", "salesShipmentLines", foreign="documentId")
        ),
        notifies=True,
    ),
    Entity(
        "salesShipmentLines", "salesShipmentLine", "salesShipmentLines", "Sales Shipment Line",
        fields("id guid ro, documentId guid ro, documentNo code20 ro, sequence int ro, lineType salesLineType ro, "
               "lineObjectNumber code20 ro, description text100 ro, description2 text50 ro, "
               "unitOfMeasureCode code10 ro, "
               "unitPrice dec ro, quantity dec ro, discountPercent dec ro, taxPercent dec ro, shipmentDate date ro",
               salesLineType=SALES_LINE_TYPES),
    ),
)  # fmt: skip
