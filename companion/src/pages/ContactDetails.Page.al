// C8. Contacts with their names in parts, and the customer or vendor their company stands for.
page 50110 "Bridge Contact Details"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'contactDetail';
    EntitySetName = 'contactDetails';
    Caption = 'Contact Details';
    SourceTable = Contact;
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
                field(type; Rec.Type)
                {
                    Caption = 'Type', Locked = true;
                }
                field(displayName; Rec.Name)
                {
                    Caption = 'Display name', Locked = true;
                }
                field(firstName; Rec."First Name")
                {
                    Caption = 'First name', Locked = true;
                }
                field(middleName; Rec."Middle Name")
                {
                    Caption = 'Middle name', Locked = true;
                }
                field(surname; Rec.Surname)
                {
                    Caption = 'Surname', Locked = true;
                }
                field(jobTitle; Rec."Job Title")
                {
                    Caption = 'Job title', Locked = true;
                }
                field(companyNumber; Rec."Company No.")
                {
                    Caption = 'Company number', Locked = true;
                }
                field(companyName; Rec."Company Name")
                {
                    Caption = 'Company name', Locked = true;
                    Editable = false;
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
                field(mobilePhoneNumber; Rec."Mobile Phone No.")
                {
                    Caption = 'Mobile phone number', Locked = true;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'Fax number', Locked = true;
                }
                field(pager; Rec.Pager)
                {
                    Caption = 'Pager', Locked = true;
                }
                field(email; Rec."E-Mail")
                {
                    Caption = 'Email', Locked = true;
                }
                field(website; Rec."Home Page")
                {
                    Caption = 'Website', Locked = true;
                }
                field(searchName; Rec."Search Name")
                {
                    Caption = 'Search name', Locked = true;
                }
                field(privacyBlocked; Rec."Privacy Blocked")
                {
                    Caption = 'Privacy blocked', Locked = true;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson code', Locked = true;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'Currency code', Locked = true;
                }
                field(salutationCode; Rec."Salutation Code")
                {
                    Caption = 'Salutation code', Locked = true;
                }
                field(relatedTable; RelatedTable)
                {
                    Caption = 'Related table', Locked = true;
                    Editable = false;
                }
                field(relatedNumber; RelatedNumber)
                {
                    Caption = 'Related number', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        ContactBusinessRelation: Record "Contact Business Relation";
    begin
        RelatedTable := RelatedTable::" ";
        RelatedNumber := '';
        ContactBusinessRelation.SetRange("Contact No.", Rec."Company No.");
        ContactBusinessRelation.SetFilter("Link to Table", '%1|%2', ContactBusinessRelation."Link to Table"::Customer,
            ContactBusinessRelation."Link to Table"::Vendor);
        if not ContactBusinessRelation.FindFirst() then
            exit;
        RelatedTable := ContactBusinessRelation."Link to Table";
        RelatedNumber := ContactBusinessRelation."No.";
    end;

    var
        RelatedTable: Enum "Contact Business Relation Link To Table";
        RelatedNumber: Code[20];
}
