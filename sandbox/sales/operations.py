"""Actions and functions of the environment as data: what they are bound to, take and answer.

The names decide what may be called by which verb, and ``$metadata`` is written from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_ENTITY = "mscrm.crmbaseentity"
_COLUMNS = "mscrm.ColumnSet"
_GUID, _TEXT, _NUMBER, _MOMENT = "Edm.Guid", "Edm.String", "Edm.Int32", "Edm.DateTimeOffset"


@dataclass(frozen=True, slots=True)
class Operation:
    """``bound_to`` is a table, ``table[]`` for its set, or blank; types are written as CSDL has them."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    returns: str = ""
    bound_to: str = ""
    function: bool = False


def _from(source: str, table: str) -> Operation:
    return Operation({f"{source}Id": _GUID, "ColumnSet": _COLUMNS}, f"mscrm.{table}")


def _close(parameter: str) -> Operation:
    return Operation({parameter: _ENTITY, "Status": _NUMBER})


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "WhoAmI": Operation(returns="mscrm.WhoAmIResponse", function=True),
        "RetrieveTotalRecordCount": Operation(
            {"EntityNames": f"Collection({_TEXT})"}, "mscrm.RetrieveTotalRecordCountResponse", function=True
        ),
        "RetrieveMetadataChanges": Operation(
            {"Query": "mscrm.EntityQueryExpression", "ClientVersionStamp": _TEXT},
            "mscrm.RetrieveMetadataChangesResponse",
            function=True,
        ),
        "WinQuote": _close("QuoteClose"),
        "CloseQuote": _close("QuoteClose"),
        "FulfillSalesOrder": _close("OrderClose"),
        "CancelSalesOrder": _close("OrderClose"),
        "WinOpportunity": _close("OpportunityClose"),
        "LoseOpportunity": _close("OpportunityClose"),
        "ReviseQuote": _from("Quote", "quote"),
        "ConvertQuoteToSalesOrder": Operation(
            {
                "QuoteId": _GUID,
                "ColumnSet": _COLUMNS,
                "QuoteCloseDate": _MOMENT,
                "QuoteCloseStatus": _NUMBER,
                "QuoteCloseSubject": _TEXT,
                "QuoteCloseDescription": _TEXT,
            },
            "mscrm.salesorder",
        ),
        "ConvertSalesOrderToInvoice": _from("SalesOrder", "invoice"),
        "GenerateQuoteFromOpportunity": _from("Opportunity", "quote"),
        "GenerateSalesOrderFromOpportunity": _from("Opportunity", "salesorder"),
        "GenerateInvoiceFromOpportunity": _from("Opportunity", "invoice"),
        "UnlockSalesOrderPricing": Operation({"SalesOrderId": _GUID}),
        "UnlockInvoicePricing": Operation({"InvoiceId": _GUID}),
        "LockSalesOrderPricing": Operation(bound_to="salesorder"),
        "LockInvoicePricing": Operation(bound_to="invoice"),
        "BulkDelete": Operation(
            {"QuerySet": "Collection(mscrm.QueryExpression)", "JobName": _TEXT}, "mscrm.BulkDeleteResponse"
        ),
        "DeleteOQOILineWithSkipPricingCalculation": Operation({"entityName": _TEXT, "entityId": _GUID}),
        "RecalculatePrice": Operation({"entityLogicalName": _TEXT, "entityId": _GUID}),
        "InsertOptionValue": Operation(
            {"EntityLogicalName": _TEXT, "AttributeLogicalName": _TEXT, "Value": _NUMBER, "Label": "mscrm.Label"},
            "mscrm.InsertOptionValueResponse",
        ),
        "UpdateOptionValue": Operation(
            {"EntityLogicalName": _TEXT, "AttributeLogicalName": _TEXT, "Value": _NUMBER, "Label": "mscrm.Label"}
        ),
        "DeleteOptionValue": Operation({"EntityLogicalName": _TEXT, "AttributeLogicalName": _TEXT, "Value": _NUMBER}),
        "AddPrivilegesRole": Operation({"Privileges": "Collection(mscrm.RolePrivilege)"}, bound_to="role"),
        "ReplacePrivilegesRole": Operation({"Privileges": "Collection(mscrm.RolePrivilege)"}, bound_to="role"),
        "RemovePrivilegeRole": Operation({"PrivilegeId": _GUID}, bound_to="role"),
        "AddSolutionComponent": Operation(
            {
                "ComponentId": _GUID,
                "ComponentType": _NUMBER,
                "SolutionUniqueName": _TEXT,
                "AddRequiredComponents": "Edm.Boolean",
            },
            "mscrm.AddSolutionComponentResponse",
        ),
        "PublishXml": Operation({"ParameterXml": _TEXT}),
        "PublishAllXml": Operation(),
    }
)
COMPLEX_TYPES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "WhoAmIResponse": {"BusinessUnitId": _GUID, "UserId": _GUID, "OrganizationId": _GUID},
        "RetrieveTotalRecordCountResponse": {"EntityRecordCountCollection": "mscrm.EntityRecordCountCollection"},
        "EntityRecordCountCollection": {
            "Keys": f"Collection({_TEXT})",
            "Values": "Collection(Edm.Int64)",
        },
        "ColumnSet": {"AllColumns": "Edm.Boolean", "Columns": f"Collection({_TEXT})"},
        "QueryExpression": {"EntityName": _TEXT, "ColumnSet": _COLUMNS},
        "BulkDeleteResponse": {"JobId": _GUID},
        "EntityQueryExpression": {"LabelQuery": "mscrm.Label"},
        "RetrieveMetadataChangesResponse": {"ServerVersionStamp": _TEXT},
        "LocalizedLabel": {"Label": _TEXT, "LanguageCode": _NUMBER},
        "Label": {
            "LocalizedLabels": "Collection(mscrm.LocalizedLabel)",
            "UserLocalizedLabel": "mscrm.LocalizedLabel",
        },
        "InsertOptionValueResponse": {"NewOptionValue": _NUMBER},
        "AddSolutionComponentResponse": {"id": _GUID},
        "RolePrivilege": {
            "PrivilegeId": _GUID,
            "Depth": _TEXT,
            "BusinessUnitId": _GUID,
            "PrivilegeName": _TEXT,
        },
    }
)
