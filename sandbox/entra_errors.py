"""How Entra says no: numbers, OAuth errors, statuses and words. Numbers are documented; words follow the documents."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """Entra says no; code and text as it words them."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text


_NOT_FOUND = (
    "This can happen if the application has not been installed by the administrator of the tenant or consented to by"
    " any user in the tenant. You may have sent your authentication request to the wrong tenant."
)
_REFUSALS: Mapping[int, tuple[int, str, str]] = {
    # number: status, OAuth error, text
    28000: (400, "invalid_scope", "Provided value for the input parameter scope is not valid because it contains more"
            " than one resource. Scope {scope} is not valid."),
    50027: (401, "invalid_client", "JWT token is invalid or malformed."),
    50034: (400, "invalid_grant", "The user account {user} does not exist in the {tenant} directory. To sign into this"
            " application, the account must be added to the directory."),
    50053: (400, "invalid_grant", "The account is locked, you've tried to sign in too many times with an incorrect"
            " user ID or password."),
    50055: (400, "invalid_grant", "The password is expired."),
    50057: (400, "invalid_grant", "The user account is disabled."),
    50076: (400, "invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a"
            " new location, you must use multi-factor authentication to access the resource."),
    50079: (400, "invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a"
            " new location, you must enroll in multi-factor authentication to access the resource."),
    50105: (400, "invalid_grant", "Your administrator has configured the application Bridge ('{client_id}') to block"
            " users unless they are specifically granted ('assigned') access to the application. The signed in user"
            " '{user}' is blocked because they are not assigned."),
    50126: (400, "invalid_grant", "Error validating credentials due to invalid username or password."),
    53003: (400, "invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not"
            " allow token issuance."),
    65001: (400, "invalid_grant", "The user or administrator has not consented to use the application with ID"
            " '{client_id}' named 'Bridge'. Send an interactive authorization request for this user and resource."),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70011: (400, "invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for"
            " the input parameter 'scope' is not valid. The scope {scope} is not valid."),
    90002: (400, "invalid_tenant", "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and"
            " are signing into the correct cloud."),
    500011: (400, "invalid_resource", "The resource principal named {resource} was not found in the tenant named"
             " Contoso. " + _NOT_FOUND),
    700016: (400, "unauthorized_client", "Application with identifier '{client_id}' was not found in the directory"
             " 'Contoso'. " + _NOT_FOUND),
    700024: (401, "invalid_client", "Client assertion is not within its valid time range."),
    700027: (401, "invalid_client", "The certificate used to sign the client assertion is not registered on the"
             " application."),
    900144: (400, "invalid_request", "The request body must contain the following parameter: '{field}'."),
    1002012: (400, "invalid_scope", "The provided value for scope {scope} is not valid. Client credential flows must"
              " have a scope value with /.default suffixed to the resource identifier (application ID URI)."),
    7000112: (401, "unauthorized_client", "Application '{client_id}'(Bridge) is disabled."),
    7000215: (401, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is"
              " the client secret value, not the client secret ID, for a secret added to app '{client_id}'."),
    7000218: (401, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or"
              " 'client_secret'."),
    7000222: (401, "invalid_client", "The provided client secret keys for app '{client_id}' are expired. Create new"
              " keys for your app, or consider using certificate credentials for added security."),
    9002313: (400, "invalid_grant", "Invalid request. Request is malformed or invalid."),
}  # fmt: skip

USER_REFUSALS: Mapping[str, int] = {
    "disabled": 50057,
    "locked": 50053,
    "password-expired": 50055,
    "mfa-required": 50076,
    "mfa-enrolment": 50079,
    "conditional-access": 53003,
    "not-assigned": 50105,
}
"""By the state a user was switched to."""


def refusal(number: int, **named: str) -> Refused:
    """The refusal of this number; ``named`` fills its text."""
    status, error, text = _REFUSALS[number]
    return Refused(status, error, number, text.format(**named))


def missing(name: str) -> Refused:
    """A field the request must have."""
    return refusal(900144, field=name)
