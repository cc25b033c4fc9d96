// One line of a request, validated in the order in which each value keeps what was asked for.
codeunit 50124 "Bridge Order Line"
{
    var
        BridgeJson: Codeunit "Bridge Json";
        WhereTok: Label 'line %1', Comment = '%1 = number of the line in the request', Locked = true;

    procedure Insert(SalesHeader: Record "Sales Header"; Given: JsonObject; Number: Integer)
    var
        SalesLine: Record "Sales Line";
    begin
        BridgeJson.RefuseUnknownNames(Given, KnownNames(), StrSubstNo(WhereTok, Number));
        SalesLine.Init();
        SalesLine."Document Type" := SalesHeader."Document Type";
        SalesLine."Document No." := SalesHeader."No.";
        SalesLine."Line No." := BridgeJson.IntegerOf(Given, 'sequence');
        if SalesLine."Line No." = 0 then
            SalesLine."Line No." := Number * 10000;
        SalesLine.SetHideValidationDialog(true);
        SalesLine.Validate(Type, LineType(BridgeJson.TextOf(Given, 'lineType'), Number));
        if BridgeJson.Has(Given, 'lineObjectNumber') then
            SalesLine.Validate("No.", BridgeJson.TextOf(Given, 'lineObjectNumber'));
        if BridgeJson.Has(Given, 'description') then
            SalesLine.Validate(Description, BridgeJson.TextOf(Given, 'description'));
        if SalesLine.Type <> SalesLine.Type::" " then begin
            if BridgeJson.Has(Given, 'unitOfMeasureCode') then
                SalesLine.Validate("Unit of Measure Code", BridgeJson.TextOf(Given, 'unitOfMeasureCode'));
            SalesLine.Validate(Quantity, BridgeJson.DecimalOf(Given, 'quantity'));
            if BridgeJson.Has(Given, 'unitPrice') then
                SalesLine.Validate("Unit Price", UnitPrice(SalesHeader, SalesLine, Given));
            if BridgeJson.Has(Given, 'discountAmount') then
                SalesLine.Validate("Line Discount Amount", BridgeJson.DecimalOf(Given, 'discountAmount'));
        end;
        if BridgeJson.Has(Given, 'attachedToLineNumber') then
            SalesLine."Attached to Line No." := BridgeJson.IntegerOf(Given, 'attachedToLineNumber');
        SalesLine.Insert(true);
    end;

    // A price that was kept with the item's own, VAT included, loses that VAT; any other price is taken as it comes.
    local procedure UnitPrice(SalesHeader: Record "Sales Header"; SalesLine: Record "Sales Line"; Given: JsonObject) Price: Decimal
    var
        GeneralLedgerSetup: Record "General Ledger Setup";
        Item: Record Item;
        VATPostingSetup: Record "VAT Posting Setup";
    begin
        Price := BridgeJson.DecimalOf(Given, 'unitPrice');
        if not BridgeJson.BooleanOf(Given, 'unitPriceMayIncludeVAT', false) then
            exit;
        if SalesHeader."Prices Including VAT" or (SalesLine.Type <> SalesLine.Type::Item) then
            exit;
        if not Item.Get(SalesLine."No.") then
            exit;
        if not Item."Price Includes VAT" or (Item."VAT Bus. Posting Gr. (Price)" = '') then
            exit;
        if Item."VAT Bus. Posting Gr. (Price)" <> SalesLine."VAT Bus. Posting Group" then
            exit;
        if not VATPostingSetup.Get(SalesLine."VAT Bus. Posting Group", SalesLine."VAT Prod. Posting Group") then
            exit;
        GeneralLedgerSetup.Get();
        Price := Round(Price / (1 + VATPostingSetup."VAT %" / 100), GeneralLedgerSetup."Unit-Amount Rounding Precision");
    end;

    local procedure KnownNames() Known: List of [Text]
    begin
        Known.Add('sequence');
        Known.Add('lineType');
        Known.Add('lineObjectNumber');
        Known.Add('description');
        Known.Add('unitOfMeasureCode');
        Known.Add('quantity');
        Known.Add('unitPrice');
        Known.Add('unitPriceMayIncludeVAT');
        Known.Add('discountAmount');
        Known.Add('attachedToLineNumber');
    end;

    local procedure LineType(Name: Text; Number: Integer): Enum "Sales Line Type"
    var
        UnknownTypeErr: Label 'Line %1: ''%2'' is none of Item, Resource, Account and Comment.', Comment = '%1 = line, %2 = type';
    begin
        case Name of
            'Item':
                exit("Sales Line Type"::Item);
            'Resource':
                exit("Sales Line Type"::Resource);
            'Account':
                exit("Sales Line Type"::"G/L Account");
            'Comment', '':
                exit("Sales Line Type"::" ");
        end;
        Error(UnknownTypeErr, Number, Name);
    end;
}
