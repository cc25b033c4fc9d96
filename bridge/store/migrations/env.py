"""Alembic's entry: the connection is handed in by ``bridge.store.database``; nothing here reads the environment."""

from alembic import context

from bridge.store import models_calls, models_returns  # noqa: F401 - their tables belong to the metadata
from bridge.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="types.",
)
context.run_migrations()
