// Notes on sales documents, kept as Business Central keeps them: as record links of type Note.
codeunit 50128 "Bridge Notes"
{
    var
        BridgeDocuments: Codeunit "Bridge Documents";
        BridgeJson: Codeunit "Bridge Json";
        RecordLinkManagement: Codeunit "Record Link Management";

    procedure Add(documentId: Text; Subject: Text; Body: Text; CreatedOn: Text): Text
    var
        SalesHeader: Record "Sales Header";
    begin
        BridgeDocuments.GetDocument(documentId, SalesHeader);
        exit(AddTo(SalesHeader, Subject, Body, CreatedOn));
    end;

    procedure AddFrom(SalesHeader: Record "Sales Header"; Given: JsonObject)
    var
        Known: List of [Text];
    begin
        Known.Add('subject');
        Known.Add('body');
        Known.Add('createdOn');
        BridgeJson.RefuseUnknownNames(Given, Known, 'a note');
        AddTo(SalesHeader, BridgeJson.TextOf(Given, 'subject'), BridgeJson.TextOf(Given, 'body'), BridgeJson.TextOf(Given, 'createdOn'));
    end;

    // A note whose document is gone is answered with that, and the others are written.
    procedure Write(Given: JsonArray) Written: JsonArray
    var
        Token: JsonToken;
    begin
        foreach Token in Given do
            Written.Add(WriteOne(Token.AsObject()));
    end;

    local procedure WriteOne(Given: JsonObject) Row: JsonObject
    var
        SalesHeader: Record "Sales Header";
        Known: List of [Text];
        Id: Guid;
        Refusal: JsonObject;
        GoneTxt: Label 'The document of the note does not exist.';
    begin
        KnownNames(Known);
        BridgeJson.RefuseUnknownNames(Given, Known, 'a note');
        if Evaluate(Id, BridgeJson.TextOf(Given, 'documentId')) then
            if SalesHeader.GetBySystemId(Id) then begin
                Row.Add('id', Put(SalesHeader, Given));
                exit;
            end;
        Refusal.Add('code', 'Internal_RecordNotFound');
        Refusal.Add('message', GoneTxt);
        Row.Add('error', Refusal);
    end;

    local procedure KnownNames(Known: List of [Text])
    begin
        Known.Add('documentId');
        Known.Add('id');
        Known.Add('subject');
        Known.Add('body');
        Known.Add('createdOn');
    end;

    // A note that has been deleted meanwhile is put there anew.
    local procedure Put(SalesHeader: Record "Sales Header"; Given: JsonObject): Text
    var
        RecordLink: Record "Record Link";
        LinkId: Integer;
        Subject: Text;
    begin
        Subject := BridgeJson.TextOf(Given, 'subject');
        if Evaluate(LinkId, BridgeJson.TextOf(Given, 'id')) then
            if RecordLink.Get(LinkId) then
                if RecordLink."Record ID" = SalesHeader.RecordId() then begin
                    RecordLink.Description := CopyStr(Subject, 1, MaxStrLen(RecordLink.Description));
                    RecordLinkManagement.WriteNote(RecordLink, BridgeJson.TextOf(Given, 'body'));
                    RecordLink.Modify(true);
                    exit(Format(RecordLink."Link ID", 0, 9));
                end;
        exit(AddTo(SalesHeader, Subject, BridgeJson.TextOf(Given, 'body'), BridgeJson.TextOf(Given, 'createdOn')));
    end;

    procedure List(Since: Text) Found: JsonArray
    var
        RecordLink: Record "Record Link";
        SalesHeader: Record "Sales Header";
        Row: JsonObject;
        Lowest: DateTime;
    begin
        if Since <> '' then
            Evaluate(Lowest, Since, 9);
        RecordLink.SetRange(Type, RecordLink.Type::Note);
        RecordLink.SetRange(Company, CompanyName());
        RecordLink.SetFilter("User ID", '<>%1', UserId());
        RecordLink.SetFilter(SystemModifiedAt, '>=%1', Lowest);
        if RecordLink.FindSet() then
            repeat
                if RecordLink."Record ID".TableNo() = Database::"Sales Header" then
                    if SalesHeader.Get(RecordLink."Record ID") then begin
                        Clear(Row);
                        RecordLink.CalcFields(Note);
                        Row.Add('id', Format(RecordLink."Link ID", 0, 9));
                        Row.Add('documentId', BridgeJson.IdText(SalesHeader.SystemId));
                        Row.Add('documentNo', SalesHeader."No.");
                        Row.Add('subject', RecordLink.Description);
                        Row.Add('body', RecordLinkManagement.ReadNote(RecordLink));
                        Row.Add('createdOn', Format(RecordLink.Created, 0, 9));
                        Row.Add('modifiedOn', Format(RecordLink.SystemModifiedAt, 0, 9));
                        Found.Add(Row);
                    end;
            until RecordLink.Next() = 0;
    end;

    local procedure AddTo(SalesHeader: Record "Sales Header"; Subject: Text; Body: Text; CreatedOn: Text): Text
    var
        RecordLink: Record "Record Link";
        Created: DateTime;
    begin
        Created := CurrentDateTime();
        if CreatedOn <> '' then
            Evaluate(Created, CreatedOn, 9);
        RecordLink.SetRange("Record ID", SalesHeader.RecordId());
        RecordLink.SetRange(Type, RecordLink.Type::Note);
        RecordLink.SetRange(Description, CopyStr(Subject, 1, MaxStrLen(RecordLink.Description)));
        if RecordLink.FindSet() then
            repeat
                RecordLink.CalcFields(Note);
                if RecordLinkManagement.ReadNote(RecordLink) = Body then
                    if (CreatedOn = '') or (RecordLink.Created = Created) then
                        exit(Format(RecordLink."Link ID", 0, 9));
            until RecordLink.Next() = 0;
        RecordLink.Reset();
        RecordLink.Init();
        RecordLink."Link ID" := 0;
        RecordLink."Record ID" := SalesHeader.RecordId();
        RecordLink.Type := RecordLink.Type::Note;
        RecordLink.Company := CopyStr(CompanyName(), 1, MaxStrLen(RecordLink.Company));
        RecordLink."User ID" := CopyStr(UserId(), 1, MaxStrLen(RecordLink."User ID"));
        RecordLink.Description := CopyStr(Subject, 1, MaxStrLen(RecordLink.Description));
        RecordLink.Created := Created;
        RecordLinkManagement.WriteNote(RecordLink, Body);
        RecordLink.Insert(true);
        exit(Format(RecordLink."Link ID", 0, 9));
    end;
}
