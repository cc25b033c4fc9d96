"""The companion's API pages: supersets of what API v2.0 shows, read in one request per mapping."""

from __future__ import annotations

from sandbox.business_central import figures
from sandbox.business_central import properties as api
from sandbox.business_central.readers import contact_company_name, field_by, id_by, outstanding
from sandbox.business_central.schema import Entity, Navigation, Reader, fields, navigations

VERSIONED = f"{api.STAMPED}, rowVersion int ro"
STATUS = ("Open", "Released", "Pending Approval", "Pending Prepayment")
_MORE_ITEM = """
    unitVolume dec, grossWeight dec, vendorNumber code20, vendorItemNumber text50, vatBusPostingGroupPrice code20,
    rowVersion int ro
"""
_CUSTOMER_CODES = "paymentTermsCode code10, shipmentMethodCode code10, shippingAgentCode code10"

SALES_PRICE_TYPES = ("Customer", "Customer Price Group", "All Customers", "Campaign")
PRICE_SOURCES = ("All Customers", "Customer", "Customer Price Group", "Customer Discount Group", "Contact", "Campaign")
_PRICED = """
    variantCode code10 ro, unitOfMeasureCode code10 ro, currencyCode code10 ro, minimumQuantity dec ro,
    startingDate date ro, endingDate date ro, unitPrice dec ro
"""
_LISTED = "priceType priceType ro, amountType priceAmountType ro, status priceStatus ro"
_LIST_ENUMS = {
    "priceType": ("Any", "Sale", "Purchase"),
    "priceAmountType": ("Any", "Price", "Cost", "Discount"),
    "priceStatus": ("Draft", "Active", "Inactive"),
}
_UNUSED_OF_INVOICES = ("shortcutDimension1Code", "shortcutDimension2Code", "disputeStatusId", "disputeStatus")
"""What API v2.0 shows of an invoice and no mapping uses."""


def _less(declared: str, names: tuple[str, ...]) -> str:
    """Declarations without those of these names."""
    return ", ".join(part.strip() for part in declared.split(",") if part.split()[0] not in names)


_FIGURES: dict[str, Reader] = {
    "balance": figures.balance,
    "outstandingOrders": figures.outstanding_orders,
    "shippedNotInvoiced": figures.shipped_not_invoiced,
    "outstandingInvoices": figures.outstanding_invoices,
    "total": figures.total,
    "overdueAmount": figures.overdue,
    "totalSales": figures.sales_this_year,
}

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
            f"{api.SALES_ORDER.replace('salesOrderEntityBufferStatus', 'realStatus')}, rowVersion int ro, "
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
            invoiceLineAggLineType=api.LINE_TYPES, documentType=("Quote", "Order"),
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
            f"{_less(api.SALES_INVOICE, _UNUSED_OF_INVOICES)}, rowVersion int ro, yourReference text35 ro, "
            "shipmentDate date ro, shippingAgentCode code10 ro, paymentTermsCode code10 ro, "
            "shipmentMethodCode code10 ro, workDescription text ro, currencyFactor dec ro, cancelled bool ro",
            invoiceEntityAggregateStatus=api.INVOICE_STATUS,
        ),
        computed={
            **api.DOCUMENT_IDS,
            "yourReference": lambda company, row: row.get("customerPurchaseOrderReference", ""),
        },
        view=lambda row: row["status"] != "Draft",
        navigations=navigations(
            *api.DOCUMENT_WAYS, Navigation("postedSalesInvoiceLines", "postedSalesInvoiceLines", foreign="documentId")
        ),
        notifies=True,
    ),
    Entity(
        "postedSalesInvoiceLines", "postedSalesInvoiceLine", "salesInvoiceLines", "Sales Invoice Line",
        fields(f"{api.LINE}, {VERSIONED}, type invoiceLineAggLineType ro, documentNumber code20 ro, "
               "invoiceDiscountAmount dec ro",
               invoiceLineAggLineType=api.LINE_TYPES),
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
    Entity(
        "vendorDetails", "vendorDetail", "vendors", "Vendor",
        fields(f"{api.VENDOR}, rowVersion int ro, purchaserCode code20, contactName text100, faxNumber text30, "
               f"mobilePhoneNumber text30, primaryContactNumber code20, {_CUSTOMER_CODES}",
               vendorBlocked=("", "Payment", "All")),
        computed=api.VENDOR_IDS, verbs=api.WRITE, notifies=True,
    ),
    Entity(
        "contactDetails", "contactDetail", "contacts", "Contact",
        fields(f"{api.CONTACT}, lastModifiedDateTime moment ro, rowVersion int ro, firstName text30, "
               "middleName text30, surname text30, companyName text100 ro, faxNumber text30, pager text30, "
               "salespersonCode code20, "
               "currencyCode code10, salutationCode code10, relatedTable contactBusinessRelation ro, "
               "relatedNumber code20 ro",
               contactType=api.CONTACT_TYPES, contactBusinessRelation=api.RELATIONS),
        computed={"companyName": contact_company_name}, verbs=api.WRITE, notifies=True,
    ),
    Entity(
        "opportunityDetails", "opportunityDetail", "opportunities", "Opportunity",
        fields(f"{VERSIONED}, number code20 ro, description text100 ro, contactNumber code20 ro, "
               "contactCompanyNumber code20 ro, salespersonCode code20 ro, status opportunityStatus ro, "
               "creationDate date ro, dateClosed date ro, probability dec ro, estimatedValue dec ro, "
               "calculatedCurrentValue dec ro", opportunityStatus=api.OPPORTUNITY_STATUS),
        computed={
            "contactCompanyNumber": field_by("contacts", "number", "contactNumber", "companyNumber"),
            "probability": lambda company, row: row.get("chancesOfSuccessPrc", 0),
        },
        notifies=True,
    ),
    Entity(
        "customerPriceGroups", "customerPriceGroup", "customerPriceGroups", "Customer Price Group",
        fields(f"{VERSIONED}, code code10 ro, description text100 ro"), notifies=True,
    ),
    Entity(
        "salesPrices", "salesPrice", "salesPrices", "Sales Price",
        fields(f"{VERSIONED}, salesType salesPriceType ro, salesCode code20 ro, itemNumber code20 ro, {_PRICED}",
               salesPriceType=SALES_PRICE_TYPES),
    ),
    Entity(
        "priceListHeaders", "priceListHeader", "priceListHeaders", "Price List Header",
        fields(f"{VERSIONED}, code code20 ro, description text250 ro, {_LISTED}, sourceType priceSourceType ro, "
               "sourceNumber code20 ro, allowUpdatingDefaults bool ro, currencyCode code10 ro, startingDate date ro, "
               "endingDate date ro", **_LIST_ENUMS, priceSourceType=PRICE_SOURCES),
        notifies=True,
    ),
    Entity(
        "priceListLines", "priceListLine", "priceListLines", "Price List Line",
        fields(f"{VERSIONED}, priceListCode code20 ro, lineNumber int ro, {_LISTED}, assetType priceAssetType ro, "
               f"assetNumber code20 ro, {_PRICED}", **_LIST_ENUMS, priceAssetType=("Item", "Resource", "G/L Account")),
    ),
    Entity(
        "customerStatistics", "customerStatistic", "customers", "Customer",
        fields(f"{VERSIONED}, number code20 ro, displayName text100 ro, creditLimit dec ro, overdueAsOf date ro, "
               "lastDetailedEntryNumber int ro, invoicedPrepaymentAmount dec ro, "
               + ", ".join(f"{name} dec ro" for name in _FIGURES)),
        computed={
            **_FIGURES, "overdueAsOf": lambda company, row: company.today(),
            "lastDetailedEntryNumber": figures.last_entry,
        },
    ),
    Entity(
        "customerLedgerActivity", "customerLedgerActivity", "customerEntries", "Detailed Cust. Ledg. Entry",
        fields(f"{VERSIONED}, entryNumber int ro, customerId guid ro, customerNumber code20 ro"),
        computed={"customerId": id_by("customers", "number", "customerNumber")}, notifies=True,
    ),
)  # fmt: skip

BRIDGE = {entity.set_name: entity for entity in _ENTITIES}
