"""What customizations are made of: publishers, solutions with their components, web resources, forms."""

from __future__ import annotations

from sandbox.sales.model import Collection, table

PUBLISHER = table(
    "publisher",
    "publishers",
    otc=7101,
    primary_name="friendlyname",
    both="friendlyname:text256 description:text2000 customizationprefix:text8 customizationoptionvalueprefix:integer",
    create="uniquename:text256",
    read="isreadonly:yesno organizationid:>organization",
    collections={"publisher_solution": Collection("solution", "publisherid")},
    tracked=False,
)
SOLUTION = table(
    "solution",
    "solutions",
    otc=7100,
    primary_name="friendlyname",
    both="friendlyname:text256 description:text2000 version:text256",
    create="uniquename:text65 publisherid:>publisher",
    read="ismanaged:yesno isvisible:yesno installedon:moment organizationid:>organization",
    collections={"solution_solutioncomponent": Collection("solutioncomponent", "solutionid", "cascade")},
    tracked=False,
)
SOLUTION_COMPONENT = table(
    "solutioncomponent",
    "solutioncomponents",
    otc=7103,
    primary_name="",
    read="componenttype:choice objectid:guid solutionid:>solution rootcomponentbehavior:choice",
    tracked=False,
)
WEB_RESOURCE = table(
    "webresource",
    "webresourceset",
    otc=9333,
    both="displayname:text200 description:text2000 content:memo languagecode:integer",
    create="name:text256 webresourcetype:choice",
    read="ismanaged:yesno organizationid:>organization",
    tracked=False,
)
SYSTEM_FORM = table(
    "systemform",
    "systemforms",
    key="formid",
    otc=1030,
    both="name:text100 description:text2000 formxml:memo",
    create="objecttypecode:text64 type:choice",
    read="ismanaged:yesno isdefault:yesno formactivationstate:choice organizationid:>organization",
    tracked=False,
)
TABLES = (PUBLISHER, SOLUTION, SOLUTION_COMPONENT, WEB_RESOURCE, SYSTEM_FORM)
WEB_RESOURCE_TYPES = {
    **{1: "Webpage (HTML)", 2: "Style Sheet (CSS)", 3: "Script (JScript)", 4: "Data (XML)", 5: "PNG format"},
    **{6: "JPG format", 7: "GIF format", 8: "Silverlight (XAP)", 9: "Style Sheet (XSL)", 10: "ICO format"},
    **{11: "Vector format (SVG)", 12: "String (RESX)"},
}
COMPONENT_TYPES = {1: "Entity", 2: "Attribute", 9: "Option Set", 20: "Role", 60: "System Form", 61: "Web Resource"}
