"""Quotes of Sales on their way into Business Central: activated, revised, won.

``run`` is the door. Quotes stand on ``bridge.orders``: they are read, translated, created, claimed and listed by the
same code, and differ where ``bridge.orders.document`` says so.
"""
