"""Orders: translating them, and their journeys through both systems."""
