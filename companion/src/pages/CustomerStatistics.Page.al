// C12. What each customer owes and has ordered, in local currency, by Business Central's own functions.
page 50116 "Bridge Customer Statistics"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'customerStatistic';
    EntitySetName = 'customerStatistics';
    Caption = 'Customer Statistics';
    SourceTable = Customer;
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
                field(displayName; Rec.Name)
                {
                    Caption = 'Display name', Locked = true;
                }
                field(balance; Rec."Balance (LCY)")
                {
                    Caption = 'Balance', Locked = true;
                }
                field(outstandingOrders; Rec."Outstanding Orders (LCY)")
                {
                    Caption = 'Outstanding orders', Locked = true;
                }
                field(shippedNotInvoiced; Rec."Shipped Not Invoiced (LCY)")
                {
                    Caption = 'Shipped not invoiced', Locked = true;
                }
                field(outstandingInvoices; Rec."Outstanding Invoices (LCY)")
                {
                    Caption = 'Outstanding invoices', Locked = true;
                }
                field(total; Rec.GetTotalAmountLCY())
                {
                    Caption = 'Total', Locked = true;
                }
                field(creditLimit; Rec."Credit Limit (LCY)")
                {
                    Caption = 'Credit limit', Locked = true;
                }
                field(overdueAmount; Rec.CalcOverdueBalance())
                {
                    Caption = 'Overdue amount', Locked = true;
                }
                field(overdueAsOf; WorkDate())
                {
                    Caption = 'Overdue as of', Locked = true;
                }
                field(totalSales; Rec.GetSalesLCY())
                {
                    Caption = 'Total sales', Locked = true;
                }
                field(invoicedPrepaymentAmount; Rec.GetInvoicedPrepmtAmountLCY())
                {
                    Caption = 'Invoiced prepayment amount', Locked = true;
                }
                field(lastDetailedEntryNumber; LastDetailedEntryNumber)
                {
                    Caption = 'Last detailed entry number', Locked = true;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        DetailedCustLedgEntry: Record "Detailed Cust. Ledg. Entry";
    begin
        LastDetailedEntryNumber := 0;
        DetailedCustLedgEntry.SetCurrentKey("Customer No.");
        DetailedCustLedgEntry.SetRange("Customer No.", Rec."No.");
        if DetailedCustLedgEntry.FindLast() then
            LastDetailedEntryNumber := DetailedCustLedgEntry."Entry No.";
    end;

    var
        LastDetailedEntryNumber: Integer;
}
