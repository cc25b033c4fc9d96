"""Business Central as an HTTP server with state: API v2.0, the companion, web services, webhooks, and posting behind.

What it does not imitate, and what is held without proof, is listed in the README beside this file.
"""
