// The header's fields of a request, set in the order in which Business Central's own defaults do no harm: what comes
// later wins, and the addresses come last.
codeunit 50123 "Bridge Order Header"
{
    var
        BridgeJson: Codeunit "Bridge Json";

    procedure Names() Known: List of [Text]
    begin
        Known := NamesForChange();
        Known.Add('customerId');
        Known.Add('customerNumber');
        Known.Add('currencyCode');
        Known.Add('validUntilDate');
        Known.Add('quoteReference');
        Known.Add('salesperson');
        Known.Add('paymentTermsCode');
        Known.Add('shipmentMethodCode');
    end;

    // What SetOrderHeader may change.
    procedure NamesForChange() Known: List of [Text]
    begin
        Known.Add('yourReference');
        Known.Add('externalDocumentNumber');
        Known.Add('requestedDeliveryDate');
        Known.Add('shippingAgentCode');
        Known.Add('paymentDiscountPercent');
        Known.Add('workDescription');
        Known.Add('quoteNumber');
        Known.Add('billTo');
        Known.Add('shipTo');
    end;

    procedure CustomerNumber(Given: JsonObject): Code[20]
    var
        Customer: Record Customer;
        NotFoundErr: Label 'The sell-to customer cannot be found.';
        Id: Guid;
    begin
        if BridgeJson.Has(Given, 'customerId') then
            if Evaluate(Id, BridgeJson.TextOf(Given, 'customerId')) then
                if Customer.GetBySystemId(Id) then
                    exit(Customer."No.");
        if BridgeJson.Has(Given, 'customerNumber') then
            if Customer.Get(BridgeJson.TextOf(Given, 'customerNumber')) then
                exit(Customer."No.");
        Error(NotFoundErr);
    end;

    procedure Apply(var SalesHeader: Record "Sales Header"; Given: JsonObject)
    begin
        if BridgeJson.Has(Given, 'yourReference') then
            SalesHeader.Validate("Your Reference", BridgeJson.TextOf(Given, 'yourReference'));
        if BridgeJson.Has(Given, 'currencyCode') then
            SalesHeader.Validate("Currency Code", ForeignCurrency(BridgeJson.TextOf(Given, 'currencyCode')));
        if BridgeJson.Has(Given, 'requestedDeliveryDate') then
            SalesHeader.Validate("Requested Delivery Date", BridgeJson.DateOf(Given, 'requestedDeliveryDate'));
        if BridgeJson.Has(Given, 'validUntilDate') then
            SalesHeader.Validate("Quote Valid Until Date", BridgeJson.DateOf(Given, 'validUntilDate'));
        if BridgeJson.Has(Given, 'salesperson') then
            SalesHeader.Validate("Salesperson Code", BridgeJson.TextOf(Given, 'salesperson'));
        if BridgeJson.Has(Given, 'shippingAgentCode') then
            SalesHeader.Validate("Shipping Agent Code", BridgeJson.TextOf(Given, 'shippingAgentCode'));
        if BridgeJson.Has(Given, 'paymentTermsCode') then
            SalesHeader.Validate("Payment Terms Code", BridgeJson.TextOf(Given, 'paymentTermsCode'));
        if BridgeJson.Has(Given, 'shipmentMethodCode') then
            SalesHeader.Validate("Shipment Method Code", BridgeJson.TextOf(Given, 'shipmentMethodCode'));
        if BridgeJson.Has(Given, 'paymentDiscountPercent') then
            SalesHeader.Validate("Payment Discount %", BridgeJson.DecimalOf(Given, 'paymentDiscountPercent'));
        if BridgeJson.Has(Given, 'externalDocumentNumber') then
            SalesHeader.Validate("External Document No.", BridgeJson.TextOf(Given, 'externalDocumentNumber'));
        if BridgeJson.Has(Given, 'workDescription') then
            SalesHeader.SetWorkDescription(BridgeJson.TextOf(Given, 'workDescription'));
        if BridgeJson.Has(Given, 'quoteNumber') then
            TakeQuote(SalesHeader, CopyStr(BridgeJson.TextOf(Given, 'quoteNumber'), 1, MaxStrLen(SalesHeader."Quote No.")))
        else
            if BridgeJson.Has(Given, 'quoteReference') then
                TakeQuote(SalesHeader, QuoteByReference(SalesHeader, BridgeJson.TextOf(Given, 'quoteReference')));
        ApplyShipTo(SalesHeader, Given);
        ApplyBillTo(SalesHeader, Given);
    end;

    // The quote an order was won by goes to the archive once, when the order first names it. A number that no quote of
    // the customer has is left out.
    local procedure TakeQuote(var SalesHeader: Record "Sales Header"; QuoteNo: Code[20])
    var
        SalesQuote: Record "Sales Header";
        ArchiveManagement: Codeunit ArchiveManagement;
    begin
        if SalesHeader."Quote No." = QuoteNo then
            exit;
        if not SalesQuote.Get(SalesQuote."Document Type"::Quote, QuoteNo) then
            exit;
        if SalesQuote."Sell-to Customer No." <> SalesHeader."Sell-to Customer No." then
            exit;
        SalesHeader."Quote No." := QuoteNo;
        ArchiveManagement.StoreSalesDocument(SalesQuote, false);
    end;

    // The last quote of the order's customer with this reference.
    local procedure QuoteByReference(SalesHeader: Record "Sales Header"; Reference: Text): Code[20]
    var
        SalesQuote: Record "Sales Header";
    begin
        SalesQuote.SetRange("Document Type", SalesQuote."Document Type"::Quote);
        SalesQuote.SetRange("Sell-to Customer No.", SalesHeader."Sell-to Customer No.");
        SalesQuote.SetRange("Your Reference", Reference);
        if SalesQuote.FindLast() then
            exit(SalesQuote."No.");
    end;

    local procedure ApplyShipTo(var SalesHeader: Record "Sales Header"; Given: JsonObject)
    var
        Address: JsonObject;
    begin
        if not BridgeJson.ObjectOf(Given, 'shipTo', Address) then
            exit;
        BridgeJson.RefuseUnknownNames(Address, AddressNames(), 'shipTo');
        if BridgeJson.Has(Address, 'name') then
            SalesHeader.Validate("Ship-to Name", BridgeJson.TextOf(Address, 'name'));
        if BridgeJson.Has(Address, 'contact') then
            SalesHeader.Validate("Ship-to Contact", BridgeJson.TextOf(Address, 'contact'));
        if BridgeJson.Has(Address, 'addressLine1') then
            SalesHeader.Validate("Ship-to Address", BridgeJson.TextOf(Address, 'addressLine1'));
        if BridgeJson.Has(Address, 'addressLine2') then
            SalesHeader.Validate("Ship-to Address 2", BridgeJson.TextOf(Address, 'addressLine2'));
        if BridgeJson.Has(Address, 'country') then
            SalesHeader."Ship-to Country/Region Code" :=
                CopyStr(BridgeJson.TextOf(Address, 'country'), 1, MaxStrLen(SalesHeader."Ship-to Country/Region Code"));
        if BridgeJson.Has(Address, 'postCode') then
            SalesHeader."Ship-to Post Code" :=
                CopyStr(BridgeJson.TextOf(Address, 'postCode'), 1, MaxStrLen(SalesHeader."Ship-to Post Code"));
        if BridgeJson.Has(Address, 'city') then
            SalesHeader."Ship-to City" := CopyStr(BridgeJson.TextOf(Address, 'city'), 1, MaxStrLen(SalesHeader."Ship-to City"));
        if BridgeJson.Has(Address, 'state') then
            SalesHeader."Ship-to County" :=
                CopyStr(BridgeJson.TextOf(Address, 'state'), 1, MaxStrLen(SalesHeader."Ship-to County"));
    end;

    local procedure ApplyBillTo(var SalesHeader: Record "Sales Header"; Given: JsonObject)
    var
        Address: JsonObject;
    begin
        if not BridgeJson.ObjectOf(Given, 'billTo', Address) then
            exit;
        BridgeJson.RefuseUnknownNames(Address, AddressNames(), 'billTo');
        if BridgeJson.Has(Address, 'name') then
            SalesHeader."Bill-to Name" := CopyStr(BridgeJson.TextOf(Address, 'name'), 1, MaxStrLen(SalesHeader."Bill-to Name"));
        if BridgeJson.Has(Address, 'contact') then
            SalesHeader."Bill-to Contact" :=
                CopyStr(BridgeJson.TextOf(Address, 'contact'), 1, MaxStrLen(SalesHeader."Bill-to Contact"));
        if BridgeJson.Has(Address, 'addressLine1') then
            SalesHeader."Bill-to Address" :=
                CopyStr(BridgeJson.TextOf(Address, 'addressLine1'), 1, MaxStrLen(SalesHeader."Bill-to Address"));
        if BridgeJson.Has(Address, 'addressLine2') then
            SalesHeader."Bill-to Address 2" :=
                CopyStr(BridgeJson.TextOf(Address, 'addressLine2'), 1, MaxStrLen(SalesHeader."Bill-to Address 2"));
        if BridgeJson.Has(Address, 'country') then
            SalesHeader."Bill-to Country/Region Code" :=
                CopyStr(BridgeJson.TextOf(Address, 'country'), 1, MaxStrLen(SalesHeader."Bill-to Country/Region Code"));
        if BridgeJson.Has(Address, 'postCode') then
            SalesHeader."Bill-to Post Code" :=
                CopyStr(BridgeJson.TextOf(Address, 'postCode'), 1, MaxStrLen(SalesHeader."Bill-to Post Code"));
        if BridgeJson.Has(Address, 'city') then
            SalesHeader."Bill-to City" := CopyStr(BridgeJson.TextOf(Address, 'city'), 1, MaxStrLen(SalesHeader."Bill-to City"));
        if BridgeJson.Has(Address, 'state') then
            SalesHeader."Bill-to County" :=
                CopyStr(BridgeJson.TextOf(Address, 'state'), 1, MaxStrLen(SalesHeader."Bill-to County"));
    end;

    local procedure AddressNames() Known: List of [Text]
    begin
        Known.Add('name');
        Known.Add('contact');
        Known.Add('addressLine1');
        Known.Add('addressLine2');
        Known.Add('city');
        Known.Add('postCode');
        Known.Add('state');
        Known.Add('country');
    end;

    // The company's own currency is an empty code on documents.
    local procedure ForeignCurrency(Given: Text): Code[10]
    var
        GeneralLedgerSetup: Record "General Ledger Setup";
    begin
        GeneralLedgerSetup.Get();
        if UpperCase(Given) = GeneralLedgerSetup."LCY Code" then
            exit('');
        exit(CopyStr(UpperCase(Given), 1, 10));
    end;
}
