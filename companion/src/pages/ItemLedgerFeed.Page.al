// C16. The item ledger with location and variant. Read by row version it has no gaps; see ActiveRowVersion.
page 50118 "Bridge Item Ledger Feed"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'itemLedgerFeedEntry';
    EntitySetName = 'itemLedgerFeed';
    Caption = 'Item Ledger Feed';
    SourceTable = "Item Ledger Entry";
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
                field(itemId; Ids.ItemId("Sales Line Type"::Item, Rec."Item No."))
                {
                    Caption = 'Item id', Locked = true;
                }
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'Item number', Locked = true;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'Variant code', Locked = true;
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'Location code', Locked = true;
                }
                field(quantity; Rec.Quantity)
                {
                    Caption = 'Quantity', Locked = true;
                }
                field(remainingQuantity; Rec."Remaining Quantity")
                {
                    Caption = 'Remaining quantity', Locked = true;
                }
                field(open; Rec.Open)
                {
                    Caption = 'Open', Locked = true;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'Posting date', Locked = true;
                }
                part(item; "Bridge Item Details")
                {
                    Caption = 'Item Details', Locked = true;
                    EntityName = 'itemDetail';
                    EntitySetName = 'itemDetails';
                    Multiplicity = ZeroOrOne;
                    SubPageLink = "No." = field("Item No.");
                }
            }
        }
    }

    var
        Ids: Codeunit "Bridge Ids";
}
