"""Item availability: the projection that the gateway answers from, kept true by tailing the item ledger."""
