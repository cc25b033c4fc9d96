// C9. Opportunities with the amounts of their current stage.
page 50111 "Bridge Opportunity Details"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'opportunityDetail';
    EntitySetName = 'opportunityDetails';
    Caption = 'Opportunity Details';
    SourceTable = Opportunity;
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
                field(description; Rec.Description)
                {
                    Caption = 'Description', Locked = true;
                }
                field(contactNumber; Rec."Contact No.")
                {
                    Caption = 'Contact number', Locked = true;
                }
                field(contactCompanyNumber; Rec."Contact Company No.")
                {
                    Caption = 'Contact company number', Locked = true;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson code', Locked = true;
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status', Locked = true;
                }
                field(creationDate; Rec."Creation Date")
                {
                    Caption = 'Creation date', Locked = true;
                }
                field(dateClosed; Rec."Date Closed")
                {
                    Caption = 'Date closed', Locked = true;
                }
                field(probability; Rec."Probability %")
                {
                    Caption = 'Probability', Locked = true;
                }
                field(estimatedValue; Rec."Estimated Value (LCY)")
                {
                    Caption = 'Estimated value', Locked = true;
                }
                field(calculatedCurrentValue; Rec."Calcd. Current Value (LCY)")
                {
                    Caption = 'Calculated current value', Locked = true;
                }
            }
        }
    }
}
