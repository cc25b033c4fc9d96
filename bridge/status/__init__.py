"""Status back to Sales: what happened to an order in Business Central, found by polling and told once."""
