"""What a customer owes and buys, as sellers see it on the account: the job CUSTOMER STATISTICS."""
