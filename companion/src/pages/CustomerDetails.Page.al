// C7. Customers with the codes and contact details that API v2.0 leaves out.
page 50108 "Bridge Customer Details"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'customerDetail';
    EntitySetName = 'customerDetails';
    Caption = 'Customer Details';
    SourceTable = Customer;
    ODataKeyFields = SystemId;
    Extensible = false;
    DelayedInsert = true;

    layout
    {
        area(Content)
        {
            repeater(Rows)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time', Locked = true;
                    Editable = false;
                }
                field(rowVersion; Rec.SystemRowVersion)
                {
                    Caption = 'Row version', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;
                }
                field(displayName; Rec.Name)
                {
                    Caption = 'Display name', Locked = true;
                }
                field(type; Rec."Contact Type")
                {
                    Caption = 'Type', Locked = true;
                }
                field(addressLine1; Rec.Address)
                {
                    Caption = 'Address line1', Locked = true;
                }
                field(addressLine2; Rec."Address 2")
                {
                    Caption = 'Address line2', Locked = true;
                }
                field(city; Rec.City)
                {
                    Caption = 'City', Locked = true;
                }
                field(state; Rec.County)
                {
                    Caption = 'State', Locked = true;
                }
                field(country; Rec."Country/Region Code")
                {
                    Caption = 'Country', Locked = true;
                }
                field(postalCode; Rec."Post Code")
                {
                    Caption = 'Postal code', Locked = true;
                }
                field(phoneNumber; Rec."Phone No.")
                {
                    Caption = 'Phone number', Locked = true;
                }
                field(email; Rec."E-Mail")
                {
                    Caption = 'Email', Locked = true;
                }
                field(website; Rec."Home Page")
                {
                    Caption = 'Website', Locked = true;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson code', Locked = true;
                }
                field(balanceDue; Rec."Balance Due (LCY)")
                {
                    Caption = 'Balance due', Locked = true;
                    Editable = false;
                }
                field(creditLimit; Rec."Credit Limit (LCY)")
                {
                    Caption = 'Credit limit', Locked = true;
                }
                field(taxLiable; Rec."Tax Liable")
                {
                    Caption = 'Tax liable', Locked = true;
                }
                field(taxAreaId; Rec."Tax Area ID")
                {
                    Caption = 'Tax area id', Locked = true;
                }
                field(taxAreaDisplayName; TaxAreaName)
                {
                    Caption = 'Tax area display name', Locked = true;
                    Editable = false;
                }
                field(taxRegistrationNumber; Rec."VAT Registration No.")
                {
                    Caption = 'Tax registration number', Locked = true;
                }
                field(currencyId; Rec."Currency Id")
                {
                    Caption = 'Currency id', Locked = true;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'Currency code', Locked = true;
                }
                field(paymentTermsId; Rec."Payment Terms Id")
                {
                    Caption = 'Payment terms id', Locked = true;
                }
                field(shipmentMethodId; Rec."Shipment Method Id")
                {
                    Caption = 'Shipment method id', Locked = true;
                }
                field(paymentMethodId; Rec."Payment Method Id")
                {
                    Caption = 'Payment method id', Locked = true;
                }
                field(blocked; Rec.Blocked)
                {
                    Caption = 'Blocked', Locked = true;
                }
                field(contactName; Rec.Contact)
                {
                    Caption = 'Contact name', Locked = true;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'Fax number', Locked = true;
                }
                field(mobilePhoneNumber; Rec."Mobile Phone No.")
                {
                    Caption = 'Mobile phone number', Locked = true;
                }
                field(primaryContactNumber; Rec."Primary Contact No.")
                {
                    Caption = 'Primary contact number', Locked = true;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'Payment terms code', Locked = true;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'Shipment method code', Locked = true;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping agent code', Locked = true;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        TaxArea: Record "Tax Area";
    begin
        TaxAreaName := '';
        if TaxArea.Get(Rec."Tax Area Code") then
            TaxAreaName := TaxArea.GetDescriptionInCurrentLanguageFullLength();
        Rec.SetRange("Date Filter", 0D, WorkDate() - 1);
        Rec.CalcFields("Balance Due (LCY)");
    end;

    var
        TaxAreaName: Text[100];
}
