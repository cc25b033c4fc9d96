"""open lines by variant and location; items found by their number"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('availability_items', schema=None) as batch_op:
        batch_op.create_index('ix_availability_items_number', ['company_id', 'number'], unique=False)

    with op.batch_alter_table('availability_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('variant', sa.String(length=10), server_default='', nullable=False))
        batch_op.add_column(sa.Column('location', sa.String(length=10), server_default='', nullable=False))
    # Lines read before do not say where: all are read again, which forgetting how far they were read brings about.
    op.execute("DELETE FROM watermarks WHERE name = 'open order lines'")


def downgrade() -> None:
    with op.batch_alter_table('availability_lines', schema=None) as batch_op:
        batch_op.drop_column('location')
        batch_op.drop_column('variant')

    with op.batch_alter_table('availability_items', schema=None) as batch_op:
        batch_op.drop_index('ix_availability_items_number')
