// A whole quote out of one request. The id of the quote in Sales makes it repeatable: every revision has its own there,
// while number and customer stay the same.
codeunit 50133 "Bridge Create Quote"
{
    var
        SalesHeader: Record "Sales Header";
        BridgeCreateOrder: Codeunit "Bridge Create Order";
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
        Request: JsonObject;
        Existed: Boolean;

    trigger OnRun()
    var
        BridgeOrderHeader: Codeunit "Bridge Order Header";
        CustomerNo: Code[20];
        Reference: Text;
        SourceId: Guid;
        MissingErr: Label '%1 must be given.', Comment = '%1 = name of the field';
    begin
        BridgeJson.RefuseUnknownNames(Request, KnownNames(), 'the quote');
        Reference := BridgeJson.TextOf(Request, 'yourReference');
        if Reference = '' then
            Error(MissingErr, 'yourReference');
        if not Evaluate(SourceId, BridgeJson.TextOf(Request, 'sourceId')) then
            Error(MissingErr, 'sourceId');
        CustomerNo := BridgeOrderHeader.CustomerNumber(Request);
        BridgeCreateOrder.SetRequest(Request);
        BridgeCreateOrder.SerializeCreation();
        Existed := FindOwn(Reference, SourceId) or FindUnmarked(Reference, CustomerNo);
        if not Existed then
            if FindReplaced() then
                Refill(CustomerNo)
            else
                Create(CustomerNo);
        SalesHeader.Find();
        SalesHeader."Bridge Source Id" := SourceId;
        SalesHeader.Modify();
    end;

    procedure SetRequest(NewRequest: JsonObject)
    begin
        Request := NewRequest;
    end;

    procedure Describe(): JsonObject
    begin
        exit(BridgeDocuments.Describe(SalesHeader, Existed, ''));
    end;

    // Beside the names of an order.
    local procedure KnownNames() Known: List of [Text]
    begin
        Known := BridgeCreateOrder.KnownNames();
        Known.AddRange(QuoteNames());
    end;

    local procedure QuoteNames() Known: List of [Text]
    begin
        Known.Add('sourceId');
        Known.Add('revision');
        Known.Add('replaces');
    end;

    local procedure Create(CustomerNo: Code[20])
    begin
        SalesHeader.Init();
        SalesHeader."Document Type" := SalesHeader."Document Type"::Quote;
        SalesHeader."No." := '';
        SalesHeader.SetHideValidationDialog(true);
        SalesHeader.Insert(true);
        SalesHeader.Validate("Sell-to Customer No.", CustomerNo);
        BridgeCreateOrder.Fill(SalesHeader);
    end;

    // The old revision goes to the archive, the new one takes its place on the same number.
    local procedure Refill(CustomerNo: Code[20])
    var
        RecordLink: Record "Record Link";
        SalesLine: Record "Sales Line";
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        BridgeDocuments.Archive(BridgeJson.IdText(SalesHeader.SystemId));
        if SalesHeader.Status <> SalesHeader.Status::Open then
            ReleaseSalesDocument.PerformManualReopen(SalesHeader);
        SalesLine.SetRange("Document Type", SalesHeader."Document Type");
        SalesLine.SetRange("Document No.", SalesHeader."No.");
        SalesLine.DeleteAll(true);
        RecordLink.SetRange("Record ID", SalesHeader.RecordId());
        RecordLink.SetRange(Type, RecordLink.Type::Note);
        RecordLink.DeleteAll(true);
        SalesHeader.SetHideValidationDialog(true);
        if SalesHeader."Sell-to Customer No." <> CustomerNo then
            SalesHeader.Validate("Sell-to Customer No.", CustomerNo);
        BridgeCreateOrder.Fill(SalesHeader);
    end;

    // What this very revision made before.
    local procedure FindOwn(Reference: Text; SourceId: Guid): Boolean
    begin
        SalesHeader.Reset();
        SalesHeader.SetRange("Document Type", SalesHeader."Document Type"::Quote);
        SalesHeader.SetRange("Your Reference", Reference);
        SalesHeader.SetRange("Bridge Source Id", SourceId);
        exit(Found());
    end;

    // Of a first revision, what somebody else made under its reference.
    local procedure FindUnmarked(Reference: Text; CustomerNo: Code[20]): Boolean
    var
        NoId: Guid;
    begin
        if (BridgeJson.IntegerOf(Request, 'revision') <> 0) or BridgeJson.Has(Request, 'replaces') then
            exit(false);
        SalesHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesHeader.SetRange("Document Type", SalesHeader."Document Type"::Quote);
        SalesHeader.SetRange("Your Reference", Reference);
        SalesHeader.SetRange("Bridge Source Id", NoId);
        exit(Found());
    end;

    local procedure FindReplaced(): Boolean
    var
        Id: Guid;
    begin
        if not Evaluate(Id, BridgeJson.TextOf(Request, 'replaces')) then
            exit(false);
        if not SalesHeader.GetBySystemId(Id) then
            exit(false);
        exit(SalesHeader."Document Type" = SalesHeader."Document Type"::Quote);
    end;

    local procedure Found() IsThere: Boolean
    begin
        IsThere := SalesHeader.FindFirst();
        SalesHeader.Reset();
    end;
}
