// How this company is set up, as far as the bridge must know.
codeunit 50129 "Bridge Setup"
{
    procedure AsJson() Written: Text
    var
        Company: Record Company;
        CRMConnectionSetup: Record "CRM Connection Setup";
        GeneralLedgerSetup: Record "General Ledger Setup";
        SalesReceivablesSetup: Record "Sales & Receivables Setup";
        BridgeJson: Codeunit "Bridge Json";
        PriceCalculationMgt: Codeunit "Price Calculation Mgt.";
        Module: ModuleInfo;
        Setup: JsonObject;
    begin
        NavApp.GetCurrentModuleInfo(Module);
        Company.Get(CompanyName());
        GeneralLedgerSetup.Get();
        SalesReceivablesSetup.Get();
        if not CRMConnectionSetup.Get() then
            CRMConnectionSetup.Init();
        Setup.Add('companionVersion', Format(Module.AppVersion()));
        Setup.Add('companyId', BridgeJson.IdText(Company.SystemId));
        Setup.Add('companyName', Company.Name);
        Setup.Add('lcyCode', GeneralLedgerSetup."LCY Code");
        Setup.Add('unitAmountRounding', GeneralLedgerSetup."Unit-Amount Rounding Precision");
        Setup.Add('writeInProductType', WriteInType(SalesReceivablesSetup));
        Setup.Add('writeInProductNo', SalesReceivablesSetup."Write-in Product No.");
        Setup.Add('freightGLAccountNo', SalesReceivablesSetup."Freight G/L Acc. No.");
        Setup.Add('calcInvoiceDiscount', SalesReceivablesSetup."Calc. Inv. Discount");
        Setup.Add('archiveOrders', SalesReceivablesSetup."Archive Orders");
        Setup.Add('archiveQuotes', ArchiveQuotes(SalesReceivablesSetup));
        Setup.Add('unitGroupsEnabled', CRMConnectionSetup."Unit Group Mapping Enabled");
        Setup.Add('extendedPricesEnabled', PriceCalculationMgt.IsExtendedPriceCalculationEnabled());
        Setup.Add('bidirectionalOrders', CRMConnectionSetup."Bidirectional Sales Order Int.");
        Setup.Add('defaultPriceListCode', SalesReceivablesSetup."Default Price List Code");
        Setup.Add('shippingAgents', ShippingAgents());
        Setup.WriteTo(Written);
    end;

    local procedure WriteInType(SalesReceivablesSetup: Record "Sales & Receivables Setup"): Text
    begin
        if SalesReceivablesSetup."Write-in Product No." = '' then
            exit('');
        if SalesReceivablesSetup."Write-in Product Type" = SalesReceivablesSetup."Write-in Product Type"::Resource then
            exit('Resource');
        exit('Item');
    end;

    local procedure ArchiveQuotes(SalesReceivablesSetup: Record "Sales & Receivables Setup"): Text
    begin
        case SalesReceivablesSetup."Archive Quotes" of
            SalesReceivablesSetup."Archive Quotes"::Always:
                exit('Always');
            SalesReceivablesSetup."Archive Quotes"::Question:
                exit('Question');
        end;
        exit('Never');
    end;

    local procedure ShippingAgents() Found: JsonArray
    var
        ShippingAgent: Record "Shipping Agent";
        Row: JsonObject;
    begin
        if ShippingAgent.FindSet() then
            repeat
                Clear(Row);
                Row.Add('code', ShippingAgent.Code);
                Row.Add('name', ShippingAgent.Name);
                Found.Add(Row);
            until ShippingAgent.Next() = 0;
    end;
}
