"""Users, teams and roles, and the privileges roles hold."""

from __future__ import annotations

from sandbox.sales.model import STAGES, ZONES, Collection, table

USER_ROLES, TEAM_ROLES, TEAM_MEMBERS, ROLE_PRIVILEGES = (
    "systemuserroles",
    "teamroles",
    "teammembership",
    "roleprivileges",
)

_ADDRESS = (
    "{addressid:guid addresstypecode:choice name:text100 line1:text1024 line2:text1024 line3:text1024 city:text128"
    " stateorprovince:text128 county:text128 country:text128 postofficebox:text40 postalcode:text40 utcoffset:integer"
    " upszone:text4 latitude:double longitude:double shippingmethodcode:choice telephone1:text64 telephone2:text50"
    " telephone3:text50 fax:text64}"
)
SYSTEM_USER = table(
    "systemuser",
    "systemusers",
    otc=8,
    primary_name="fullname",
    both="firstname:text256 lastname:text256 middlename:text50 internalemailaddress:text100 domainname:text1024"
    " title:text128 jobtitle:text100 mobilephone:text64 accessmode:choice caltype:choice isintegrationuser:yesno"
    " islicensed:yesno applicationid:guid businessunitid:>businessunit parentsystemuserid:>systemuser"
    " transactioncurrencyid:>transactioncurrency salutation:text20 nickname:text50 personalemailaddress:text100"
    " mobilealertemail:text100 homephone:text50 preferredemailcode:choice preferredphonecode:choice"
    " preferredaddresscode:choice photourl:text200 employeeid:text100 governmentid:text100 skills:text100"
    " passporthi:integer passportlo:integer displayinserviceviews:yesno setupuser:yesno windowsliveid:text250"
    " userlicensetype:integer incomingemaildeliverymethod:choice outgoingemaildeliverymethod:choice"
    " invitestatuscode:choice"
    " yomifirstname:text64 yomimiddlename:text50 yomilastname:text64 issyncwithdirectory:yesno"
    f" yammeremailaddress:text200 yammeruserid:text128 sharepointemailaddress:text1024 address1_{_ADDRESS}"
    f" address2_{_ADDRESS}" + ZONES + STAGES,
    create="azureactivedirectoryobjectid:guid",
    update="isdisabled:yesno emailrouteraccessapproval:choice",
    read="fullname:text200 organizationid:guid disabledreason:text500 defaultfilterspopulated:yesno"
    " exchangerate:decimal isemailaddressapprovedbyo365admin:yesno",
    collections={
        "systemuserroles_association": Collection("role", "systemuserid", "clear", USER_ROLES, "roleid"),
        "teammembership_association": Collection("team", "systemuserid", "clear", TEAM_MEMBERS, "teamid"),
    },
)
TEAM = table(
    "team",
    "teams",
    otc=9,
    both="name:text160 description:memo emailaddress:text100 administratorid:>systemuser businessunitid:>businessunit"
    " yominame:text160 transactioncurrencyid:>transactioncurrency" + STAGES,
    create="teamtype:choice",
    read="isdefault:yesno organizationid:guid systemmanaged:yesno exchangerate:decimal",
    collections={
        "teamroles_association": Collection("role", "teamid", "clear", TEAM_ROLES, "roleid"),
        "teammembership_association": Collection("systemuser", "teamid", "clear", TEAM_MEMBERS, "systemuserid"),
    },
)
ROLE = table(
    "role",
    "roles",
    otc=1036,
    both="name:text100 businessunitid:>businessunit",
    read="organizationid:guid ismanaged:yesno roletemplateid:>role",
    collections={
        "systemuserroles_association": Collection("systemuser", "roleid", "clear", USER_ROLES, "systemuserid"),
        "teamroles_association": Collection("team", "roleid", "clear", TEAM_ROLES, "teamid"),
        "roleprivileges_association": Collection("privilege", "roleid", "clear", ROLE_PRIVILEGES, "privilegeid"),
    },
)
PRIVILEGE = table(
    "privilege",
    "privileges",
    otc=1023,
    read="name:text100 accessright:integer canbebasic:yesno canbelocal:yesno canbedeep:yesno canbeglobal:yesno",
    collections={
        "roleprivileges_association": Collection("role", "privilegeid", "clear", ROLE_PRIVILEGES, "roleid"),
    },
    stamps=False,
    tracked=False,
)
USER_ROLE = table(
    USER_ROLES,
    "systemuserrolescollection",
    key="systemuserroleid",
    primary_name="",
    read="systemuserid:>systemuser roleid:>role",
    stamps=False,
    tracked=False,
)
TEAM_ROLE = table(
    TEAM_ROLES,
    "teamrolescollection",
    key="teamroleid",
    primary_name="",
    read="teamid:>team roleid:>role",
    stamps=False,
    tracked=False,
)
TEAM_MEMBER = table(
    TEAM_MEMBERS,
    "teammemberships",
    key="teammembershipid",
    primary_name="",
    read="teamid:>team systemuserid:>systemuser",
    stamps=False,
    tracked=False,
)
ROLE_PRIVILEGE = table(
    ROLE_PRIVILEGES,
    "roleprivilegescollection",
    key="roleprivilegeid",
    primary_name="",
    read="roleid:>role privilegeid:>privilege privilegedepthmask:integer",
    stamps=False,
    tracked=False,
)
