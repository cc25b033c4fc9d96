"""item availability: open lines, questions, pushed quantities; orders by their Business Central number"""

import sqlalchemy as sa
from alembic import op

from bridge.store import types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('availability_lines',
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('line_id', types.Guid(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('document_id', types.Guid(length=36), nullable=False),
    sa.Column('item_id', types.Guid(length=36), nullable=False),
    sa.Column('quantity', types.Quantity(), nullable=False),
    sa.Column('unit', sa.String(length=10), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('company_id', 'line_id', name=op.f('pk_availability_lines'))
    )
    with op.batch_alter_table('availability_lines', schema=None) as batch_op:
        batch_op.create_index('ix_availability_lines_item', ['company_id', 'item_id'], unique=False)
        batch_op.create_index('ix_availability_lines_document', ['company_id', 'document_id'], unique=False)

    op.create_table('availability_questions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('question', sa.JSON(), nullable=False),
    sa.Column('asked_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('answered_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.JSON(), nullable=True),
    sa.Column('error', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_availability_questions'))
    )
    with op.batch_alter_table('availability_questions', schema=None) as batch_op:
        batch_op.create_index('ix_availability_questions_asked_at', ['company_id', 'asked_at'], unique=False)

    op.create_table('pushed_quantities',
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('sales_id', types.Guid(length=36), nullable=False),
    sa.Column('quantity', types.Quantity(), nullable=False),
    sa.Column('pushed_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('company_id', 'sales_id', name=op.f('pk_pushed_quantities'))
    )
    with op.batch_alter_table('order_journal', schema=None) as batch_op:
        batch_op.create_index('ix_order_journal_bc_order_number', ['bc_order_number'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('order_journal', schema=None) as batch_op:
        batch_op.drop_index('ix_order_journal_bc_order_number')

    op.drop_table('pushed_quantities')
    op.drop_table('availability_questions')
    op.drop_table('availability_lines')
