"""The commands under ``python -m bridge``: one module per subject, what they share in ``common`` and ``output``."""
