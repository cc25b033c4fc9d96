// Where a reference of Sales has got to in Business Central: open documents first, then what posting made of them.
codeunit 50127 "Bridge Find Order"
{
    var
        BridgeJson: Codeunit "Bridge Json";

    procedure ByReference(Reference: Text; CustomerNo: Text) Found: JsonArray
    begin
        if Reference = '' then
            exit;
        AddOpen(Found, Reference, CustomerNo);
        AddInvoices(Found, Reference, CustomerNo);
        AddShipments(Found, Reference, CustomerNo);
    end;

    local procedure AddOpen(var Found: JsonArray; Reference: Text; CustomerNo: Text)
    var
        SalesHeader: Record "Sales Header";
        BridgeDocuments: Codeunit "Bridge Documents";
        DocumentType: Text;
    begin
        SalesHeader.SetFilter("Document Type", '%1|%2', SalesHeader."Document Type"::Order, SalesHeader."Document Type"::Quote);
        SalesHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesHeader.SetRange("Your Reference", Reference);
        if SalesHeader.FindSet() then
            repeat
                DocumentType := 'Order';
                if SalesHeader."Document Type" = SalesHeader."Document Type"::Quote then
                    DocumentType := 'Quote';
                Found.Add(Document(DocumentType, SalesHeader."No.", SalesHeader.SystemId, BridgeDocuments.RealStatus(SalesHeader),
                    SalesHeader."Quote No.", SalesHeader."No.", SalesHeader."Sell-to Customer No."));
            until SalesHeader.Next() = 0;
    end;

    local procedure AddInvoices(var Found: JsonArray; Reference: Text; CustomerNo: Text)
    var
        SalesInvoiceHeader: Record "Sales Invoice Header";
    begin
        SalesInvoiceHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesInvoiceHeader.SetRange("Your Reference", Reference);
        if SalesInvoiceHeader.FindSet() then
            repeat
                Found.Add(Document('Posted Invoice', SalesInvoiceHeader."No.", SalesInvoiceHeader.SystemId, '',
                    SalesInvoiceHeader."Quote No.", SalesInvoiceHeader."Order No.", SalesInvoiceHeader."Sell-to Customer No."));
            until SalesInvoiceHeader.Next() = 0;
    end;

    local procedure AddShipments(var Found: JsonArray; Reference: Text; CustomerNo: Text)
    var
        SalesShipmentHeader: Record "Sales Shipment Header";
    begin
        SalesShipmentHeader.SetRange("Sell-to Customer No.", CustomerNo);
        SalesShipmentHeader.SetRange("Your Reference", Reference);
        if SalesShipmentHeader.FindSet() then
            repeat
                Found.Add(Document('Posted Shipment', SalesShipmentHeader."No.", SalesShipmentHeader.SystemId, '',
                    SalesShipmentHeader."Quote No.", SalesShipmentHeader."Order No.", SalesShipmentHeader."Sell-to Customer No."));
            until SalesShipmentHeader.Next() = 0;
    end;

    local procedure Document(DocumentType: Text; Number: Code[20]; Id: Guid; Status: Text; QuoteNo: Code[20]; OrderNo: Code[20]; CustomerNo: Code[20]) Row: JsonObject
    begin
        Row.Add('documentType', DocumentType);
        Row.Add('no', Number);
        Row.Add('id', BridgeJson.IdText(Id));
        Row.Add('status', Status);
        Row.Add('quoteNo', QuoteNo);
        Row.Add('orderNo', OrderNo);
        Row.Add('customerNo', CustomerNo);
    end;
}
