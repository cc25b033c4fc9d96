"""The entity sets of API v2.0 that the stand-in serves, declared property by property."""

from __future__ import annotations

from sandbox.business_central.readers import (
    base_unit,
    currency_code,
    document_status,
    fully_shipped,
    id_by,
    inventory,
    object_id,
    variant_id,
)
from sandbox.business_central.schema import Entity, Navigation, fields, navigations

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
TOTALS = """
    discountAmount dec, discountAppliedBeforeTax bool ro, totalAmountExcludingTax dec ro, totalTaxAmount dec ro,
    totalAmountIncludingTax dec ro
"""
SALES_ORDER = f"""
    id guid ro, number code20 ro, externalDocumentNumber code35, orderDate date, postingDate date, {PARTIES},
    shortcutDimension1Code code20, shortcutDimension2Code code20, currencyId guid, currencyCode code10,
    pricesIncludeTax bool, paymentTermsId guid, shipmentMethodId guid, salesperson code20, partialShipping bool,
    requestedDeliveryDate date, {TOTALS}, fullyShipped bool, status orderStatus ro, lastModifiedDateTime moment ro,
    phoneNumber text30, email text80
"""
LINE = """
    id guid ro, documentId guid create, sequence int create, itemId guid, accountId guid, lineType lineType,
    lineObjectNumber code20 create, description text100, description2 text50, unitOfMeasureId guid,
    unitOfMeasureCode code10, unitPrice dec, quantity dec, discountAmount dec, discountPercent dec,
    discountAppliedBeforeTax bool ro, amountExcludingTax dec ro, taxCode code50, taxPercent dec ro,
    totalTaxAmount dec ro, amountIncludingTax dec ro, invoiceDiscountAllocation dec ro, netAmount dec ro,
    netTaxAmount dec ro, netAmountIncludingTax dec ro, shipmentDate date, itemVariantId guid, locationId guid
"""
SALES_INVOICE = f"""
    id guid ro, number code20 ro, externalDocumentNumber code35, invoiceDate date, postingDate date, dueDate date,
    promisedPayDate date, customerPurchaseOrderReference text35, {PARTIES}, currencyId guid, currencyCode code10,
    orderId guid ro, orderNumber code20 ro, paymentTermsId guid, shipmentMethodId guid, salesperson code20,
    pricesIncludeTax bool ro, remainingAmount dec ro, {TOTALS}, status invoiceStatus ro, lastModifiedDateTime moment ro,
    phoneNumber text30, email text80
"""
SALES_SHIPMENT = f"""
    id guid, number code20, externalDocumentNumber code35, invoiceDate date, postingDate date, dueDate date,
    customerPurchaseOrderReference text35, {PARTIES}, currencyCode code10, orderNumber code20, paymentTermsCode code10,
    shipmentMethodCode code10, salesperson code20, pricesIncludeTax bool, lastModifiedDateTime moment,
    phoneNumber text30, email text80
"""
INVOICE_STATUS = ("", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective")
ORDER_STATUS = ("Draft", "In Review", "Open")

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
ITEM_IDS = {"inventory": inventory, "baseUnitOfMeasureId": base_unit}
CUSTOMER_IDS = {
    "currencyId": id_by("currencies", "code", "currencyCode"),
    "currencyCode": currency_code,
    "paymentTermsId": id_by("paymentTerms", "code", "paymentTermsCode"),
    "shipmentMethodId": id_by("shipmentMethods", "code", "shipmentMethodCode"),
}
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


def code_table(set_name: str, name: str, title: str, more: str, notifies: bool = True) -> Entity:
    """A small table of codes: id, code, stamp and a few properties more."""
    properties = fields(f"id guid ro, code code10, {more}, lastModifiedDateTime moment ro")
    return Entity(set_name, name, set_name, title, properties, verbs=WRITE, notifies=notifies)


COMPANY = Entity(
    "companies", "company", "companies", "Company",
    fields("id guid ro, systemVersion text ro, timestamp int ro, name text30 ro, displayName text250 ro, "
           "businessProfileId text ro, systemCreatedAt moment ro, systemCreatedBy guid ro, systemModifiedAt moment ro, "
           "systemModifiedBy guid ro"),
)  # fmt: skip

_MASTERS = (
    Entity(
        "items", "item", "items", "Item", fields(ITEM, itemType=ITEM_TYPES), computed=ITEM_IDS, verbs=WRITE,
        navigations=navigations(
            Navigation("unitOfMeasure", "unitsOfMeasure", key="baseUnitOfMeasureId"),
            Navigation("itemVariants", "itemVariants", foreign="itemId"),
        ),
        notifies=True,
    ),
    Entity(
        "itemVariants", "itemVariant", "itemVariants", "Item Variant",
        fields(f"{STAMPED}, itemId guid, itemNumber code20, code code10, description text100"),
        computed={"itemId": id_by("items", "number", "itemNumber")}, verbs=WRITE,
        navigations=navigations(Navigation("item", "items", key="itemId")), notifies=True,
    ),
    Entity(
        "itemLedgerEntries", "itemLedgerEntry", "itemLedgerEntries", "Item Ledger Entry",
        fields(
            f"{STAMPED}, entryNumber int ro, itemNumber code20 ro, postingDate date ro, entryType entryType ro, "
            "sourceNumber code20 ro, documentNumber code20 ro, documentType documentType ro, "
            "description text100 ro, quantity dec ro, salesAmountActual dec ro, costAmountActual dec ro, "
            "sourceType sourceType ro",
            entryType=ENTRY_TYPES, documentType=LEDGER_DOCUMENTS, sourceType=("", "Customer", "Vendor", "Item"),
        ),
        notifies=True,
    ),
    Entity(
        "customers", "customer", "customers", "Customer",
        fields(CUSTOMER, contactType=CONTACT_TYPES, customerBlocked=BLOCKED), computed=CUSTOMER_IDS, verbs=WRITE,
        navigations=navigations(*DOCUMENT_WAYS[1:]), notifies=True,
    ),
    Entity(
        "contacts", "contact", "contacts", "Contact",
        fields(
            f"{STAMPED}, number code20, type contactType, displayName text100, jobTitle text30, companyNumber code20, "
            "companyName text100, addressLine1 text100, addressLine2 text50, city text30, state text30, "
            "country code10, postalCode code20, phoneNumber text30, mobilePhoneNumber text30, email text80, "
            "website text255, searchName code100, privacyBlocked bool",
            contactType=CONTACT_TYPES,
        ),
        verbs=WRITE, notifies=True,
    ),
    Entity(
        "salespeoplePurchasers", "salespersonPurchaser", "salespeoplePurchasers", "Salesperson/Purchaser",
        fields(f"{STAMPED}, code code20, displayName text50, email text80, email2 text80, phoneNo text30, "
               "jobTitle text30, commisionPercent dec, privacyBlocked bool, blocked bool"),
        verbs=WRITE,
    ),
    code_table("locations", "location", "Location",
               "displayName text100, contact text100, addressLine1 text100, addressLine2 text50, city text30, "
               "state text30, country code10, postalCode code20, phoneNumber text30, email text80, website text255"),
    code_table("unitsOfMeasure", "unitOfMeasure", "Unit of Measure",
               "displayName text50, internationalStandardCode code10, symbol text10"),
    code_table("currencies", "currency", "Currency",
               "displayName text30, symbol text10, amountDecimalPlaces text5, amountRoundingPrecision dec"),
    code_table("paymentTerms", "paymentTerm", "Payment Terms",
               "displayName text100, dueDateCalculation text32, discountDateCalculation text32, discountPercent dec, "
               "calculateDiscountOnCreditMemos bool"),
    code_table("shipmentMethods", "shipmentMethod", "Shipment Method", "displayName text100"),
    code_table("countriesRegions", "countryRegion", "Country/Region", "displayName text50, addressFormat text30"),
    Entity(
        "companyInformation", "companyInformation", "companyInformation", "Company Information",
        fields(f"{STAMPED}, displayName text100, addressLine1 text100, addressLine2 text50, city text30, state text30, "
               "country code10, postalCode code20, phoneNumber text30, email text80, currencyCode code10 ro"),
        verbs=UPDATE, notifies=True,
    ),
)  # fmt: skip

_DOCUMENTS = (
    Entity(
        "salesOrders", "salesOrder", "salesHeaders", "Sales Header", fields(SALES_ORDER, orderStatus=ORDER_STATUS),
        computed={**DOCUMENT_IDS, "status": document_status, "fullyShipped": fully_shipped}, verbs=WRITE,
        actions=frozenset({"shipandinvoice"}), view=lambda row: row.get("documentType") == "Order",
        navigations=navigations(*DOCUMENT_WAYS, Navigation("salesOrderLines", "salesOrderLines", foreign="documentId")),
        notifies=True,
    ),
    Entity(
        "salesOrderLines", "salesOrderLine", "salesLines", "Sales Line",
        fields(f"{LINE}, shippedQuantity dec ro, invoicedQuantity dec ro, shipQuantity dec, invoiceQuantity dec",
               lineType=LINE_TYPES),
        computed=LINE_IDS, verbs=WRITE, parent="documentId",
        view=lambda row: row.get("documentType") == "Order",
        navigations=navigations(*LINE_WAYS, Navigation("salesOrder", "salesOrders", key="documentId")),
    ),
    Entity(
        "salesInvoices", "salesInvoice", "salesInvoices", "Sales Invoice Header",
        fields(SALES_INVOICE, invoiceStatus=INVOICE_STATUS), computed=DOCUMENT_IDS,
        navigations=navigations(
            *DOCUMENT_WAYS, Navigation("salesInvoiceLines", "salesInvoiceLines", foreign="documentId")
        ),
        notifies=True,
    ),
    Entity(
        "salesInvoiceLines", "salesInvoiceLine", "salesInvoiceLines", "Sales Invoice Line",
        fields(LINE, lineType=LINE_TYPES), computed=LINE_IDS, parent="documentId",
        navigations=navigations(*LINE_WAYS, Navigation("salesInvoice", "salesInvoices", key="documentId")),
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
        fields("id guid ro, documentId guid ro, documentNo code20 ro, sequence int ro, lineType lineType ro, "
               "lineObjectNumber code20 ro, description text100 ro, description2 text50 ro, "
               "unitOfMeasureCode code10 ro, "
               "unitPrice dec ro, quantity dec ro, discountPercent dec ro, taxPercent dec ro, shipmentDate date ro",
               lineType=("", "Comment", "G/L Account", "Item", "Resource")),
    ),
    Entity(
        "purchaseOrders", "purchaseOrder", "purchaseHeaders", "Purchase Header",
        fields(f"{STAMPED}, number code20 ro, orderDate date ro, vendorNumber code20 ro, vendorName text100 ro, "
               "status orderStatus ro, fullyReceived bool ro", orderStatus=ORDER_STATUS),
        computed={"status": document_status}, notifies=True,
        navigations=navigations(Navigation("purchaseOrderLines", "purchaseOrderLines", foreign="documentId")),
    ),
    Entity(
        "purchaseOrderLines", "purchaseOrderLine", "purchaseLines", "Purchase Line",
        fields("id guid ro, documentId guid ro, sequence int ro, itemId guid ro, lineType lineType ro, "
               "lineObjectNumber code20 ro, description text100 ro, unitOfMeasureCode code10 ro, quantity dec ro, "
               "directUnitCost dec ro, expectedReceiptDate date ro, receivedQuantity dec ro, invoicedQuantity dec ro, "
               "itemVariantId guid ro, locationId guid ro", lineType=LINE_TYPES),
        computed={name: LINE_IDS[name] for name in ("itemId", "itemVariantId", "locationId")}, parent="documentId",
        navigations=navigations(Navigation("item", "items", key="itemId")),
    ),
    Entity(
        "accounts", "account", "accounts", "G/L Account",
        fields(f"{STAMPED}, number code20 ro, displayName text100 ro, category text30 ro, blocked bool ro"),
        notifies=True,
    ),
)  # fmt: skip

API_V2 = {entity.set_name: entity for entity in (*_MASTERS, *_DOCUMENTS)}
