"""what workers have asked of the remote systems"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'remote_calls',
        sa.Column('system', sa.String(length=20), nullable=False),
        sa.Column('verb', sa.String(length=10), nullable=False),
        sa.Column('purpose', sa.String(length=100), nullable=False),
        sa.Column('requests', sa.BigInteger(), nullable=False),
        sa.Column('operations', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('system', 'verb', 'purpose', name=op.f('pk_remote_calls')),
    )


def downgrade() -> None:
    op.drop_table('remote_calls')
