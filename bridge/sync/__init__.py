"""The synchronization engine's place: planning, conflicts and runs of the table mappings. Comes with its own issue."""
