"""Quotes activated, revised, won and closed in Sales. Comes after orders."""
