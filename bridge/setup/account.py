"""Whether the account that reads Business Central holds more than it should, looked at before stock is published.

Stock is read with rights that should be enough for that and no more. An application (BC_AUTH=oauth) cannot hold SUPER:
Business Central refuses to give it. A user with an access key (BC_AUTH=basic) can.
"""

from __future__ import annotations

from http import HTTPStatus

from bridge.clients.accounts import permission_sets
from bridge.clients.errors import NotFound, Refused, SignInRefused
from bridge.context import CompanyContext
from bridge.errors import BridgeError

TOO_MUCH = "SUPER"
"""The permission set that opens everything."""


class AccountHoldsTooMuch(BridgeError):
    """The account reads stock with rights to everything; nothing was changed."""

    code = "AccountHoldsTooMuch"

    def __init__(self, user: str) -> None:
        super().__init__(
            f"BC_USERNAME {user} holds the permission set {TOO_MUCH} in Business Central. Nothing was changed.",
            advice="Give it the companion's permission sets instead and take SUPER away, or publish with --force.",
        )
        self.user = user


def check_account(ctx: CompanyContext) -> None:
    """Raise :class:`AccountHoldsTooMuch` when it is known to hold SUPER. An account that may not look at its own sets
    passes: that is what one with few rights looks like. Raises RemoteError while Business Central is away."""
    settings = ctx.settings
    if settings.bc_auth != "basic":
        return
    try:
        held = permission_sets(ctx.bc.transport, ctx.company, settings.bc_username)
    except (Refused, NotFound):
        return
    except SignInRefused as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        return
    if TOO_MUCH in held:
        raise AccountHoldsTooMuch(settings.bc_username)
