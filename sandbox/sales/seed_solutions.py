"""Publishers, solutions and forms as an environment has them before anybody customizes it."""

from __future__ import annotations

import base64

from sandbox.sales.model import Ref
from sandbox.sales.seed_rows import Seeds
from sandbox.world import made_id

_PUBLISHERS = {"MicrosoftDynamics365": "msdyn", "DefaultPublishercontoso": "new", "BusinessCentral": "nav"}
FORMS = {"product": "Product", "opportunity": "Opportunity", "quote": "Quote", "salesorder": "Order"}
_MAIN = 2
_VENDORS_SCRIPT = "msdyn_/scripts/salesorder.js"
_EVENTS = (
    '<events><event name="onload" application="false" active="false"><Handlers><Handler functionName="Order.load"'
    f' libraryName="{_VENDORS_SCRIPT}" handlerUniqueId="{{0c6f1f5e-0001-4000-8000-000000000001}}" enabled="true"'
    f' parameters="" passExecutionContext="true"/></Handlers></event></events><formLibraries><Library'
    f' name="{_VENDORS_SCRIPT}" libraryUniqueId="{{0c6f1f5e-0002-4000-8000-000000000002}}"/></formLibraries>'
)


def seed_solutions(seeds: Seeds, organization: Ref) -> None:
    """The default solution, those of Business Central as they are installed, and a main form of each document."""
    publishers = {}
    for name, prefix in _PUBLISHERS.items():
        publishers[name] = seeds.put(
            "publisher",
            name,
            uniquename=name,
            friendlyname=name,
            customizationprefix=prefix,
            customizationoptionvalueprefix=10_000,
            isreadonly=prefix != "new",
            organizationid=organization,
        )
    solutions = (
        ("Default", "DefaultPublishercontoso", False),
        ("MicrosoftDynamicsNavIntegration", "BusinessCentral", True),
        ("bcbi_CdsBaseIntegration", "BusinessCentral", True),
    )
    for name, publisher, managed in solutions:
        seeds.put(
            "solution",
            name,
            uniquename=name,
            friendlyname=name,
            version="1.0.0.0" if name == "Default" else "2.0.0.0",
            publisherid=publishers[publisher],
            ismanaged=managed,
            isvisible=True,
            installedon=seeds.now,
            organizationid=organization,
        )
    script = base64.b64encode(b"var Order = { load: function () {} };").decode()
    seeds.put("webresource", _VENDORS_SCRIPT, name=_VENDORS_SCRIPT, webresourcetype=3, content=script, ismanaged=True)
    for table, name in FORMS.items():
        seeds.put(
            "systemform",
            table,
            name=name,
            objecttypecode=table,
            type=_MAIN,
            isdefault=True,
            formactivationstate=1,
            formxml=f'<form><tabs><tab name="general" id="{{{made_id("tab", table)}}}"><columns><column width="100%">'
            f"<sections/></column></columns></tab></tabs>{_EVENTS if table == 'salesorder' else ''}</form>",
        )
