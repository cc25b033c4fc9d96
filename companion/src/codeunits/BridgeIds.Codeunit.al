// From codes to the ids that API v2.0 shows for the same records. What is not there has an empty id.
codeunit 50131 "Bridge Ids"
{
    procedure CustomerId(Number: Code[20]): Guid
    var
        Customer: Record Customer;
    begin
        if Customer.Get(Number) then
            exit(Customer.SystemId);
    end;

    procedure CurrencyId(Value: Code[10]): Guid
    var
        Currency: Record Currency;
    begin
        if Currency.Get(Value) then
            exit(Currency.SystemId);
    end;

    // The company's own currency is an empty code on documents, and shown by its name.
    procedure CurrencyCode(Value: Code[10]): Code[10]
    var
        GeneralLedgerSetup: Record "General Ledger Setup";
    begin
        GeneralLedgerSetup.Get();
        exit(GeneralLedgerSetup.GetCurrencyCode(Value));
    end;

    procedure PaymentTermsId(Value: Code[10]): Guid
    var
        PaymentTerms: Record "Payment Terms";
    begin
        if PaymentTerms.Get(Value) then
            exit(PaymentTerms.SystemId);
    end;

    procedure ShipmentMethodId(Value: Code[10]): Guid
    var
        ShipmentMethod: Record "Shipment Method";
    begin
        if ShipmentMethod.Get(Value) then
            exit(ShipmentMethod.SystemId);
    end;

    procedure UnitOfMeasureId(Value: Code[10]): Guid
    var
        UnitOfMeasure: Record "Unit of Measure";
    begin
        if UnitOfMeasure.Get(Value) then
            exit(UnitOfMeasure.SystemId);
    end;

    procedure LocationId(Value: Code[10]): Guid
    var
        Location: Record Location;
    begin
        if Location.Get(Value) then
            exit(Location.SystemId);
    end;

    procedure VariantId(ItemNo: Code[20]; Value: Code[10]): Guid
    var
        ItemVariant: Record "Item Variant";
    begin
        if Value = '' then
            exit;
        if ItemVariant.Get(ItemNo, Value) then
            exit(ItemVariant.SystemId);
    end;

    procedure ItemId(Kind: Enum "Sales Line Type"; Number: Code[20]): Guid
    var
        Item: Record Item;
    begin
        if Kind <> Kind::Item then
            exit;
        if Item.Get(Number) then
            exit(Item.SystemId);
    end;

    procedure AccountId(Kind: Enum "Sales Line Type"; Number: Code[20]): Guid
    var
        GLAccount: Record "G/L Account";
    begin
        if Kind <> Kind::"G/L Account" then
            exit;
        if GLAccount.Get(Number) then
            exit(GLAccount.SystemId);
    end;

    // The line type by the names that API v2.0 uses.
    procedure LineType(Kind: Enum "Sales Line Type"): Enum "Invoice Line Agg. Line Type"
    begin
        exit("Invoice Line Agg. Line Type".FromInteger(Kind.AsInteger()));
    end;

    procedure SalesDocumentId(DocumentType: Enum "Sales Document Type"; Number: Code[20]): Guid
    var
        SalesHeader: Record "Sales Header";
    begin
        if SalesHeader.Get(DocumentType, Number) then
            exit(SalesHeader.SystemId);
    end;

    procedure PostedInvoiceId(Number: Code[20]): Guid
    var
        SalesInvoiceHeader: Record "Sales Invoice Header";
    begin
        if SalesInvoiceHeader.Get(Number) then
            exit(SalesInvoiceHeader.SystemId);
    end;

    // The order a posted invoice came from, gone or not: API v2.0 keeps its id beside the invoice.
    procedure OrderIdOfInvoice(Number: Code[20]): Guid
    var
        SalesInvoiceEntityAggregate: Record "Sales Invoice Entity Aggregate";
    begin
        if SalesInvoiceEntityAggregate.Get(Number, true) then
            exit(SalesInvoiceEntityAggregate."Order Id");
    end;
}
