// Releases one order. A codeunit of its own, so that a refusal can be caught and undoes nothing but the release.
codeunit 50121 "Bridge Release Order"
{
    TableNo = "Sales Header";

    trigger OnRun()
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualRelease(Rec);
    end;
}
