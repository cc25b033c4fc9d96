"""Posted invoices of Business Central become invoices in Sales, once each, and learn there what was paid."""
