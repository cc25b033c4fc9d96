// A whole order out of one request. Your reference and customer make it repeatable: what was made before is found.
codeunit 50122 "Bridge Create Order"
{
    var
        SalesHeader: Record "Sales Header";
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
        BridgeOrderHeader: Codeunit "Bridge Order Header";
        Request: JsonObject;
        PostedAnswer: JsonObject;
        Existed: Boolean;
        Posted: Boolean;

    trigger OnRun()
    var
        CustomerNo: Code[20];
        Reference: Text;
        ReferenceMissingErr: Label 'yourReference must be given.';
    begin
        BridgeJson.RefuseUnknownNames(Request, KnownNames(), 'the order');
        Reference := BridgeJson.TextOf(Request, 'yourReference');
        if Reference = '' then
            Error(ReferenceMissingErr);
        CustomerNo := BridgeOrderHeader.CustomerNumber(Request);
        SerializeCreation();
        Existed := FindOpen(Reference, CustomerNo);
        if Existed then
            exit;
        Posted := FindPosted(Reference, CustomerNo);
        if Posted then
            exit;
        SalesHeader.Init();
        SalesHeader."Document Type" := SalesHeader."Document Type"::Order;
        SalesHeader.SetHideValidationDialog(true);
        SalesHeader.Insert(true);
        SalesHeader.Validate("Sell-to Customer No.", CustomerNo);
        Fill();
    end;

    procedure SetRequest(NewRequest: JsonObject)
    begin
        Request := NewRequest;
    end;

    // Empties a quote and fills it from the request.
    procedure Refill(quoteId: Text)
    var
        SalesLine: Record "Sales Line";
    begin
        BridgeJson.RefuseUnknownNames(Request, KnownNames(), 'the quote');
        BridgeDocuments.GetDocument(quoteId, SalesHeader);
        SalesHeader.TestField("Document Type", SalesHeader."Document Type"::Quote);
        SalesHeader.TestField(Status, SalesHeader.Status::Open);
        SalesHeader.SetHideValidationDialog(true);
        SalesLine.SetRange("Document Type", SalesHeader."Document Type");
        SalesLine.SetRange("Document No.", SalesHeader."No.");
        SalesLine.DeleteAll(true);
        Fill();
    end;

    // Whether the order is still to be released; hands out its header.
    procedure WantsRelease(var Header: Record "Sales Header"): Boolean
    begin
        if Posted or not BridgeJson.BooleanOf(Request, 'release', true) then
            exit(false);
        SalesHeader.Find();
        Header := SalesHeader;
        exit(SalesHeader.Status = SalesHeader.Status::Open);
    end;

    procedure Describe(ReleaseError: Text): JsonObject
    begin
        if Posted then
            exit(PostedAnswer);
        SalesHeader.Find();
        exit(BridgeDocuments.Describe(SalesHeader, Existed, ReleaseError));
    end;

    // Everything of the request but the customer, on a header that has one.
    procedure Fill(var Header: Record "Sales Header")
    begin
        SalesHeader := Header;
        Fill();
        Header := SalesHeader;
    end;

    local procedure Fill()
    var
        SalesCalcDiscountByType: Codeunit "Sales - Calc Discount By Type";
        BridgeOrderLine: Codeunit "Bridge Order Line";
        BridgeNotes: Codeunit "Bridge Notes";
        Token: JsonToken;
        Number: Integer;
    begin
        BridgeOrderHeader.Apply(SalesHeader, Request);
        SalesHeader.Modify(true);
        foreach Token in BridgeJson.ListOf(Request, 'lines') do begin
            Number += 1;
            BridgeOrderLine.Insert(SalesHeader, Token.AsObject(), Number);
        end;
        if BridgeJson.DecimalOf(Request, 'discountAmount') <> 0 then
            SalesCalcDiscountByType.ApplyInvDiscBasedOnAmt(BridgeJson.DecimalOf(Request, 'discountAmount'), SalesHeader);
        foreach Token in BridgeJson.ListOf(Request, 'notes') do
            BridgeNotes.AddFrom(SalesHeader, Token.AsObject());
    end;

    procedure KnownNames() Known: List of [Text]
    begin
        Known := BridgeOrderHeader.Names();
        Known.Add('discountAmount');
        Known.Add('lines');
        Known.Add('notes');
        Known.Add('release');
    end;

    // Two calls with one reference must not both find nothing: the second waits here for the first to commit.
    procedure SerializeCreation()
    var
        SalesReceivablesSetup: Record "Sales & Receivables Setup";
    begin
        SalesReceivablesSetup.LockTable();
        SalesReceivablesSetup.Get();
    end;

    local procedure FindOpen(Reference: Text; CustomerNo: Code[20]): Boolean
    begin
        SalesHeader.SetRange("Document Type", SalesHeader."Document Type"::Order);
        SalesHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesHeader.SetRange("Your Reference", Reference);
        if SalesHeader.FindFirst() then begin
            SalesHeader.Reset();
            exit(true);
        end;
        SalesHeader.Reset();
        exit(false);
    end;

    local procedure FindPosted(Reference: Text; CustomerNo: Code[20]): Boolean
    var
        SalesInvoiceHeader: Record "Sales Invoice Header";
    begin
        SalesInvoiceHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesInvoiceHeader.SetRange("Your Reference", Reference);
        if not SalesInvoiceHeader.FindFirst() then
            exit(false);
        PostedAnswer := BridgeDocuments.DescribePosted(SalesInvoiceHeader);
        exit(true);
    end;
}
