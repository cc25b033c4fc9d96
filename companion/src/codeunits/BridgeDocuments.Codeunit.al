// Finding, describing and archiving sales documents.
codeunit 50126 "Bridge Documents"
{
    var
        BridgeJson: Codeunit "Bridge Json";

    procedure GetOrder(orderId: Text; var SalesHeader: Record "Sales Header")
    begin
        GetDocument(orderId, SalesHeader);
        SalesHeader.TestField("Document Type", SalesHeader."Document Type"::Order);
    end;

    procedure GetDocument(documentId: Text; var SalesHeader: Record "Sales Header")
    var
        Id: Guid;
        NoIdErr: Label '''%1'' is not an id.', Comment = '%1 = what was given';
    begin
        if not Evaluate(Id, documentId) then
            Error(NoIdErr, documentId);
        SalesHeader.GetBySystemId(Id);
        SalesHeader.SetHideValidationDialog(true);
    end;

    // The status by its name in the source, whatever language the session speaks.
    procedure RealStatus(var SalesHeader: Record "Sales Header"): Text
    begin
        SalesHeader.Find();
        exit(SalesHeader.Status.Names().Get(SalesHeader.Status.Ordinals().IndexOf(SalesHeader.Status.AsInteger())));
    end;

    procedure Describe(SalesHeader: Record "Sales Header"; Existed: Boolean; ReleaseError: Text) Answer: JsonObject
    var
        SalesLine: Record "Sales Line";
        Lines: JsonArray;
    begin
        SalesLine.SetRange("Document Type", SalesHeader."Document Type");
        SalesLine.SetRange("Document No.", SalesHeader."No.");
        if SalesLine.FindSet() then
            repeat
                Lines.Add(LineOf(SalesLine."Line No.", SalesLine.SystemId, SalesLine."No.", SalesLine.Quantity,
                    SalesLine."Unit Price", SalesLine."Line Discount Amount", SalesLine.Amount));
            until SalesLine.Next() = 0;
        Answer := Head(SalesHeader.SystemId, SalesHeader."No.", RealStatus(SalesHeader), Existed, ReleaseError);
        Answer.Add('lines', Lines);
    end;

    // An order that posting has taken away, told from an invoice it left.
    procedure DescribePosted(SalesInvoiceHeader: Record "Sales Invoice Header") Answer: JsonObject
    var
        SalesInvoiceLine: Record "Sales Invoice Line";
        BridgeIds: Codeunit "Bridge Ids";
        Lines: JsonArray;
    begin
        SalesInvoiceLine.SetRange("Document No.", SalesInvoiceHeader."No.");
        if SalesInvoiceLine.FindSet() then
            repeat
                Lines.Add(LineOf(SalesInvoiceLine."Line No.", SalesInvoiceLine.SystemId, SalesInvoiceLine."No.",
                    SalesInvoiceLine.Quantity, SalesInvoiceLine."Unit Price", SalesInvoiceLine."Line Discount Amount",
                    SalesInvoiceLine.Amount));
            until SalesInvoiceLine.Next() = 0;
        Answer := Head(BridgeIds.OrderIdOfInvoice(SalesInvoiceHeader."No."), SalesInvoiceHeader."Order No.",
            'Released', true, '');
        Answer.Add('lines', Lines);
    end;

    // pairs: a list of [lineNumber, attachedToLineNumber].
    procedure AttachLines(documentId: Text; Pairs: JsonArray) Changed: Integer
    var
        SalesHeader: Record "Sales Header";
        MainLine: Record "Sales Line";
        SalesLine: Record "Sales Line";
        First: JsonToken;
        Pair: JsonToken;
        Second: JsonToken;
    begin
        GetDocument(documentId, SalesHeader);
        foreach Pair in Pairs do begin
            Pair.AsArray().Get(0, First);
            Pair.AsArray().Get(1, Second);
            SalesLine.Get(SalesHeader."Document Type", SalesHeader."No.", First.AsValue().AsInteger());
            MainLine.Get(SalesHeader."Document Type", SalesHeader."No.", Second.AsValue().AsInteger());
            if SalesLine."Attached to Line No." <> MainLine."Line No." then begin
                SalesLine."Attached to Line No." := MainLine."Line No.";
                SalesLine.Modify();
                Changed += 1;
            end;
        end;
    end;

    procedure Archive(documentId: Text) Answer: JsonObject
    var
        SalesHeader: Record "Sales Header";
        SalesHeaderArchive: Record "Sales Header Archive";
        ArchiveManagement: Codeunit ArchiveManagement;
    begin
        GetDocument(documentId, SalesHeader);
        ArchiveManagement.StoreSalesDocument(SalesHeader, false);
        SalesHeaderArchive.SetRange("Document Type", SalesHeader."Document Type");
        SalesHeaderArchive.SetRange("No.", SalesHeader."No.");
        SalesHeaderArchive.SetRange("Doc. No. Occurrence", SalesHeader."Doc. No. Occurrence");
        SalesHeaderArchive.FindLast();
        Answer.Add('docNoOccurrence', SalesHeaderArchive."Doc. No. Occurrence");
        Answer.Add('versionNo', SalesHeaderArchive."Version No.");
    end;

    // Puts quotes to Released as they are, without the checks an order must pass. Those that are gone have no status.
    procedure ReleaseQuotes(Ids: JsonArray) Answers: JsonArray
    var
        SalesHeader: Record "Sales Header";
        Answer: JsonObject;
        Token: JsonToken;
        Id: Guid;
        Status: Text;
    begin
        foreach Token in Ids do begin
            Clear(Answer);
            Clear(Status);
            Evaluate(Id, Token.AsValue().AsText());
            if SalesHeader.GetBySystemId(Id) then
                if SalesHeader."Document Type" = SalesHeader."Document Type"::Quote then begin
                    SalesHeader.Status := SalesHeader.Status::Released;
                    SalesHeader.Modify(true);
                    Status := RealStatus(SalesHeader);
                end;
            Answer.Add('id', BridgeJson.IdText(Id));
            Answer.Add('status', Status);
            Answers.Add(Answer);
        end;
    end;

    local procedure Head(Id: Guid; Number: Code[20]; Status: Text; Existed: Boolean; ReleaseError: Text) Answer: JsonObject
    begin
        Answer.Add('orderId', BridgeJson.IdText(Id));
        Answer.Add('orderNo', Number);
        Answer.Add('status', Status);
        Answer.Add('existed', Existed);
        Answer.Add('releaseError', ReleaseError);
    end;

    local procedure LineOf(LineNo: Integer; Id: Guid; Number: Code[20]; Quantity: Decimal; UnitPrice: Decimal; DiscountAmount: Decimal; NetAmount: Decimal) Line: JsonObject
    begin
        Line.Add('lineNo', LineNo);
        Line.Add('id', BridgeJson.IdText(Id));
        Line.Add('lineObjectNumber', Number);
        Line.Add('quantity', Quantity);
        Line.Add('unitPrice', UnitPrice);
        Line.Add('discountAmount', DiscountAmount);
        Line.Add('netAmount', NetAmount);
    end;
}
