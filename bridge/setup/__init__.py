"""Connecting the two systems: checks of the connection, and the webhooks that wake us."""
