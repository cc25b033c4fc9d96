"""Couplings: which record in Business Central and which in Sales are the same thing."""
