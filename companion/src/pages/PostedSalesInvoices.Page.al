// C10. Posted invoices with the order they come from.
page 50114 "Bridge Posted Sales Invoices"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'postedSalesInvoice';
    EntitySetName = 'postedSalesInvoices';
    Caption = 'Posted Sales Invoices';
    SourceTable = "Sales Invoice Header";
    ODataKeyFields = SystemId;
    Extensible = false;
    Editable = false;
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    DataAccessIntent = ReadOnly;

    layout
    {
        area(Content)
        {
            repeater(Rows)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id', Locked = true;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time', Locked = true;
                }
                field(rowVersion; Rec.SystemRowVersion)
                {
                    Caption = 'Row version', Locked = true;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External document number', Locked = true;
                }
                field(invoiceDate; Rec."Document Date")
                {
                    Caption = 'Invoice date', Locked = true;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'Posting date', Locked = true;
                }
                field(dueDate; Rec."Due Date")
                {
                    Caption = 'Due date', Locked = true;
                }
                field(promisedPayDate; Rec."Promised Pay Date")
                {
                    Caption = 'Promised pay date', Locked = true;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'Shipment date', Locked = true;
                }
                field(customerPurchaseOrderReference; Rec."Your Reference")
                {
                    Caption = 'Customer purchase order reference', Locked = true;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your reference', Locked = true;
                }
                field(orderId; Ids.OrderIdOfInvoice(Rec."No."))
                {
                    Caption = 'Order id', Locked = true;
                }
                field(orderNumber; Rec."Order No.")
                {
                    Caption = 'Order number', Locked = true;
                }
                field(customerId; Ids.CustomerId(Rec."Sell-to Customer No."))
                {
                    Caption = 'Customer id', Locked = true;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Customer number', Locked = true;
                }
                field(customerName; Rec."Sell-to Customer Name")
                {
                    Caption = 'Customer name', Locked = true;
                }
                field(billToCustomerId; Ids.CustomerId(Rec."Bill-to Customer No."))
                {
                    Caption = 'Bill to customer id', Locked = true;
                }
                field(billToCustomerNumber; Rec."Bill-to Customer No.")
                {
                    Caption = 'Bill to customer number', Locked = true;
                }
                field(billToName; Rec."Bill-to Name")
                {
                    Caption = 'Bill to name', Locked = true;
                }
                field(billToAddressLine1; Rec."Bill-to Address")
                {
                    Caption = 'Bill to address line1', Locked = true;
                }
                field(billToAddressLine2; Rec."Bill-to Address 2")
                {
                    Caption = 'Bill to address line2', Locked = true;
                }
                field(billToCity; Rec."Bill-to City")
                {
                    Caption = 'Bill to city', Locked = true;
                }
                field(billToCountry; Rec."Bill-to Country/Region Code")
                {
                    Caption = 'Bill to country', Locked = true;
                }
                field(billToState; Rec."Bill-to County")
                {
                    Caption = 'Bill to state', Locked = true;
                }
                field(billToPostCode; Rec."Bill-to Post Code")
                {
                    Caption = 'Bill to post code', Locked = true;
                }
                field(sellToAddressLine1; Rec."Sell-to Address")
                {
                    Caption = 'Sell to address line1', Locked = true;
                }
                field(sellToAddressLine2; Rec."Sell-to Address 2")
                {
                    Caption = 'Sell to address line2', Locked = true;
                }
                field(sellToCity; Rec."Sell-to City")
                {
                    Caption = 'Sell to city', Locked = true;
                }
                field(sellToCountry; Rec."Sell-to Country/Region Code")
                {
                    Caption = 'Sell to country', Locked = true;
                }
                field(sellToState; Rec."Sell-to County")
                {
                    Caption = 'Sell to state', Locked = true;
                }
                field(sellToPostCode; Rec."Sell-to Post Code")
                {
                    Caption = 'Sell to post code', Locked = true;
                }
                field(shipToName; Rec."Ship-to Name")
                {
                    Caption = 'Ship to name', Locked = true;
                }
                field(shipToContact; Rec."Ship-to Contact")
                {
                    Caption = 'Ship to contact', Locked = true;
                }
                field(shipToAddressLine1; Rec."Ship-to Address")
                {
                    Caption = 'Ship to address line1', Locked = true;
                }
                field(shipToAddressLine2; Rec."Ship-to Address 2")
                {
                    Caption = 'Ship to address line2', Locked = true;
                }
                field(shipToCity; Rec."Ship-to City")
                {
                    Caption = 'Ship to city', Locked = true;
                }
                field(shipToCountry; Rec."Ship-to Country/Region Code")
                {
                    Caption = 'Ship to country', Locked = true;
                }
                field(shipToState; Rec."Ship-to County")
                {
                    Caption = 'Ship to state', Locked = true;
                }
                field(shipToPostCode; Rec."Ship-to Post Code")
                {
                    Caption = 'Ship to post code', Locked = true;
                }
                field(phoneNumber; Rec."Sell-to Phone No.")
                {
                    Caption = 'Phone number', Locked = true;
                }
                field(email; Rec."Sell-to E-Mail")
                {
                    Caption = 'Email', Locked = true;
                }
                field(currencyId; Ids.CurrencyId(Rec."Currency Code"))
                {
                    Caption = 'Currency id', Locked = true;
                }
                field(currencyCode; Ids.CurrencyCode(Rec."Currency Code"))
                {
                    Caption = 'Currency code', Locked = true;
                }
                field(pricesIncludeTax; Rec."Prices Including VAT")
                {
                    Caption = 'Prices include tax', Locked = true;
                }
                field(paymentTermsId; Ids.PaymentTermsId(Rec."Payment Terms Code"))
                {
                    Caption = 'Payment terms id', Locked = true;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'Payment terms code', Locked = true;
                }
                field(shipmentMethodId; Ids.ShipmentMethodId(Rec."Shipment Method Code"))
                {
                    Caption = 'Shipment method id', Locked = true;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'Shipment method code', Locked = true;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping agent code', Locked = true;
                }
                field(salesperson; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson', Locked = true;
                }
                field(currencyFactor; Rec."Currency Factor")
                {
                    Caption = 'Currency factor', Locked = true;
                }
                field(remainingAmount; Rec."Remaining Amount")
                {
                    Caption = 'Remaining amount', Locked = true;
                }
                field(discountAmount; Rec."Invoice Discount Amount")
                {
                    Caption = 'Discount amount', Locked = true;
                }
                field(discountAppliedBeforeTax; not Rec."Prices Including VAT")
                {
                    Caption = 'Discount applied before tax', Locked = true;
                }
                field(totalAmountExcludingTax; Rec.Amount)
                {
                    Caption = 'Total amount excluding tax', Locked = true;
                }
                field(totalTaxAmount; Rec."Amount Including VAT" - Rec.Amount)
                {
                    Caption = 'Total tax amount', Locked = true;
                }
                field(totalAmountIncludingTax; Rec."Amount Including VAT")
                {
                    Caption = 'Total amount including tax', Locked = true;
                }
                field(cancelled; Rec.Cancelled)
                {
                    Caption = 'Cancelled', Locked = true;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'Work description', Locked = true;
                }
                field(status; Status)
                {
                    Caption = 'Status', Locked = true;
                }
                part(postedSalesInvoiceLines; "Bridge Posted Sales Invoice Lines")
                {
                    Caption = 'Posted Sales Invoice Lines', Locked = true;
                    EntityName = 'postedSalesInvoiceLine';
                    EntitySetName = 'postedSalesInvoiceLines';
                    SubPageLink = "Document No." = field("No.");
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        WorkDescription := Rec.GetWorkDescription();
        Rec.CalcFields(Cancelled, Corrective, Closed);
        case true of
            Rec.Cancelled:
                Status := Status::Canceled;
            Rec.Corrective:
                Status := Status::Corrective;
            Rec.Closed:
                Status := Status::Paid;
            else
                Status := Status::Open;
        end;
    end;

    var
        Ids: Codeunit "Bridge Ids";
        Status: Enum "Invoice Entity Aggregate Status";
        WorkDescription: Text;
}
