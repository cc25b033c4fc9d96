// The amounts of one line as API v2.0 names them: before the invoice discount, where the table keeps those after it.
codeunit 50132 "Bridge Line Amounts"
{
    var
        Amount: Decimal;
        AmountIncludingVAT: Decimal;
        InvoiceDiscount: Decimal;
        VATPercent: Decimal;
        Precision: Decimal;
        PricesIncludeVAT: Boolean;

    procedure SetSalesLine(SalesLine: Record "Sales Line")
    var
        SalesHeader: Record "Sales Header";
    begin
        if SalesHeader.Get(SalesLine."Document Type", SalesLine."Document No.") then
            SetLine(SalesLine.Amount, SalesLine."Amount Including VAT", SalesLine."Inv. Discount Amount", SalesLine."VAT %",
                SalesHeader."Prices Including VAT", SalesHeader."Currency Code");
    end;

    procedure SetInvoiceLine(SalesInvoiceLine: Record "Sales Invoice Line")
    var
        SalesInvoiceHeader: Record "Sales Invoice Header";
    begin
        if SalesInvoiceHeader.Get(SalesInvoiceLine."Document No.") then
            SetLine(SalesInvoiceLine.Amount, SalesInvoiceLine."Amount Including VAT", SalesInvoiceLine."Inv. Discount Amount",
                SalesInvoiceLine."VAT %", SalesInvoiceHeader."Prices Including VAT", SalesInvoiceHeader."Currency Code");
    end;

    procedure DiscountAppliedBeforeTax(): Boolean
    begin
        exit(not PricesIncludeVAT);
    end;

    // The share of the invoice discount, without tax.
    procedure InvoiceDiscountAllocation(): Decimal
    begin
        if PricesIncludeVAT then
            exit(Round(InvoiceDiscount / (1 + VATPercent / 100), Precision));
        exit(InvoiceDiscount);
    end;

    procedure AmountExcludingTax(): Decimal
    begin
        exit(Amount + InvoiceDiscountAllocation());
    end;

    procedure AmountIncludingTax(): Decimal
    begin
        if InvoiceDiscount = 0 then
            exit(AmountIncludingVAT);
        exit(Round(AmountExcludingTax() * (1 + VATPercent / 100), Precision));
    end;

    local procedure SetLine(NewAmount: Decimal; NewAmountIncludingVAT: Decimal; NewInvoiceDiscount: Decimal; NewVATPercent: Decimal; NewPricesIncludeVAT: Boolean; CurrencyCode: Code[10])
    var
        Currency: Record Currency;
    begin
        Currency.Initialize(CurrencyCode);
        Amount := NewAmount;
        AmountIncludingVAT := NewAmountIncludingVAT;
        InvoiceDiscount := NewInvoiceDiscount;
        VATPercent := NewVATPercent;
        PricesIncludeVAT := NewPricesIncludeVAT;
        Precision := Currency."Amount Rounding Precision";
    end;
}
