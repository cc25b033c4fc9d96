// Available to promise by Business Central's own calculation, with every term of it.
codeunit 50130 "Bridge Availability"
{
    var
        CompanyInformation: Record "Company Information";
        AvailableToPromise: Codeunit "Available to Promise";
        BridgeJson: Codeunit "Bridge Json";

    procedure Calculate(Questions: JsonArray) Answers: JsonArray
    var
        Question: JsonToken;
    begin
        CompanyInformation.Get();
        foreach Question in Questions do
            Answers.Add(CalculateOne(Question.AsObject()));
    end;

    local procedure CalculateOne(Question: JsonObject) Answer: JsonObject
    var
        Item: Record Item;
        Promise: Decimal;
        GrossRequirement: Decimal;
        ScheduledReceipt: Decimal;
        AvailableQuantity: Decimal;
        Earliest: Date;
        Wanted: Date;
    begin
        BridgeJson.RefuseUnknownNames(Question, KnownNames(), 'request');
        Wanted := BridgeJson.DateOf(Question, 'requestedDate');
        if Wanted = 0D then
            Wanted := WorkDate();
        Item.Get(BridgeJson.TextOf(Question, 'itemNumber'));
        Item.SetRange("Variant Filter", BridgeJson.TextOf(Question, 'variantCode'));
        Item.SetRange("Location Filter", BridgeJson.TextOf(Question, 'locationCode'));
        Item.SetRange("Drop Shipment Filter", false);
        Item.SetRange("Date Filter", 0D, Wanted);
        Promise := AvailableToPromise.CalcQtyAvailabletoPromise(Item, GrossRequirement, ScheduledReceipt, Wanted,
            CompanyInformation."Check-Avail. Time Bucket", CompanyInformation."Check-Avail. Period Calc.");
        Item.CalcFields(Inventory, "Reserved Qty. on Inventory");
        Earliest := AvailableToPromise.CalcEarliestAvailabilityDate(Item, BridgeJson.DecimalOf(Question, 'quantity'), Wanted, 0, 0D,
            AvailableQuantity, CompanyInformation."Check-Avail. Time Bucket", CompanyInformation."Check-Avail. Period Calc.");
        Answer.Add('itemNumber', Item."No.");
        Answer.Add('variantCode', BridgeJson.TextOf(Question, 'variantCode'));
        Answer.Add('locationCode', BridgeJson.TextOf(Question, 'locationCode'));
        Answer.Add('requestedDate', Format(Wanted, 0, 9));
        Answer.Add('quantity', BridgeJson.DecimalOf(Question, 'quantity'));
        Answer.Add('inventory', Item.Inventory);
        Answer.Add('reservedOnInventory', Item."Reserved Qty. on Inventory");
        Answer.Add('scheduledReceipt', ScheduledReceipt);
        Answer.Add('reservedReceipt', AvailableToPromise.CalcReservedReceipt(Item));
        Answer.Add('grossRequirement', GrossRequirement);
        Answer.Add('reservedRequirement', AvailableToPromise.CalcReservedRequirement(Item));
        Answer.Add('availableToPromise', Promise);
        Answer.Add('earliestDate', DateText(Earliest));
    end;

    local procedure KnownNames() Known: List of [Text]
    begin
        Known.Add('itemNumber');
        Known.Add('variantCode');
        Known.Add('locationCode');
        Known.Add('requestedDate');
        Known.Add('quantity');
    end;

    local procedure DateText(Value: Date): Text
    begin
        if Value = 0D then
            exit('');
        exit(Format(Value, 0, 9));
    end;
}
