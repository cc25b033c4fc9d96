"""keys: origins, disabled, last used, audit trail; what is published to Sales"""

import sqlalchemy as sa
from alembic import op

from bridge.store import types

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('service_keys', sa.Column('origins', sa.Text(), server_default='', nullable=False))
    op.add_column('service_keys', sa.Column('disabled_at', types.UtcDateTime(timezone=True), nullable=True))
    op.add_column('service_keys', sa.Column('last_used_at', types.UtcDateTime(timezone=True), nullable=True))
    op.create_table('key_events',
    sa.Column('id', types.Guid(length=36), nullable=False),
    sa.Column('at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('key_id', types.Guid(length=36), nullable=False),
    sa.Column('user_name', sa.String(length=250), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('by', sa.String(length=100), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_events'))
    )
    op.create_index('ix_key_events_user_name', 'key_events', ['user_name', 'at'], unique=False)
    op.create_table('publications',
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('published', sa.Boolean(), nullable=False),
    sa.Column('connection_id', sa.String(length=36), nullable=False),
    sa.Column('url', sa.String(length=250), nullable=False),
    sa.Column('user_name', sa.String(length=250), nullable=False),
    sa.Column('changed_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('company_id', name=op.f('pk_publications'))
    )


def downgrade() -> None:
    op.drop_table('publications')
    op.drop_index('ix_key_events_user_name', table_name='key_events')
    op.drop_table('key_events')
    op.drop_column('service_keys', 'last_used_at')
    op.drop_column('service_keys', 'disabled_at')
    op.drop_column('service_keys', 'origins')
