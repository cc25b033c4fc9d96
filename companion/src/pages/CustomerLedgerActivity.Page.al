// C13. Which customers' ledgers moved, and how far.
page 50117 "Bridge Customer Ledger Activity"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'customerLedgerActivity';
    EntitySetName = 'customerLedgerActivity';
    Caption = 'Customer Ledger Activity';
    SourceTable = "Detailed Cust. Ledg. Entry";
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
                field(entryNumber; Rec."Entry No.")
                {
                    Caption = 'Entry number', Locked = true;
                }
                field(customerId; Ids.CustomerId(Rec."Customer No."))
                {
                    Caption = 'Customer id', Locked = true;
                }
                field(customerNumber; Rec."Customer No.")
                {
                    Caption = 'Customer number', Locked = true;
                }
            }
        }
    }

    var
        Ids: Codeunit "Bridge Ids";
}
