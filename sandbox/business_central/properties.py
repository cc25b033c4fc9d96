"""What entity sets of both APIs have in common: lists of properties, enumerations, ids behind codes, ways to others."""

from __future__ import annotations

from sandbox.business_central.readers import (
    base_unit,
    currency_code,
    id_by,
    inventory,
    object_id,
    variant_id,
)
from sandbox.business_central.schema import Entity, Navigation, fields

READ = frozenset({"GET"})
WRITE = frozenset({"GET", "POST", "PATCH", "DELETE"})
UPDATE = frozenset({"GET", "PATCH"})

STAMPED = "id guid ro, lastModifiedDateTime moment ro"
BLOCKED = ("", "Ship", "Invoice", "All")
CONTACT_TYPES = ("Company", "Person")
ITEM_TYPES = ("Inventory", "Service", "Non-Inventory")
LINE_TYPES = ("Comment", "Account", "Item", "Resource", "Fixed Asset", "Charge", "Allocation Account")
ENTRY_TYPES = (
    "Purchase", "Sale", "Positive Adjmt.", "Negative Adjmt.", "Transfer", "Consumption", "Output", "",
    "Assembly Consumption", "Assembly Output",
)  # fmt: skip
LEDGER_DOCUMENTS = (
    "", "Sales Shipment", "Sales Invoice", "Sales Return Receipt", "Sales Credit Memo", "Purchase Receipt",
    "Purchase Invoice", "Purchase Return Shipment", "Purchase Credit Memo", "Transfer Shipment", "Transfer Receipt",
)  # fmt: skip

ITEM = """
    id guid ro, number code20, displayName text100, displayName2 text50, type itemType, itemCategoryId guid,
    itemCategoryCode code20, blocked bool, gtin code14, inventory dec, unitPrice dec, priceIncludesTax bool,
    unitCost dec, taxGroupId guid, taxGroupCode code20, baseUnitOfMeasureId guid, baseUnitOfMeasureCode code10,
    generalProductPostingGroupId guid, generalProductPostingGroupCode code20, inventoryPostingGroupId guid,
    inventoryPostingGroupCode code20, lastModifiedDateTime moment ro
"""
CUSTOMER = """
    id guid ro, number code20, displayName text100, type contactType, addressLine1 text100, addressLine2 text50,
    city text30, state text30, country code10, postalCode code20, phoneNumber text30, email text80, website text255,
    salespersonCode code20, balanceDue dec ro, creditLimit dec, taxLiable bool, taxAreaId guid,
    taxAreaDisplayName text ro, taxRegistrationNumber text20, currencyId guid, currencyCode code10, paymentTermsId guid,
    shipmentMethodId guid, paymentMethodId guid, blocked customerBlocked, lastModifiedDateTime moment ro
"""
SELL_TO = """
    sellToAddressLine1 text100, sellToAddressLine2 text50, sellToCity text30, sellToCountry code10, sellToState text30,
    sellToPostCode code20
"""
SHIP_TO = """
    shipToName text100, shipToContact text100, shipToAddressLine1 text100, shipToAddressLine2 text50, shipToCity text30,
    shipToCountry code10, shipToState text30, shipToPostCode code20
"""
BILL_TO = """
    billToName text100 ro, billToAddressLine1 text100 ro, billToAddressLine2 text50 ro, billToCity text30 ro,
    billToCountry code10 ro, billToState text30 ro, billToPostCode code20 ro
"""
PARTIES = f"""
    customerId guid, customerNumber code20, customerName text100 ro, billToCustomerId guid, billToCustomerNumber code20,
    {BILL_TO}, {SELL_TO}, {SHIP_TO}
"""
VENDOR = """
    id guid ro, number code20, displayName text100, addressLine1 text100, addressLine2 text50, city text30,
    state text30, country code10, postalCode code20, phoneNumber text30, email text80, website text255,
    taxRegistrationNumber text20, currencyId guid, currencyCode code10, paymentTermsId guid, paymentMethodId guid,
    blocked vendorBlocked, lastModifiedDateTime moment ro
"""
CONTACT = """
    id guid ro, number code20, type contactType, displayName text100, jobTitle text30, companyNumber code20,
    addressLine1 text100, addressLine2 text50, city text30, state text30, country code10, postalCode code20,
    phoneNumber text30, mobilePhoneNumber text30, email text80, website text255, searchName code100,
    privacyBlocked bool
"""
TOTALS = """
    discountAmount dec, discountAppliedBeforeTax bool ro, totalAmountExcludingTax dec ro, totalTaxAmount dec ro,
    totalAmountIncludingTax dec ro
"""
SALES_ORDER = f"""
    id guid ro, number code20 ro, externalDocumentNumber code35, orderDate date, postingDate date, {PARTIES},
    shortcutDimension1Code code20, shortcutDimension2Code code20, currencyId guid, currencyCode code10,
    pricesIncludeTax bool, paymentTermsId guid, shipmentMethodId guid, salesperson code20, partialShipping bool,
    requestedDeliveryDate date, {TOTALS}, fullyShipped bool, status salesOrderEntityBufferStatus ro,
    lastModifiedDateTime moment ro, phoneNumber text30, email text80
"""
SALES_QUOTE = f"""
    id guid ro, number code20 ro, externalDocumentNumber code35, documentDate date, postingDate date, dueDate date,
    {PARTIES.replace(" ro", "").replace("customerName text100", "customerName text100 ro")},
    shortcutDimension1Code code20, shortcutDimension2Code code20, currencyId guid, currencyCode code10,
    paymentTermsId guid, shipmentMethodId guid, salesperson code20, discountAmount dec, totalAmountExcludingTax dec ro,
    totalTaxAmount dec ro, totalAmountIncludingTax dec ro, status salesQuoteEntityBufferStatus ro, sentDate moment ro,
    validUntilDate date, acceptedDate date ro, lastModifiedDateTime moment ro, phoneNumber text30, email text80
"""
LINE = """
    id guid ro, documentId guid create, sequence int create, itemId guid, accountId guid,
    lineType invoiceLineAggLineType, lineObjectNumber code20 create, description text100, description2 text50,
    unitOfMeasureId guid,
    unitOfMeasureCode code10, unitPrice dec, quantity dec, discountAmount dec, discountPercent dec,
    discountAppliedBeforeTax bool ro, amountExcludingTax dec ro, taxCode code50, taxPercent dec ro,
    totalTaxAmount dec ro, amountIncludingTax dec ro, invoiceDiscountAllocation dec ro, netAmount dec ro,
    netTaxAmount dec ro, netAmountIncludingTax dec ro, shipmentDate date, itemVariantId guid, locationId guid
"""
SALES_INVOICE = f"""
    id guid ro, number code20 ro, externalDocumentNumber code35, invoiceDate date, postingDate date, dueDate date,
    promisedPayDate date, customerPurchaseOrderReference text35, {PARTIES}, shortcutDimension1Code code20,
    shortcutDimension2Code code20, disputeStatusId guid, disputeStatus code10, currencyId guid, currencyCode code10,
    orderId guid ro, orderNumber code20 ro, paymentTermsId guid, shipmentMethodId guid, salesperson code20,
    pricesIncludeTax bool ro, remainingAmount dec ro, {TOTALS}, status invoiceEntityAggregateStatus ro,
    lastModifiedDateTime moment ro, phoneNumber text30, email text80
"""
SALES_SHIPMENT = f"""
    id guid, number code20, externalDocumentNumber code35, invoiceDate date, postingDate date, dueDate date,
    customerPurchaseOrderReference text35, {PARTIES}, currencyCode code10, orderNumber code20, paymentTermsCode code10,
    shipmentMethodCode code10, salesperson code20, pricesIncludeTax bool, lastModifiedDateTime moment,
    phoneNumber text30, email text80
"""
JOB = """
    id guid ro, jobQueueEntryId guid ro, userId text65 ro, lastReadyState moment ro, expirationDateTime moment ro,
    earliestStartDateTime moment ro, referenceStartingTime moment ro, userSessionStarted moment ro,
    objectTypeToRun jobObjectType ro, objectIdToRun int ro, objectCaptionToRun text250 ro,
    reportOutputType jobReportOutputType ro, recordIdToProcess text ro, nextRunDateFormula text32 ro,
    startingTime text30 ro, endingTime text30 ro, runInUserSession bool ro, userSessionId int ro,
    userServiceInstanceId int ro, notifyOnSuccess bool ro, userLanguageId int ro, printerName text250 ro,
    reportRequestPageOptions bool ro, manualRecurrence bool ro, jobTimeOut text ro,
    priorityWithinCategory jobQueuePriority ro, maxNumberAttemptsToRun int ro, numberOfAttemptsToRun int ro,
    status jobQueueStatus ro, parameterString text250 ro, recurringJob bool ro, numberOfMinutesBetweenRuns int ro,
    runOnMonday bool ro, runOnTuesday bool ro, runOnWednesday bool ro, runOnThursday bool ro, runOnFridays bool ro,
    runOnSaturdays bool ro, runOnSundays bool ro, description text250 ro, jobQueueCategoryCode code10 ro,
    errorMessage text2048 ro, rerunDelay int ro, systemTaskId guid ro, scheduled bool ro,
    lastModifiedDateTime moment ro
"""
JOB_ENUMS = {
    "jobObjectType": ("Report", "Codeunit"),
    "jobReportOutputType": ("PDF", "Word", "Excel", "Print", "None (Processing only)"),
    "jobQueuePriority": ("Normal", "High", "Low"),
    "jobQueueStatus": (
        "Ready", "In Process", "Error", "On Hold", "Finished", "On Hold with Inactivity Timeout", "Waiting",
    ),
}  # fmt: skip
SALES_LINE_TYPES = (
    "", "Comment", "G/L Account", "Item", "Resource", "Fixed Asset", "Charge (Item)", "Title", "Begin-Total",
    "End-Total", "New Page", "Allocation Account",
)  # fmt: skip
RELATIONS = ("", "Customer", "Vendor", "Bank Account", "Employee", "None", "Other", "Multiple")
OPPORTUNITY_STATUS = ("Not Started", "In Progress", "Won", "Lost")
INVOICE_STATUS = ("", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective")
ORDER_STATUS = ("Draft", "In Review", "Open")
QUOTE_STATUS = ("Draft", "Sent", "Accepted", "Expired ")
"""The last one really ends in a blank."""

DOCUMENT_IDS = {
    "customerId": id_by("customers", "number", "customerNumber"),
    "billToCustomerId": id_by("customers", "number", "billToCustomerNumber"),
    "currencyId": id_by("currencies", "code", "currencyCode"),
    "currencyCode": currency_code,
    "paymentTermsId": id_by("paymentTerms", "code", "paymentTermsCode"),
    "shipmentMethodId": id_by("shipmentMethods", "code", "shipmentMethodCode"),
}
LINE_IDS = {
    "itemId": object_id("Item", "items"),
    "accountId": object_id("Account", "accounts"),
    "unitOfMeasureId": id_by("unitsOfMeasure", "code", "unitOfMeasureCode"),
    "itemVariantId": variant_id,
    "locationId": id_by("locations", "code", "locationCode"),
}
ITEM_IDS = {
    "inventory": inventory,
    "baseUnitOfMeasureId": base_unit,
    "itemCategoryId": id_by("itemCategories", "code", "itemCategoryCode"),
    "taxGroupId": id_by("taxGroups", "code", "taxGroupCode"),
    "inventoryPostingGroupId": id_by("inventoryPostingGroups", "code", "inventoryPostingGroupCode"),
    "generalProductPostingGroupId": id_by("generalProductPostingGroups", "code", "generalProductPostingGroupCode"),
}
CUSTOMER_IDS = {
    "currencyId": id_by("currencies", "code", "currencyCode"),
    "currencyCode": currency_code,
    "paymentTermsId": id_by("paymentTerms", "code", "paymentTermsCode"),
    "shipmentMethodId": id_by("shipmentMethods", "code", "shipmentMethodCode"),
    "paymentMethodId": id_by("paymentMethods", "code", "paymentMethodCode"),
}
VENDOR_IDS = {name: CUSTOMER_IDS[name] for name in ("currencyId", "currencyCode", "paymentTermsId", "paymentMethodId")}
ATTACHMENTS = Navigation("documentAttachments", "documentAttachments", foreign="parentId")
LINE_WAYS = (
    Navigation("item", "items", key="itemId"),
    Navigation("unitOfMeasure", "unitsOfMeasure", key="unitOfMeasureId"),
    Navigation("itemVariant", "itemVariants", key="itemVariantId"),
    Navigation("location", "locations", key="locationId"),
)
DOCUMENT_WAYS = (
    Navigation("customer", "customers", key="customerId"),
    Navigation("currency", "currencies", key="currencyId"),
    Navigation("paymentTerm", "paymentTerms", key="paymentTermsId"),
    Navigation("shipmentMethod", "shipmentMethods", key="shipmentMethodId"),
)


def without(text: str, *names: str) -> str:
    """A list of properties that leaves some out."""
    parts = [part.strip() for part in text.replace("\n", " ").split(",")]
    return ", ".join(part for part in parts if part.split()[0] not in names)


def code_table(set_name: str, name: str, title: str, more: str, *, length: int = 10) -> Entity:
    """A small table of codes: id, code, stamp and a few properties more."""
    properties = fields(f"id guid ro, code code{length}, {more}, lastModifiedDateTime moment ro")
    return Entity(set_name, name, set_name, title, properties, verbs=WRITE, notifies=True)
