"""What a Business Central user holds, from the automation API: for a look at our own account, nothing else."""

from __future__ import annotations

from bridge.clients.bc_requests import read
from bridge.clients.odata import query_options, quote_text
from bridge.clients.transport import Transport
from bridge.records import Company

_AUTOMATION = "api/microsoft/automation/v2.0"


def permission_sets(transport: Transport, company: Company, user: str) -> frozenset[str]:
    """The permission sets of ``user`` in any company, upper case; none for an unknown user. Raises RemoteError: most
    accounts may not look, which is status 403."""
    rows = transport.pages(
        read(
            f"{_AUTOMATION}/companies({company.id})/users",
            purpose="read own permission sets",
            query=query_options(filter=f"userName eq {quote_text(user)}", expand="userPermissions"),
        )
    )
    return frozenset(str(one["roleId"]).upper() for row in rows for one in row.get("userPermissions", ()))
