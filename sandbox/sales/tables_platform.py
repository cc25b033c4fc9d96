"""Users, organization, currencies, timeline and notes, the connection record, webhook registration."""

from __future__ import annotations

from sandbox.sales.model import ZONES, Collection, State, table
from sandbox.sales.tables_catalogue import ACTIVE_INACTIVE

CURRENCY = table(
    "transactioncurrency",
    "transactioncurrencies",
    otc=9105,
    primary_name="currencyname",
    both="currencyname:text100 currencysymbol:text13 currencyprecision:integer exchangerate:decimal",
    create="isocurrencycode:text5",
    read="organizationid:>organization",
    states=ACTIVE_INACTIVE,
)
BUSINESS_UNIT = table(
    "businessunit",
    "businessunits",
    otc=10,
    both="name:text160 divisionname:text100 parentbusinessunitid:>businessunit",
    read="isdisabled:yesno organizationid:>organization",
)
ORGANIZATION = table(
    "organization",
    "organizations",
    otc=1019,
    both="issopintegrationenabled:yesno oobpricecalculationenabled:integer pricingdecimalprecision:integer"
    " currencydecimalprecision:integer discountcalculationmethod:choice expirechangetrackingindays:integer"
    " createproductswithoutparentinactivestate:integer useinbuiltrulefordefaultpricelistselection:integer"
    " plugintracelogsetting:choice localeid:integer isauditenabled:yesno expiresubscriptionsindays:integer"
    " currencydisplayoption:choice",
    read="name:text160 languagecode:integer basecurrencyid:>transactioncurrency basecurrencyprecision:integer"
    " basecurrencysymbol:text5",
    tracked=False,
)
BCBI_COMPANY = table(
    "bcbi_company",
    "bcbi_companies",
    otc=10501,
    primary_name="bcbi_name",
    both="bcbi_name:text30 bcbi_externalid:text36 bcbi_defaultowningteam:>team ownerid:>owner" + ZONES,
    schema_names={"bcbi_defaultowningteam": "bcbi_DefaultOwningTeam"},
    states=ACTIVE_INACTIVE,
    custom=True,
)
POST = table(
    "post",
    "posts",
    otc=8000,
    primary_name="text",
    both=ZONES,
    create="text:text2000 source:choice type:choice"
    " regardingobjectid:>account|contact|salesorder|quote|invoice|opportunity|systemuser",
    tracked=False,
)
ANNOTATION = table(
    "annotation",
    "annotations",
    otc=5,
    primary_name="subject",
    both="subject:text500 notetext:memo filename:text255 mimetype:text256 documentbody:memo isdocument:yesno"
    " langid:text2 stepid:text32 ownerid:>owner",
    create="objectid:>account|contact|salesorder|quote|invoice|opportunity|product",
    read="filesize:integer objecttypecode:text100",
)
POST_CONFIG = table(
    "msdyn_postconfig",
    "msdyn_postconfigs",
    otc=10250,
    primary_name="msdyn_entityname",
    both="msdyn_entityname:text128 msdyn_entitydisplayname:text128 msdyn_otc:integer msdyn_configurewall:yesno"
    " msdyn_followingviewid:text100",
    states=ACTIVE_INACTIVE,
    custom=True,
)
CONNECTION = table(
    "nav_connection",
    "nav_connections",
    otc=10502,
    primary_name="nav_name",
    both="nav_name:text100 nav_dynamicsnavurl:text250 nav_dynamicsnavodataurl:text250"
    " nav_dynamicsnavodatausername:text250 nav_dynamicsnavodataaccesskey:text250",
    read="organizationid:>organization",
    states=ACTIVE_INACTIVE,
    custom=True,
)
ACCOUNT_STATISTICS = table(
    "nav_accountstatistics",
    "nav_accountstatisticses",
    otc=10503,
    primary_name="nav_name",
    both="nav_name:text160 nav_customerno:text20 nav_overdueamountsasof:moment"
    " transactioncurrencyid:>transactioncurrency"
    " nav_{balancelcy:money outstandingorderslcy:money shippednotinvoicedlcy:money outstandinginvoiceslcy:money"
    " outstandingserviceorderslcy:money servshippednotinvoicedlcy:money outstandingservinvoiceslcy:money totallcy:money"
    " creditlimitlcy:money overdueamountslcy:money totalsaleslcy:money invoicedprepaymentamountlcy:money}",
    read="exchangerate:decimal organizationid:>organization",
    states=ACTIVE_INACTIVE,
    collections={"nav_accountstatistics_account": Collection("account", "nav_accountstatisticsid", "clear")},
    custom=True,
)
SERVICE_ENDPOINT = table(
    "serviceendpoint",
    "serviceendpoints",
    otc=4618,
    both="name:text100 url:text2000 contract:choice authtype:choice connectionmode:choice messageformat:choice"
    " path:text160 solutionnamespace:text160 userclaim:choice description:text100",
    read="isauthvalueset:yesno organizationid:>organization",
    write="authvalue:text2048",
    collections={
        "serviceendpoint_sdkmessageprocessingstep": Collection("sdkmessageprocessingstep", "eventhandler", "cascade")
    },
    tracked=False,
)
SDK_MESSAGE = table(
    "sdkmessage", "sdkmessages", otc=4606, read="name:text256 categoryname:text25", stamps=False, tracked=False
)
SDK_MESSAGE_FILTER = table(
    "sdkmessagefilter",
    "sdkmessagefilters",
    otc=4607,
    primary_name="primaryobjecttypecode",
    read="sdkmessageid:>sdkmessage primaryobjecttypecode:text64 secondaryobjecttypecode:text64",
    stamps=False,
    tracked=False,
)
STEP = table(
    "sdkmessageprocessingstep",
    "sdkmessageprocessingsteps",
    otc=4608,
    both="name:text256 description:text256 stage:choice mode:choice rank:integer supporteddeployment:choice"
    " asyncautodelete:yesno filteringattributes:memo configuration:memo sdkmessageid:>sdkmessage"
    " sdkmessagefilterid:>sdkmessagefilter eventhandler:>serviceendpoint|plugintype",
    states={0: State("Enabled", 1, {1: "Enabled"}), 1: State("Disabled", 2, {2: "Disabled"})},
    collections={
        "sdkmessageprocessingstepid_sdkmessageprocessingstepimage": Collection(
            "sdkmessageprocessingstepimage", "sdkmessageprocessingstepid", "cascade"
        )
    },
    tracked=False,
)
STEP_IMAGE = table(
    "sdkmessageprocessingstepimage",
    "sdkmessageprocessingstepimages",
    otc=4615,
    both="name:text256 description:text256 imagetype:choice entityalias:text256 attributes:memo"
    " messagepropertyname:text256 sdkmessageprocessingstepid:>sdkmessageprocessingstep",
    tracked=False,
)
