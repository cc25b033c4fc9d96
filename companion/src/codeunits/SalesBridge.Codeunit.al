// The procedures the bridge calls over HTTP: POST .../ODataV4/SalesBridge_{Procedure}?company={id}.
// Parameters and answers that have a structure are JSON in text, so that the surface stays the same across versions.
// Every procedure is safe to repeat and shows no dialog. The work is done in the codeunits beside this one.
codeunit 50120 "Sales Bridge"
{
    // How this company is set up, as far as the bridge must know.
    procedure GetBridgeSetup(): Text
    var
        BridgeSetup: Codeunit "Bridge Setup";
    begin
        exit(BridgeSetup.AsJson());
    end;

    // The lowest row version of a transaction that is still open: rows below it are final.
    procedure ActiveRowVersion(): Text
    begin
        exit(Format(Database.MinimumActiveRowVersion(), 0, 9));
    end;

    // Creates one order and releases it. A refused release leaves the order Open and is told in releaseError.
    procedure CreateSalesOrder(request: Text): Text
    var
        BridgeJson: Codeunit "Bridge Json";
        BridgeCreateOrder: Codeunit "Bridge Create Order";
    begin
        BridgeCreateOrder.SetRequest(BridgeJson.ReadObject(request, 'request'));
        BridgeCreateOrder.Run();
        Commit();
        exit(BridgeJson.Write(ReleaseAndDescribe(BridgeCreateOrder)));
    end;

    // Creates up to 50 orders, each in a transaction of its own. One that fails answers with its error, the others stand.
    procedure CreateSalesOrders(requests: Text): Text
    var
        BridgeJson: Codeunit "Bridge Json";
        Orders: JsonArray;
        Order: JsonToken;
        Answers: JsonArray;
        TooManyErr: Label 'At most %1 orders can be created in one call, not %2.', Comment = '%1 = limit, %2 = number of orders';
    begin
        Orders := BridgeJson.ReadList(requests, 'requests');
        if Orders.Count() > MostOrders() then
            Error(TooManyErr, MostOrders(), Orders.Count());
        foreach Order in Orders do
            Answers.Add(CreateOne(Order.AsObject()));
        exit(BridgeJson.Write(Answers));
    end;

    // Creates up to 50 quotes, or refills those a revision replaces, each in a transaction of its own. None is released.
    procedure CreateSalesQuotes(requests: Text): Text
    var
        BridgeJson: Codeunit "Bridge Json";
        Quotes: JsonArray;
        Quote: JsonToken;
        Answers: JsonArray;
        TooManyErr: Label 'At most %1 quotes can be created in one call, not %2.', Comment = '%1 = limit, %2 = number of quotes';
    begin
        Quotes := BridgeJson.ReadList(requests, 'requests');
        if Quotes.Count() > MostOrders() then
            Error(TooManyErr, MostOrders(), Quotes.Count());
        foreach Quote in Quotes do
            Answers.Add(CreateOneQuote(Quote.AsObject()));
        exit(BridgeJson.Write(Answers));
    end;

    // Puts quotes to Released as they are; quoteIds is a list of ids. Answers the real status of each.
    procedure ReleaseSalesQuotes(quoteIds: Text): Text
    var
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
    begin
        exit(BridgeJson.Write(BridgeDocuments.ReleaseQuotes(BridgeJson.ReadList(quoteIds, 'quoteIds'))));
    end;

    // Releases an order by Business Central's own routine and answers its real status.
    procedure ReleaseSalesOrder(orderId: Text): Text
    var
        SalesHeader: Record "Sales Header";
        BridgeDocuments: Codeunit "Bridge Documents";
    begin
        BridgeDocuments.GetOrder(orderId, SalesHeader);
        if SalesHeader.Status = SalesHeader.Status::Open then
            Codeunit.Run(Codeunit::"Bridge Release Order", SalesHeader);
        exit(BridgeDocuments.RealStatus(SalesHeader));
    end;

    // Brings an order back to Open and answers its real status.
    procedure ReopenSalesOrder(orderId: Text): Text
    var
        SalesHeader: Record "Sales Header";
        BridgeDocuments: Codeunit "Bridge Documents";
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        BridgeDocuments.GetOrder(orderId, SalesHeader);
        if SalesHeader.Status <> SalesHeader.Status::Open then
            ReleaseSalesDocument.PerformManualReopen(SalesHeader);
        exit(BridgeDocuments.RealStatus(SalesHeader));
    end;

    // Sets header fields of an order or quote that API v2.0 does not have, and answers the real status.
    procedure SetOrderHeader(orderId: Text; "fields": Text): Text
    var
        SalesHeader: Record "Sales Header";
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
        BridgeOrderHeader: Codeunit "Bridge Order Header";
        Given: JsonObject;
    begin
        BridgeDocuments.GetDocument(orderId, SalesHeader);
        Given := BridgeJson.ReadObject("fields", 'fields');
        BridgeJson.RefuseUnknownNames(Given, BridgeOrderHeader.NamesForChange(), 'fields');
        BridgeOrderHeader.Apply(SalesHeader, Given);
        SalesHeader.Modify(true);
        exit(BridgeDocuments.RealStatus(SalesHeader));
    end;

    // Attaches lines to main lines; pairs is a list of [lineNumber, attachedToLineNumber]. Answers how many changed.
    procedure AttachSalesLines(documentId: Text; pairs: Text): Integer
    var
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
    begin
        exit(BridgeDocuments.AttachLines(documentId, BridgeJson.ReadList(pairs, 'pairs')));
    end;

    // Every order, quote, posted invoice and posted shipment of a customer with this reference.
    procedure FindOrderByReference(reference: Text; customerNo: Text): Text
    var
        BridgeFindOrder: Codeunit "Bridge Find Order";
        BridgeJson: Codeunit "Bridge Json";
    begin
        exit(BridgeJson.Write(BridgeFindOrder.ByReference(reference, customerNo)));
    end;

    // Keeps a copy of a document in the archive, without asking, and answers which version it became.
    procedure ArchiveSalesDocument(documentId: Text): Text
    var
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
    begin
        exit(BridgeJson.Write(BridgeDocuments.Archive(documentId)));
    end;

    // Archives a quote and fills it anew from a request, under the same number.
    procedure ReplaceSalesQuote(quoteId: Text; request: Text): Text
    var
        BridgeCreateOrder: Codeunit "Bridge Create Order";
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
    begin
        BridgeDocuments.Archive(quoteId);
        BridgeCreateOrder.SetRequest(BridgeJson.ReadObject(request, 'request'));
        BridgeCreateOrder.Refill(quoteId);
        exit(BridgeJson.Write(BridgeCreateOrder.Describe('')));
    end;

    // Puts a note on a document; the same note again is not put twice. Answers its id.
    procedure AddOrderNote(documentId: Text; subject: Text; body: Text; createdOn: Text): Text
    var
        BridgeNotes: Codeunit "Bridge Notes";
    begin
        exit(BridgeNotes.Add(documentId, subject, body, createdOn));
    end;

    // Writes up to 50 notes: new ones, and with an id the texts of those that are there. Answers the id of each, or why not.
    procedure WriteOrderNotes(notes: Text): Text
    var
        BridgeJson: Codeunit "Bridge Json";
        BridgeNotes: Codeunit "Bridge Notes";
        Given: JsonArray;
        TooManyErr: Label 'At most %1 notes can be written in one call, not %2.', Comment = '%1 = limit, %2 = number of notes';
    begin
        Given := BridgeJson.ReadList(notes, 'notes');
        if Given.Count() > MostOrders() then
            Error(TooManyErr, MostOrders(), Given.Count());
        exit(BridgeJson.Write(BridgeNotes.Write(Given)));
    end;

    // The notes people wrote on sales documents since a moment (ISO 8601 UTC, empty for all).
    procedure ListOrderNotes(since: Text): Text
    var
        BridgeJson: Codeunit "Bridge Json";
        BridgeNotes: Codeunit "Bridge Notes";
    begin
        exit(BridgeJson.Write(BridgeNotes.List(since)));
    end;

    // Available to promise, with every term of it, for a list of items, places, dates and quantities.
    procedure CalculateAvailability(request: Text): Text
    var
        BridgeAvailability: Codeunit "Bridge Availability";
        BridgeJson: Codeunit "Bridge Json";
    begin
        exit(BridgeJson.Write(BridgeAvailability.Calculate(BridgeJson.ReadList(request, 'request'))));
    end;

    local procedure CreateOne(Request: JsonObject): JsonObject
    var
        BridgeCreateOrder: Codeunit "Bridge Create Order";
    begin
        // A codeunit that is run for its success undoes its own writes when it fails, and only those.
        Commit();
        BridgeCreateOrder.SetRequest(Request);
        if BridgeCreateOrder.Run() then begin
            Commit();
            exit(ReleaseAndDescribe(BridgeCreateOrder));
        end;
        exit(LastFailure());
    end;

    local procedure CreateOneQuote(Request: JsonObject): JsonObject
    var
        BridgeCreateQuote: Codeunit "Bridge Create Quote";
    begin
        Commit();
        BridgeCreateQuote.SetRequest(Request);
        if not BridgeCreateQuote.Run() then
            exit(LastFailure());
        Commit();
        exit(BridgeCreateQuote.Describe());
    end;

    local procedure LastFailure() Answer: JsonObject
    var
        Failure: JsonObject;
    begin
        Failure.Add('code', 'Application_DialogException');
        Failure.Add('message', GetLastErrorText());
        Answer.Add('error', Failure);
    end;

    local procedure ReleaseAndDescribe(var BridgeCreateOrder: Codeunit "Bridge Create Order"): JsonObject
    var
        SalesHeader: Record "Sales Header";
        BridgeReleaseOrder: Codeunit "Bridge Release Order";
        ReleaseError: Text;
    begin
        if BridgeCreateOrder.WantsRelease(SalesHeader) then
            if BridgeReleaseOrder.Run(SalesHeader) then
                Commit()
            else
                ReleaseError := GetLastErrorText();
        exit(BridgeCreateOrder.Describe(ReleaseError));
    end;

    local procedure MostOrders(): Integer
    begin
        exit(50);
    end;
}
