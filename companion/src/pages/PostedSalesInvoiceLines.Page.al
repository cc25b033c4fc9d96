// C10. Their lines, with the share of the invoice discount as it was posted.
page 50115 "Bridge Posted Sales Invoice Lines"
{
    PageType = API;
    APIPublisher = 'salesbridge';
    APIGroup = 'bridge';
    APIVersion = 'v1.0';
    EntityName = 'postedSalesInvoiceLine';
    EntitySetName = 'postedSalesInvoiceLines';
    Caption = 'Posted Sales Invoice Lines';
    SourceTable = "Sales Invoice Line";
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
                field(documentId; Ids.PostedInvoiceId(Rec."Document No."))
                {
                    Caption = 'Document id', Locked = true;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'Document number', Locked = true;
                }
                field(type; Ids.LineType(Rec.Type))
                {
                    Caption = 'Type', Locked = true;
                }
                field(invoiceDiscountAmount; Rec."Inv. Discount Amount")
                {
                    Caption = 'Invoice discount amount', Locked = true;
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
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        Amounts.SetInvoiceLine(Rec);
    end;

    var
        Ids: Codeunit "Bridge Ids";
        Amounts: Codeunit "Bridge Line Amounts";
}
