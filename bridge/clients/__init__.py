"""HTTP out: what both remote systems can be asked, with sign-in, time limits, retry, paging, batches, one error tree.

``transport`` and ``sign_in`` know the HTTP libraries; ``business_central`` and ``sales`` know what to ask. Nothing here
knows an order, a mapping or a database, and nothing is read or opened at import.
"""
