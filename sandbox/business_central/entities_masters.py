"""The entity sets of API v2.0 that are not documents: items, customers, vendors, contacts, and tables of codes."""

from __future__ import annotations

from sandbox.business_central import figures
from sandbox.business_central.properties import (
    BLOCKED,
    CONTACT,
    CONTACT_TYPES,
    CUSTOMER,
    CUSTOMER_IDS,
    DOCUMENT_WAYS,
    ENTRY_TYPES,
    ITEM,
    ITEM_IDS,
    ITEM_TYPES,
    LEDGER_DOCUMENTS,
    OPPORTUNITY_STATUS,
    RELATIONS,
    STAMPED,
    UPDATE,
    VENDOR,
    VENDOR_IDS,
    WRITE,
    code_table,
)
from sandbox.business_central.readers import (
    contact_company_name,
    contact_related_id,
    contact_relation,
    id_by,
    opportunity_company_name,
    opportunity_contact,
)
from sandbox.business_central.schema import Entity, Navigation, fields, navigations

MASTERS = (
    Entity(
        "items", "item", "items", "Item", fields(ITEM, itemType=ITEM_TYPES), computed=ITEM_IDS, verbs=WRITE,
        navigations=navigations(
            Navigation("unitOfMeasure", "unitsOfMeasure", key="baseUnitOfMeasureId"),
            Navigation("itemCategory", "itemCategories", key="itemCategoryId"),
            Navigation("inventoryPostingGroup", "inventoryPostingGroups", key="inventoryPostingGroupId"),
            Navigation("generalProductPostingGroup", "generalProductPostingGroups", key="generalProductPostingGroupId"),
            Navigation("itemVariants", "itemVariants", foreign="itemId"),
            Navigation("documentAttachments", "documentAttachments", foreign="parentId"),
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
            f"{STAMPED}, entryNumber int ro, itemNumber code20 ro, postingDate date ro, "
            "entryType itemLedgerEntryType ro, sourceNumber code20 ro, documentNumber code20 ro, "
            "documentType itemLedgerDocumentType ro, "
            "description text100 ro, quantity dec ro, salesAmountActual dec ro, costAmountActual dec ro, "
            "sourceType analysisSourceType ro",
            itemLedgerEntryType=ENTRY_TYPES, itemLedgerDocumentType=LEDGER_DOCUMENTS,
            analysisSourceType=("", "Customer", "Vendor", "Item"),
        ),
        notifies=True,
    ),
    Entity(
        "customers", "customer", "customers", "Customer",
        fields(CUSTOMER, contactType=CONTACT_TYPES, customerBlocked=BLOCKED), computed=CUSTOMER_IDS, verbs=WRITE,
        navigations=navigations(
            *DOCUMENT_WAYS[1:],
            Navigation("paymentMethod", "paymentMethods", key="paymentMethodId"),
            Navigation("customerFinancialDetail", "customerFinancialDetails", key="id"),
            Navigation("contactsInformation", "contactsInformation", foreign="relatedId"),
            Navigation("documentAttachments", "documentAttachments", foreign="parentId"),
        ),
        notifies=True,
    ),
    Entity(
        "customerFinancialDetails", "customerFinancialDetail", "customers", "Customer",
        fields("id guid ro, number code20 ro, balance dec ro, totalSalesExcludingTax dec ro, overdueAmount dec ro"),
        computed={
            "balance": figures.balance, "totalSalesExcludingTax": figures.all_sales, "overdueAmount": figures.overdue,
        },
    ),
    Entity(
        "contactsInformation", "contactInformation", "contacts", "Contact",
        fields("id guid ro, contactId guid ro, contactNumber code20 ro, contactName text100 ro, "
               "contactType contactType ro, relatedId guid ro, relatedType contactInfoRelatedType ro",
               contactType=CONTACT_TYPES, contactInfoRelatedType=("Customer", "Vendor")),
        computed={
            "contactId": lambda company, row: row["id"],
            "contactNumber": lambda company, row: row["number"],
            "contactName": lambda company, row: row.get("displayName", ""),
            "contactType": lambda company, row: row.get("type", "Company"),
            "relatedId": contact_related_id,
            "relatedType": lambda company, row: row.get("relatedTable") or "Customer",
        },
        parent="relatedId", view=lambda row: bool(row.get("relatedTable")),
    ),
    Entity(
        "vendors", "vendor", "vendors", "Vendor",
        fields(VENDOR, vendorBlocked=("", "Payment", "All")), computed=VENDOR_IDS, verbs=WRITE,
        navigations=navigations(*DOCUMENT_WAYS[1:3]), notifies=True,
    ),
    Entity(
        "contacts", "contact", "contacts", "Contact",
        fields(
            f"{CONTACT}, companyName text100 ro, contactBusinessRelation contactBusinessRelation ro, "
            "taxRegistrationNumber text20, lastInteractionDate date ro, lastModifiedDateTime moment ro",
            contactType=CONTACT_TYPES, contactBusinessRelation=RELATIONS,
        ),
        computed={"companyName": contact_company_name, "contactBusinessRelation": contact_relation},
        verbs=WRITE, notifies=True,
    ),
    Entity(
        "opportunities", "opportunity", "opportunities", "Opportunity",
        fields(
            "id guid ro, number code20, contactNumber code20, contactName text100 ro, contactCompanyName text100 ro, "
            "salespersonCode code20, description text100, status opportunityStatus ro, closed bool ro, "
            "creationDate date ro, dateClosed date ro, calculatedCurrentValue dec ro, chancesOfSuccessPrc dec ro, "
            "completedPrc dec ro, estimatedClosingDate date ro, estimatedValue dec ro, systemCreatedAt moment ro, "
            "lastModifiedDateTime moment ro",
            opportunityStatus=OPPORTUNITY_STATUS,
        ),
        computed={
            "contactName": opportunity_contact("displayName"), "contactCompanyName": opportunity_company_name,
            "closed": lambda company, row: row.get("status") in {"Won", "Lost"},
        },
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
    code_table("paymentMethods", "paymentMethod", "Payment Method", "displayName text100"),
    code_table("itemCategories", "itemCategory", "Item Category", "displayName text100", length=20),
    code_table("taxGroups", "taxGroup", "Tax Group", "displayName text100, taxType text30 ro", length=20),
    code_table("inventoryPostingGroups", "inventoryPostingGroup", "Inventory Posting Group", "description text100",
               length=20),
    code_table("generalProductPostingGroups", "generalProductPostingGroup", "Gen. Product Posting Group",
               "description text100, defaultVATProductPostingGroup code20, autoInsertDefault bool", length=20),
    code_table("shipmentMethods", "shipmentMethod", "Shipment Method", "displayName text100"),
    code_table("countriesRegions", "countryRegion", "Country/Region", "displayName text50, addressFormat text30"),
    Entity(
        "companyInformation", "companyInformation", "companyInformation", "Company Information",
        fields(f"{STAMPED}, displayName text100, addressLine1 text100, addressLine2 text50, city text30, state text30, "
               "country code10, postalCode code20, phoneNumber text30, faxNumber text30, email text80, "
               "website text255, taxRegistrationNumber text20, currencyCode code10 ro, "
               "currentFiscalYearStartDate date ro, "
               "industry text30, experience text ro"),
        computed={"currentFiscalYearStartDate": lambda company, row: company.today().replace(month=1, day=1)},
        verbs=UPDATE, notifies=True,
    ),
)  # fmt: skip
