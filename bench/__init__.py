"""Numbers: what ``make bench`` prints, each with the machine it was measured on."""
