// For an application that only answers stock: it reads items and their ledger, and changes nothing.
permissionset 50101 "SALES BRIDGE READ"
{
    Assignable = true;
    Caption = 'Sales Bridge, availability only';

    Permissions =
        page "Bridge Item Details" = X,
        page "Bridge Item Ledger Feed" = X,
        codeunit "Bridge Ids" = X,
        tabledata Item = R,
        tabledata "Item Ledger Entry" = R,
        tabledata "Unit of Measure" = R;
}
