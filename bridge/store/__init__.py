"""State of the bridge: SQLAlchemy models, migrations, and one module per subject. SQL lives here and nowhere else."""
