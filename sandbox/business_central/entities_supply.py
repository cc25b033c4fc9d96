"""The entity sets of API v2.0 for what comes in and moves, and those of the office: accounts, jobs, attachments."""

from __future__ import annotations

from sandbox.business_central.properties import (
    JOB,
    JOB_ENUMS,
    LINE_IDS,
    LINE_TYPES,
    LINE_WAYS,
    ORDER_STATUS,
    STAMPED,
    WRITE,
)
from sandbox.business_central.readers import document_status, fully_received, id_by, outstanding
from sandbox.business_central.schema import Entity, Navigation, fields, navigations

SUPPLY = (
    Entity(
        "purchaseOrders", "purchaseOrder", "purchaseHeaders", "Purchase Header",
        fields(f"{STAMPED}, number code20 ro, orderDate date, postingDate date, vendorId guid, vendorNumber code20, "
               "vendorName text100 ro, currencyCode code10 ro, requestedReceiptDate date, "
               "status purchaseOrderEntityBufferStatus ro, fullyReceived bool ro",
               purchaseOrderEntityBufferStatus=ORDER_STATUS),
        computed={
            "status": document_status, "fullyReceived": fully_received,
            "vendorId": id_by("vendors", "number", "vendorNumber"),
        },
        verbs=WRITE, actions=frozenset({"receiveAndInvoice"}), notifies=True,
        navigations=navigations(
            Navigation("vendor", "vendors", key="vendorId"),
            Navigation("purchaseOrderLines", "purchaseOrderLines", foreign="documentId"),
        ),
    ),
    Entity(
        "purchaseOrderLines", "purchaseOrderLine", "purchaseLines", "Purchase Line",
        fields("id guid ro, documentId guid create, sequence int create, itemId guid, accountId guid, "
               "lineType invoiceLineAggLineType, lineObjectNumber code20 create, description text100, "
               "unitOfMeasureId guid, unitOfMeasureCode code10, quantity dec, directUnitCost dec, "
               "expectedReceiptDate date, receivedQuantity dec ro, invoicedQuantity dec ro, receiveQuantity dec, "
               "invoiceQuantity dec, itemVariantId guid, locationId guid", invoiceLineAggLineType=LINE_TYPES),
        computed=LINE_IDS, verbs=WRITE, parent="documentId",
        navigations=navigations(*LINE_WAYS, Navigation("purchaseOrder", "purchaseOrders", key="documentId")),
    ),
    Entity(
        "transferOrders", "transferOrder", "transferHeaders", "Transfer Header",
        fields(f"{STAMPED}, number code20 ro, transferFromCode code10 ro, transferToCode code10 ro, "
               "inTransitCode code10 ro, status transferStatus ro, shipmentDate date ro, receiptDate date ro",
               transferStatus=("Open", "Released")),
        navigations=navigations(Navigation("transferOrderLines", "transferOrderLines", foreign="documentId")),
        notifies=True,
    ),
    Entity(
        "transferOrderLines", "transferOrderLine", "transferLines", "Transfer Line",
        fields(f"{STAMPED}, documentId guid ro, documentNumber code20 ro, lineNumber int ro, itemNumber code20 ro, "
               "variantCode code10 ro, quantity dec ro, outstandingQuantity dec ro, quantityShipped dec ro, "
               "quantityReceived dec ro"),
        computed={"outstandingQuantity": outstanding("quantityShipped")},
        navigations=navigations(Navigation("transferOrder", "transferOrders", key="documentId")),
    ),
    Entity(
        "accounts", "account", "accounts", "G/L Account",
        fields(f"{STAMPED}, number code20 ro, displayName text100 ro, category text30 ro, blocked bool ro"),
        notifies=True,
    ),
    Entity(
        "jobQueueEntries", "jobQueueEntry", "jobQueueEntries", "Job Queue Entry", fields(JOB, **JOB_ENUMS),
        computed={"jobQueueEntryId": lambda company, row: row["id"]}, actions=frozenset({"restart"}),
    ),
    Entity(
        "documentAttachments", "documentAttachment", "documentAttachments", "Document Attachment",
        fields(f"{STAMPED}, parentId guid create, parentType attachmentParentType create, fileName text250, "
               "byteSize int ro, lineNumber int",
               attachmentParentType=(
                   "", "Sales Order", "Sales Quote", "Sales Invoice", "Purchase Order", "Item", "Customer", "Vendor",
               )),
        verbs=WRITE, parent="parentId",
    ),
)  # fmt: skip
