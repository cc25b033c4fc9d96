// For the application the bridge signs in as. It lets it run the companion; what it may do with customers, items and
// sales documents comes from Business Central's own permission sets, see README.md.
permissionset 50100 "SALES BRIDGE"
{
    Assignable = true;
    Caption = 'Sales Bridge';

    Permissions =
        page "Bridge Contact Details" = X,
        page "Bridge Customer Details" = X,
        page "Bridge Customer Ledger Activity" = X,
        page "Bridge Customer Price Groups" = X,
        page "Bridge Customer Statistics" = X,
        page "Bridge Item Details" = X,
        page "Bridge Item Ledger Feed" = X,
        page "Bridge Opportunity Details" = X,
        page "Bridge Posted Sales Invoice Lines" = X,
        page "Bridge Posted Sales Invoices" = X,
        page "Bridge Price List Headers" = X,
        page "Bridge Price List Lines" = X,
        page "Bridge Resources" = X,
        page "Bridge Sales Document Lines" = X,
        page "Bridge Sales Documents" = X,
        page "Bridge Sales Prices" = X,
        page "Bridge Shipping Agents" = X,
        page "Bridge Vendor Details" = X,
        codeunit "Bridge Availability" = X,
        codeunit "Bridge Create Order" = X,
        codeunit "Bridge Create Quote" = X,
        codeunit "Bridge Documents" = X,
        codeunit "Bridge Find Order" = X,
        codeunit "Bridge Ids" = X,
        codeunit "Bridge Json" = X,
        codeunit "Bridge Line Amounts" = X,
        codeunit "Bridge Notes" = X,
        codeunit "Bridge Order Header" = X,
        codeunit "Bridge Order Line" = X,
        codeunit "Bridge Release Order" = X,
        codeunit "Bridge Setup" = X,
        codeunit "Sales Bridge" = X;
}
