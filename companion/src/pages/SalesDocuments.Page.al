// C11. Open quotes and orders with their real status, which API v2.0 hides.
page 50112 "Bridge Sales Documents"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'salesDocument';
    EntitySetName = 'salesDocuments';
    Caption = 'Sales Documents';
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = filter(Quote | Order));
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
                field(documentType; Rec."Document Type")
                {
                    Caption = 'Document type', Locked = true;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External document number', Locked = true;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your reference', Locked = true;
                }
                field(quoteNumber; Rec."Quote No.")
                {
                    Caption = 'Quote number', Locked = true;
                }
                field(orderDate; Rec."Document Date")
                {
                    Caption = 'Order date', Locked = true;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'Posting date', Locked = true;
                }
                field(validUntilDate; Rec."Quote Valid Until Date")
                {
                    Caption = 'Valid until date', Locked = true;
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
                field(shortcutDimension1Code; Rec."Shortcut Dimension 1 Code")
                {
                    Caption = 'Shortcut dimension1 code', Locked = true;
                }
                field(shortcutDimension2Code; Rec."Shortcut Dimension 2 Code")
                {
                    Caption = 'Shortcut dimension2 code', Locked = true;
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
                field(paymentDiscountPercent; Rec."Payment Discount %")
                {
                    Caption = 'Payment discount percent', Locked = true;
                }
                field(partialShipping; Rec."Shipping Advice" = Rec."Shipping Advice"::Partial)
                {
                    Caption = 'Partial shipping', Locked = true;
                }
                field(requestedDeliveryDate; Rec."Requested Delivery Date")
                {
                    Caption = 'Requested delivery date', Locked = true;
                }
                field(lastShipmentDate; Rec."Last Shipment Date")
                {
                    Caption = 'Last shipment date', Locked = true;
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
                field(fullyShipped; Rec."Completely Shipped")
                {
                    Caption = 'Fully shipped', Locked = true;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'Work description', Locked = true;
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status', Locked = true;
                }
                part(salesDocumentLines; "Bridge Sales Document Lines")
                {
                    Caption = 'Sales Document Lines', Locked = true;
                    EntityName = 'salesDocumentLine';
                    EntitySetName = 'salesDocumentLines';
                    SubPageLink = "Document Type" = field("Document Type"), "Document No." = field("No.");
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        WorkDescription := Rec.GetWorkDescription();
    end;

    var
        Ids: Codeunit "Bridge Ids";
        WorkDescription: Text;
}
