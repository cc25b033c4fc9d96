"""Quotes, orders, invoices and opportunities with their lines.

Columns, lengths and who may write them when follow the vendor's own integration tables.
"""

from __future__ import annotations

from sandbox.sales.model import STAGES, ZONES, Collection, State, table

_SHIP_TO = (
    "shipto_{name:text200 line1:text250 line2:text250 line3:text250 city:text80 stateorprovince:text50 country:text80"
    " postalcode:text20 telephone:text50 fax:text50 freighttermscode:choice addressid:guid contactname:text150}"
)
_BILL_TO = (
    "billto_{name:text200 line1:text250 line2:text250 line3:text250 city:text80 stateorprovince:text50 country:text80"
    " postalcode:text20 telephone:text50 fax:text50 addressid:guid contactname:text150}"
)
_HEADER = (
    "name:text300 description:memo discountamount:money discountpercentage:decimal freightamount:money"
    " pricelevelid:>pricelevel pricingerrorcode:choice paymenttermscode:choice shippingmethodcode:choice"
    " freighttermscode:choice customerid:>account|contact ownerid:>owner opportunityid:>opportunity willcall:yesno"
    " skippricecalculation:choice bcbi_companyid:>bcbi_company " + _SHIP_TO + " " + _BILL_TO + ZONES + STAGES
)
_TOTALS = (
    "totalamount:money totallineitemamount:money totallineitemdiscountamount:money totalamountlessfreight:money"
    " totaldiscountamount:money totaltax:money"
)
_HEADER_READ = "accountid:>account contactid:>contact exchangerate:decimal"
_LINE = (
    "productid:>product uomid:>uom salesrepid:>systemuser quantity:decimal priceperunit:money ispriceoverridden:yesno"
    " manualdiscountamount:money tax:money productdescription:text500 description:memo lineitemnumber:integer"
    " sequencenumber:integer requestdeliveryby:date pricingerrorcode:choice willcall:yesno"
    " propertyconfigurationstatus:choice skippricecalculation:choice " + _SHIP_TO + ZONES
)
_LINE_CREATE = "isproductoverridden:yesno producttypecode:choice parentbundleid:guid productassociationid:guid"
_LINE_UPDATE = "baseamount:money extendedamount:money"
_LINE_READ = "volumediscountamount:money transactioncurrencyid:>transactioncurrency exchangerate:decimal ownerid:>owner"
_BUDGET = (
    " prioritycode:choice stepid:guid stepname:text200 salesstagecode:choice participatesinworkflow:yesno"
    " actualvalue:money actualclosedate:date isrevenuesystemcalculated:yesno budgetstatus:choice budgetamount:money"
    " decisionmaker:yesno need:choice timeline:choice evaluatefit:yesno initialcommunication:choice"
    " confirminterest:yesno schedulefollowup_prospect:date schedulefollowup_qualify:date scheduleproposalmeeting:date"
    " finaldecisiondate:date developproposal:yesno completeinternalreview:yesno captureproposalfeedback:yesno"
    " resolvefeedback:yesno presentproposal:yesno sendthankyounote:yesno completefinalproposal:yesno filedebrief:yesno"
    " pursuitdecision:yesno customerpainpoints:memo customerneed:memo proposedsolution:memo qualificationcomments:memo"
    " quotecomments:memo purchaseprocess:choice purchasetimeframe:choice identifycustomercontacts:yesno"
    " identifycompetitors:yesno identifypursuitteam:yesno currentsituation:memo presentfinalproposal:yesno"
)
"""What a seller notes of an opportunity on the way; stored and shown, and nothing more."""
_COMPANY = {"bcbi_companyid": "bcbi_CompanyId"}

QUOTE = table(
    "quote",
    "quotes",
    otc=1084,
    both=_HEADER + " effectivefrom:date effectiveto:date expireson:moment closedon:moment requestdeliveryby:date"
    " transactioncurrencyid:>transactioncurrency",
    create="quotenumber:text100",
    update=_TOTALS,
    read=_HEADER_READ + " revisionnumber:integer",
    schema_names=_COMPANY,
    states={
        0: State("Draft", 1, {1: "In Progress"}),
        1: State("Active", 2, {2: "In Progress", 3: "Open"}),
        2: State("Won", 4, {4: "Won"}),
        3: State("Closed", 7, {5: "Lost", 6: "Canceled", 7: "Revised"}),
    },
    collections={
        "quote_details": Collection("quotedetail", "quoteid", "cascade"),
        "quote_orders": Collection("salesorder", "quoteid", "clear"),
        "Quote_QuoteClose": Collection("quoteclose", "quoteid", "cascade"),
        "Quote_Annotation": Collection("annotation", "objectid", "cascade"),
    },
)
QUOTE_DETAIL = table(
    "quotedetail",
    "quotedetails",
    otc=1085,
    primary_name="productdescription",
    both="quoteid:>quote " + _LINE,
    create=_LINE_CREATE,
    update=_LINE_UPDATE,
    read=_LINE_READ + " quotestatecode:choice",
)
SALES_ORDER = table(
    "salesorder",
    "salesorders",
    otc=1088,
    both=_HEADER + " quoteid:>quote prioritycode:choice submitstatus:integer submitdate:moment"
    " submitstatusdescription:memo lastbackofficesubmit:moment requestdeliveryby:date datefulfilled:moment"
    " bcbi_businesscentralordernumber:text20 bcbi_businesscentraldocumentoccurrencenumber:integer",
    create="ordernumber:text100 transactioncurrencyid:>transactioncurrency",
    update=_TOTALS + " ispricelocked:yesno",
    read=_HEADER_READ,
    schema_names=_COMPANY,
    states={
        0: State("Active", 1, {1: "New", 2: "Pending", 690970000: "On hold"}),
        1: State("Submitted", 3, {3: "In Progress"}),
        2: State("Canceled", 4, {4: "No Money"}),
        3: State("Fulfilled", 100001, {100001: "Complete", 100002: "Partial"}),
        4: State("Invoiced", 100003, {100003: "Invoiced"}),
    },
    collections={
        "order_details": Collection("salesorderdetail", "salesorderid", "cascade"),
        "order_invoices": Collection("invoice", "salesorderid", "restrict"),
        "SalesOrder_OrderClose": Collection("orderclose", "salesorderid", "cascade"),
        "SalesOrder_Annotation": Collection("annotation", "objectid", "cascade"),
        "salesorder_Posts": Collection("post", "regardingobjectid", "cascade"),
    },
)
SALES_ORDER_DETAIL = table(
    "salesorderdetail",
    "salesorderdetails",
    otc=1089,
    primary_name="productdescription",
    both="salesorderid:>salesorder iscopied:yesno quantityshipped:decimal quantitybackordered:decimal"
    " quantitycancelled:decimal bcbi_businesscentrallinenumber:integer " + _LINE,
    create=_LINE_CREATE,
    update=_LINE_UPDATE,
    read=_LINE_READ + " salesorderstatecode:choice salesorderispricelocked:yesno",
)
INVOICE = table(
    "invoice",
    "invoices",
    otc=1090,
    both=_HEADER + " salesorderid:>salesorder prioritycode:choice lastbackofficesubmit:moment datedelivered:date"
    " duedate:date",
    create="invoicenumber:text100 transactioncurrencyid:>transactioncurrency",
    update=_TOTALS + " ispricelocked:yesno",
    read=_HEADER_READ,
    schema_names=_COMPANY,
    states={
        0: State("Active", 1, {1: "New", 2: "Partially Shipped", 4: "Billed", 5: "Booked", 6: "Installed"}),
        1: State("Closed", 3, {3: "Canceled (deprecated)", 7: "Paid in Full (deprecated)"}),
        2: State("Paid", 100001, {100001: "Complete", 100002: "Partial"}),
        3: State("Canceled", 100003, {100003: "Canceled"}),
    },
    collections={
        "invoice_details": Collection("invoicedetail", "invoiceid", "cascade"),
        "Invoice_Annotation": Collection("annotation", "objectid", "cascade"),
    },
)
INVOICE_DETAIL = table(
    "invoicedetail",
    "invoicedetails",
    otc=1091,
    primary_name="productdescription",
    both="invoiceid:>invoice iscopied:yesno quantityshipped:decimal quantitybackordered:decimal"
    " quantitycancelled:decimal shippingtrackingnumber:text100 actualdeliveryon:date " + _LINE,
    create=_LINE_CREATE,
    update=_LINE_UPDATE,
    read=_LINE_READ + " invoicestatecode:choice invoiceispricelocked:yesno",
)
OPPORTUNITY = table(
    "opportunity",
    "opportunities",
    otc=3,
    both="name:text300 description:memo customerid:>account|contact ownerid:>owner pricelevelid:>pricelevel"
    " parentaccountid:>account parentcontactid:>contact transactioncurrencyid:>transactioncurrency"
    " estimatedvalue:money estimatedclosedate:date closeprobability:integer discountamount:money"
    " discountpercentage:decimal freightamount:money opportunityratingcode:choice salesstage:choice"
    " pricingerrorcode:choice bcbi_companyid:>bcbi_company" + _BUDGET + ZONES + STAGES,
    update=_TOTALS,
    read=_HEADER_READ,
    schema_names=_COMPANY,
    states={
        0: State("Open", 1, {1: "In Progress", 2: "On Hold"}),
        1: State("Won", 3, {3: "Won"}),
        2: State("Lost", 4, {4: "Canceled", 5: "Out-Sold"}),
    },
    collections={
        "product_opportunities": Collection("opportunityproduct", "opportunityid", "cascade"),
        "opportunity_sales_orders": Collection("salesorder", "opportunityid", "clear"),
        "opportunity_quotes": Collection("quote", "opportunityid", "clear"),
        "Opportunity_OpportunityClose": Collection("opportunityclose", "opportunityid", "cascade"),
        "Opportunity_Annotation": Collection("annotation", "objectid", "cascade"),
    },
)
OPPORTUNITY_PRODUCT = table(
    "opportunityproduct",
    "opportunityproducts",
    otc=1083,
    primary_name="productdescription",
    both="opportunityid:>opportunity " + _LINE,
    create=_LINE_CREATE,
    update=_LINE_UPDATE,
    read=_LINE_READ + " opportunitystatecode:choice",
)
