"""Quotes: their life in both systems, by scenario, by crash and by count."""
