// C11. Their lines, with what is shipped, invoiced and still outstanding.
page 50113 "Bridge Sales Document Lines"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'salesDocumentLine';
    EntitySetName = 'salesDocumentLines';
    Caption = 'Sales Document Lines';
    SourceTable = "Sales Line";
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
                field(documentId; Ids.SalesDocumentId(Rec."Document Type", Rec."Document No."))
                {
                    Caption = 'Document id', Locked = true;
                }
                field(documentType; Rec."Document Type")
                {
                    Caption = 'Document type', Locked = true;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'Document number', Locked = true;
                }
                field(itemNumber; ItemNumber)
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
                field(sequence; Rec."Line No.")
                {
                    Caption = 'Sequence', Locked = true;
                }
                field(itemId; Ids.ItemId(Rec.Type, Rec."No."))
                {
                    Caption = 'Item id', Locked = true;
                }
                field(accountId; Ids.AccountId(Rec.Type, Rec."No."))
                {
                    Caption = 'Account id', Locked = true;
                }
                field(lineType; Ids.LineType(Rec.Type))
                {
                    Caption = 'Line type', Locked = true;
                }
                field(lineObjectNumber; Rec."No.")
                {
                    Caption = 'Line object number', Locked = true;
                }
                field(description; Rec.Description)
                {
                    Caption = 'Description', Locked = true;
                }
                field(description2; Rec."Description 2")
                {
                    Caption = 'Description2', Locked = true;
                }
                field(unitOfMeasureId; Ids.UnitOfMeasureId(Rec."Unit of Measure Code"))
                {
                    Caption = 'Unit of measure id', Locked = true;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'Unit of measure code', Locked = true;
                }
                field(itemVariantId; Ids.VariantId(Rec."No.", Rec."Variant Code"))
                {
                    Caption = 'Item variant id', Locked = true;
                }
                field(locationId; Ids.LocationId(Rec."Location Code"))
                {
                    Caption = 'Location id', Locked = true;
                }
                field(quantity; Rec.Quantity)
                {
                    Caption = 'Quantity', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit price', Locked = true;
                }
                field(discountPercent; Rec."Line Discount %")
                {
                    Caption = 'Discount percent', Locked = true;
                }
                field(discountAmount; Rec."Line Discount Amount")
                {
                    Caption = 'Discount amount', Locked = true;
                }
                field(discountAppliedBeforeTax; Amounts.DiscountAppliedBeforeTax())
                {
                    Caption = 'Discount applied before tax', Locked = true;
                }
                field(amountExcludingTax; Amounts.AmountExcludingTax())
                {
                    Caption = 'Amount excluding tax', Locked = true;
                }
                field(taxCode; Rec."VAT Prod. Posting Group")
                {
                    Caption = 'Tax code', Locked = true;
                }
                field(taxPercent; Rec."VAT %")
                {
                    Caption = 'Tax percent', Locked = true;
                }
                field(totalTaxAmount; Amounts.AmountIncludingTax() - Amounts.AmountExcludingTax())
                {
                    Caption = 'Total tax amount', Locked = true;
                }
                field(amountIncludingTax; Amounts.AmountIncludingTax())
                {
                    Caption = 'Amount including tax', Locked = true;
                }
                field(invoiceDiscountAllocation; Amounts.InvoiceDiscountAllocation())
                {
                    Caption = 'Invoice discount allocation', Locked = true;
                }
                field(netAmount; Rec.Amount)
                {
                    Caption = 'Net amount', Locked = true;
                }
                field(netTaxAmount; Rec."Amount Including VAT" - Rec.Amount)
                {
                    Caption = 'Net tax amount', Locked = true;
                }
                field(netAmountIncludingTax; Rec."Amount Including VAT")
                {
                    Caption = 'Net amount including tax', Locked = true;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'Shipment date', Locked = true;
                }
                field(outstandingQuantity; Rec."Outstanding Quantity")
                {
                    Caption = 'Outstanding quantity', Locked = true;
                }
                field(shippedQuantity; Rec."Quantity Shipped")
                {
                    Caption = 'Shipped quantity', Locked = true;
                }
                field(invoicedQuantity; Rec."Quantity Invoiced")
                {
                    Caption = 'Invoiced quantity', Locked = true;
                }
                field(shipQuantity; Rec."Qty. to Ship")
                {
                    Caption = 'Ship quantity', Locked = true;
                }
                field(invoiceQuantity; Rec."Qty. to Invoice")
                {
                    Caption = 'Invoice quantity', Locked = true;
                }
                field(attachedToLineNumber; Rec."Attached to Line No.")
                {
                    Caption = 'Attached to line number', Locked = true;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        ItemNumber := '';
        if Rec.Type = Rec.Type::Item then
            ItemNumber := Rec."No.";
        Amounts.SetSalesLine(Rec);
    end;

    var
        Ids: Codeunit "Bridge Ids";
        Amounts: Codeunit "Bridge Line Amounts";
        ItemNumber: Code[20];
}
