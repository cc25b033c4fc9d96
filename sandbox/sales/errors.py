"""Refusals of the Web API: HTTP status, code and words as Dataverse gives them."""

from __future__ import annotations


class DataverseError(Exception):
    """A refusal. ``code`` is the hexadecimal text, sometimes empty for faults of the OData layer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def not_found(table: str, row_id: str) -> DataverseError:
    """No row of that id."""
    return DataverseError(404, "0x80040217", f"Entity '{table}' With Id = {row_id} Does Not Exist")


def no_resource(segment: str) -> DataverseError:
    """A part of the path that names nothing."""
    return DataverseError(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def no_route(uri: str) -> DataverseError:
    """A function called by POST, or an action by GET."""
    return DataverseError(404, "", f"No HTTP resource was found that matches the request URI '{uri}'.")


def bad_method(method: str) -> DataverseError:
    """A verb the resource does not take."""
    return DataverseError(405, "0x80060888", f"The requested resource does not support http method '{method}'.")


def unknown_property(table: str, name: str) -> DataverseError:
    """A property in a query that the table lacks."""
    return DataverseError(
        400, "0x0", f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."
    )


def invalid_property(table: str, name: str) -> DataverseError:
    """A property in a body that the table lacks."""
    return DataverseError(
        400,
        "0x0",
        "An error occurred while validating input parameters: Microsoft.Crm.CrmException: Invalid property"
        f" '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table}'. ---> Microsoft.OData.ODataException: Does not"
        " support untyped value in non-open type.",
    )


def bad_payload(entity_set: str, detail: str) -> DataverseError:
    """A body that cannot be read as this table's."""
    return DataverseError(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{entity_set}'  ----> InnerException :"
        f" Microsoft.OData.ODataException: {detail}",
    )


def undeclared_navigation(entity_set: str, name: str) -> DataverseError:
    """A bind under a name that is no single-valued navigation property."""
    return bad_payload(
        entity_set,
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value was"
        " found in the payload. In OData, only declared navigation properties and declared named streams can be"
        " represented as properties without values.",
    )


def version_mismatch() -> DataverseError:
    """If-Match names another version than the row has."""
    return DataverseError(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
    )


def duplicate_key() -> DataverseError:
    """A row of that id is there already."""
    return DataverseError(412, "0x80040237", "Cannot insert duplicate key.")


def parent_read_only() -> DataverseError:
    """A line of a document that cannot be edited."""
    return DataverseError(400, "0x80043b09", "The parent is read only and cannot be edited.")


def read_only(table: str, row_id: str) -> DataverseError:
    """A document in a state in which its columns cannot be changed."""
    return DataverseError(400, "0x8004022e", f"The {table} with Id {row_id} cannot be updated because it is read-only.")


def invalid_argument(message: str) -> DataverseError:
    """An argument that makes no sense."""
    return DataverseError(400, "0x80040203", message)


def too_large(limit: int) -> DataverseError:
    """A body that is larger than a message may be."""
    return DataverseError(413, "0x80060888", f"The request is too large: a message may have {limit} bytes.")


def uri_too_long(limit: int) -> DataverseError:
    """An address that is longer than one may be; the status is unverified."""
    return DataverseError(414, "0x80060888", f"The URI is too long: at most {limit} characters are allowed.")
