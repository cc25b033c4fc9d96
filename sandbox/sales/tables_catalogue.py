"""Accounts and contacts, products, units and price lists."""

from __future__ import annotations

from sandbox.sales.model import STAGES, ZONES, Collection, State, table

ACTIVE_INACTIVE = {0: State("Active", 1, {1: "Active"}), 1: State("Inactive", 2, {2: "Inactive"})}

_ADDRESS = (
    "{addressid:guid addresstypecode:choice name:text200 primarycontactname:text100 line1:text250 line2:text250"
    " line3:text250 city:text80 stateorprovince:text50 county:text50 country:text80 postofficebox:text20"
    " postalcode:text20 telephone1:text50 telephone2:text50 telephone3:text50 fax:text50 freighttermscode:choice"
    " shippingmethodcode:choice utcoffset:integer upszone:text4 latitude:double longitude:double}"
)
_PARTY = (
    "customertypecode:choice paymenttermscode:choice shippingmethodcode:choice preferredcontactmethodcode:choice"
    " description:memo telephone1:text50 telephone2:text50 fax:text50 emailaddress1:text100 emailaddress2:text100"
    " websiteurl:text200 creditlimit:money creditonhold:yesno donotemail:yesno donotphone:yesno ownerid:>owner"
    " defaultpricelevelid:>pricelevel transactioncurrencyid:>transactioncurrency bcbi_companyid:>bcbi_company"
    " customersizecode:choice territorycode:choice participatesinworkflow:yesno ftpsiteurl:text200"
    " emailaddress3:text100 telephone3:text50 donotfax:yesno donotpostalmail:yesno donotbulkemail:yesno"
    " donotbulkpostalmail:yesno donotsendmm:yesno preferredappointmentdaycode:choice"
    " preferredappointmenttimecode:choice"
    " preferredsystemuserid:>systemuser"
    f" address1_{_ADDRESS} address2_{_ADDRESS}" + ZONES + STAGES
)
_PARTY_READ = "exchangerate:decimal merged:yesno aging30:money aging60:money aging90:money"
_COMPANY = {"bcbi_companyid": "bcbi_CompanyId"}

ACCOUNT = table(
    "account",
    "accounts",
    otc=1,
    both="name:text160 accountnumber:text20 primarycontactid:>contact parentaccountid:>account revenue:money"
    " numberofemployees:integer accountcategorycode:choice industrycode:choice accountratingcode:choice"
    " accountclassificationcode:choice businesstypecode:choice ownershipcode:choice sic:text20 marketcap:money"
    " sharesoutstanding:integer tickersymbol:text10 stockexchange:text20 yominame:text160"
    " nav_accountstatisticsid:>nav_accountstatistics " + _PARTY,
    update="lastusedincampaign:moment",
    read=_PARTY_READ + " masterid:>account opendeals:integer opendeals_date:moment opendeals_state:integer"
    " openrevenue:money openrevenue_date:moment openrevenue_state:integer",
    schema_names=_COMPANY | {"nav_accountstatisticsid": "nav_AccountStatisticsId"},
    states=ACTIVE_INACTIVE,
    collections={
        "contact_customer_accounts": Collection("contact", "parentcustomerid", "clear"),
        "order_customer_accounts": Collection("salesorder", "customerid"),
        "quote_customer_accounts": Collection("quote", "customerid"),
        "invoice_customer_accounts": Collection("invoice", "customerid"),
        "opportunity_customer_accounts": Collection("opportunity", "customerid"),
        "Account_Annotation": Collection("annotation", "objectid", "cascade"),
        "account_Posts": Collection("post", "regardingobjectid", "cascade"),
    },
)
CONTACT = table(
    "contact",
    "contacts",
    otc=2,
    primary_name="fullname",
    both="firstname:text50 middlename:text50 lastname:text50 salutation:text100 jobtitle:text100 mobilephone:text50"
    " parentcustomerid:>account|contact leadsourcecode:choice isbackofficecustomer:yesno department:text100"
    " nickname:text100 suffix:text10 yomifirstname:text150 yomimiddlename:text150 yomilastname:text150 anniversary:date"
    " birthdate:date governmentid:text50 employeeid:text50 gendercode:choice annualincome:money haschildrencode:choice"
    " educationcode:choice familystatuscode:choice spousesname:text100 assistantname:text100 assistantphone:text50"
    " managername:text100 managerphone:text50 accountrolecode:choice numberofchildren:integer childrensnames:text255"
    f" pager:text50 externaluseridentifier:text50 business2:text50 callback:text50 company:text50 home2:text50"
    f" address3_{_ADDRESS} " + _PARTY,
    update="lastusedincampaign:moment",
    read=_PARTY_READ + " fullname:text160 accountid:>account parentcontactid:>contact masterid:>contact",
    schema_names=_COMPANY,
    states=ACTIVE_INACTIVE,
)
PRODUCT = table(
    "product",
    "products",
    otc=1024,
    both="name:text100 productnumber:text100 description:memo producttypecode:choice price:money currentcost:money"
    " standardcost:money stockvolume:decimal stockweight:decimal quantitydecimal:integer quantityonhand:decimal"
    " isstockitem:yesno iskit:yesno vendorname:text100 vendorpartnumber:text100 suppliername:text100"
    " producturl:text255 validfromdate:date validtodate:date defaultuomscheduleid:>uomschedule defaultuomid:>uom"
    " transactioncurrencyid:>transactioncurrency bcbi_companyid:>bcbi_company size:text200 vendorid:text100"
    + ZONES
    + STAGES,
    create="parentproductid:>product productstructure:choice",
    update="pricelevelid:>pricelevel",
    read="exchangerate:decimal organizationid:>organization hierarchypath:text450",
    schema_names=_COMPANY,
    states={
        0: State("Active", 1, {1: "Active"}),
        1: State("Retired", 2, {2: "Retired"}),
        2: State("Draft", 0, {0: "Draft"}),
        3: State("Under Revision", 3, {3: "Under Revision"}),
    },
    collections={
        "product_price_levels": Collection("productpricelevel", "productid", "cascade"),
        "product_order_details": Collection("salesorderdetail", "productid"),
    },
)
UOM_SCHEDULE = table(
    "uomschedule",
    "uomschedules",
    otc=1056,
    both="name:text200 description:memo",
    create="baseuomname:text100",
    read="organizationid:>organization",
    states=ACTIVE_INACTIVE,
    collections={
        "unit_of_measurement_schedule": Collection("uom", "uomscheduleid", "cascade"),
        "unit_of_measurement_schedule_products": Collection("product", "defaultuomscheduleid"),
    },
)
UOM = table(
    "uom",
    "uoms",
    otc=1055,
    both="name:text100 quantity:decimal baseuom:>uom",
    create="uomscheduleid:>uomschedule",
    read="isschedulebaseuom:yesno organizationid:guid",
    collections={"unit_of_measurement_order_details": Collection("salesorderdetail", "uomid")},
)
PRICE_LEVEL = table(
    "pricelevel",
    "pricelevels",
    otc=1022,
    both="name:text100 description:memo begindate:date enddate:date freighttermscode:choice paymentmethodcode:choice"
    " shippingmethodcode:choice bcbi_companyid:>bcbi_company" + ZONES,
    create="transactioncurrencyid:>transactioncurrency",
    read="exchangerate:decimal organizationid:>organization",
    schema_names=_COMPANY,
    states={
        0: State("Active", 100001, {100001: "Active"}),
        1: State("Inactive", 100002, {100002: "Inactive"}),
    },
    collections={"price_level_product_price_levels": Collection("productpricelevel", "pricelevelid", "cascade")},
)
PRODUCT_PRICE_LEVEL = table(
    "productpricelevel",
    "productpricelevels",
    otc=1026,
    primary_name="productnumber",
    both="productid:>product uomid:>uom uomscheduleid:>uomschedule amount:money percentage:decimal"
    " pricingmethodcode:choice quantitysellingcode:choice roundingpolicycode:choice roundingoptioncode:choice"
    " roundingoptionamount:money" + STAGES,
    create="pricelevelid:>pricelevel",
    update="transactioncurrencyid:>transactioncurrency",
    read="exchangerate:decimal organizationid:guid productnumber:text100",
)
