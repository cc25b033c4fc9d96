"""Business Central as an HTTP server with state: API v2.0, the companion, webhooks, and posting behind the scenes.

What it does not imitate: quotes, vendors, prices beyond the card, unit conversions beyond an item's own, dimensions,
warehouse documents, reservations, throttling by itself (faults do that), and the lag of a read-only replica.
"""
