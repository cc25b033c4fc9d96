"""Table mappings as data: one mapping, one file under ``tables``, readable without Python. Comes with the engine."""
