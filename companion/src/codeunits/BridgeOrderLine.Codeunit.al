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
                SalesLine.Validate("Unit Price", BridgeJson.DecimalOf(Given, 'unitPrice'));
            if BridgeJson.Has(Given, 'discountAmount') then
                SalesLine.Validate("Line Discount Amount", BridgeJson.DecimalOf(Given, 'discountAmount'));
        end;
        if BridgeJson.Has(Given, 'attachedToLineNumber') then
            SalesLine."Attached to Line No." := BridgeJson.IntegerOf(Given, 'attachedToLineNumber');
        SalesLine.Insert(true);
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
