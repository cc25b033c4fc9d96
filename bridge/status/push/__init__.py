"""A released order that was changed in Business Central goes back to Sales: header, totals, changed lines."""
