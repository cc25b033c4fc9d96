"""What Business Central answers when it refuses: status, code and words, one constructor per cause."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.business_central.languages import say
from sandbox.odata import Fault, QueryRefused


class Refused(Exception):
    """A request that is answered with an error; the transaction it was part of is rolled back."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def body(self, accept_language: str = "") -> dict[str, Any]:
        """The error as JSON, with the correlation id that the real one puts behind every message."""
        said = say(self.message, accept_language)
        return {"error": {"code": self.code, "message": f"{said}  CorrelationId:  {uuid.uuid4()}."}}


def dialog(message: str) -> Refused:
    """A business rule said no."""
    return Refused(400, "Application_DialogException", message)


def validation(message: str) -> Refused:
    """A field does not have the value an operation needs."""
    return Refused(400, "Application_FieldValidationException", message)


def must_be(field: str, wanted: str, where: str, found: str) -> Refused:
    return validation(f"{field} must be equal to '{wanted}' in {where}. Current value is '{found}'.")


def must_have_value(field: str, where: str) -> Refused:
    return validation(f"{field} must have a value in {where}. It cannot be zero or empty.")


def bad_request(message: str, code: str = "BadRequest") -> Refused:
    return Refused(400, code, message)


def unknown_property(name: str, entity: str) -> Refused:
    return bad_request(
        f"The property '{name}' does not exist on type 'Microsoft.NAV.{entity}'. "
        "Make sure to only use property names that are defined by the type."
    )


def read_only(name: str) -> Refused:
    return bad_request(f"Control '{name}' is read-only.", "BadRequest_InvalidOperation")


def too_long(text: str, length: int) -> Refused:
    return Refused(
        400,
        "Application_StringExceededLength",
        f"The length of the string is {len(text)}, but it must be less than or equal to {length} characters. "
        f"Value: {text}",
    )


def not_an_option(value: object, options: tuple[str, ...]) -> Refused:
    return Refused(
        400, "Unknown", f"'{value}' is not an option. The existing options are: {','.join(o or ' ' for o in options)}"
    )


def relation_missing(field: str, table: str, value: str, related: str) -> Refused:
    return Refused(
        400,
        "Internal_InvalidTableRelation",
        f"The field {field} of table {table} contains a value ({value}) that cannot be found in the related table "
        f"({related}).",
    )


def same_key(table: str, identification: str) -> Refused:
    return Refused(
        400,
        "Internal_EntityWithSameKeyExists",
        f"The record in table {table} already exists. Identification fields and values: {identification}",
    )


def record_missing(table: str, identification: str) -> Refused:
    return Refused(
        404,
        "Internal_RecordNotFound",
        f"The {table} does not exist. Identification fields and values: {identification}",
    )


def company_missing(name: str) -> Refused:
    return Refused(404, "Internal_CompanyNotFound", f"Cannot find company '{name}'.")


def segment_missing(segment: str) -> Refused:
    return Refused(404, "BadRequest_ResourceNotFound", f"Resource not found for the segment '{segment}'.")


def bad_key(key: str) -> Refused:
    return Refused(404, "BadRequest_NotFound", f"Bad Request - Error in query syntax: invalid key '{key}'.")


def method_not_allowed(verb: str, entity_set: str) -> Refused:
    return Refused(
        405,
        "BadRequest_MethodNotAllowed",
        f"'{verb}' requests for '{entity_set}' of EdmType 'Entity' are not allowed within Microsoft Dynamics NAV "
        "OData web services.",
    )


def token_needed() -> Refused:
    return bad_request(
        "Could not validate the client concurrency token required by the service. Please provide a valid token in the "
        "client request.",
        "BadRequest_InvalidToken",
    )


def entity_changed() -> Refused:
    return Refused(409, "Request_EntityChanged", "Another user has already changed the record.")


def parameter_missing(name: str) -> Refused:
    return bad_request(
        f"Parameter '{name}' must be provided in the request body.", "BadRequest_RequiredParamNotProvided"
    )


def not_signed_in() -> Refused:
    return Refused(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.")


def too_many(actual: int, most: int, retry_after: str) -> Refused:
    return Refused(
        429,
        "Application_TooManyRequests",
        f"Too many requests reached. Actual ({actual}). Maximum ({most}).",
        {"Retry-After": retry_after},
    )


def not_acceptable(accept: str) -> Refused:
    return Refused(406, "BadRequest", f"None of the media types '{accept}' can be answered.")


def batch_too_large() -> Refused:
    return Refused(
        500,
        "Unknown",
        "The current batch message contains too many parts. A maximum number of '100' query operations and change sets "
        "are allowed in a batch message.",
    )


def query_refused(refusal: QueryRefused, entity: str) -> Refused:
    """Put what is wrong with a query option into this system's words."""
    match refusal.fault:
        case Fault.UNKNOWN_PROPERTY:
            message = f"Could not find a property named '{refusal.subject}' on type 'Microsoft.NAV.{entity}'."
            return bad_request(message)
        case Fault.OR_ACROSS_FIELDS:
            return bad_request(refusal.message, "Application_FilterErrorException")
        case Fault.WRONG_TYPE:
            return bad_request(refusal.message)
        case _:
            return bad_request(f"Bad Request - Error in query syntax: {refusal.message}", "BadRequest_NotFound")
