"""what goes back to Sales: invoices, notes, pushed orders, account statistics; the last seen quantity of order lines"""

import sqlalchemy as sa
from alembic import op

from bridge.store import types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('customer_statistics',
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('customer_id', types.Guid(length=36), nullable=False),
    sa.Column('customer_number', sa.String(length=20), nullable=False),
    sa.Column('account_id', types.Guid(length=36), nullable=False),
    sa.Column('sales_id', types.Guid(length=36), nullable=False),
    sa.Column('told', sa.JSON(), nullable=False),
    sa.Column('is_due', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('told_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('read_on', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('company_id', 'customer_id', name=op.f('pk_customer_statistics'))
    )
    op.create_table('posted_invoices',
    sa.Column('id', types.Guid(length=36), nullable=False),
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('bc_id', types.Guid(length=36), nullable=False),
    sa.Column('bc_number', sa.String(length=20), nullable=False),
    sa.Column('bill_to_id', types.Guid(length=36), nullable=False),
    sa.Column('order_id', types.Guid(length=36), nullable=True),
    sa.Column('sales_id', types.Guid(length=36), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('payment', sa.String(length=10), nullable=False),
    sa.Column('payment_told', sa.String(length=10), nullable=False),
    sa.Column('wants', sa.JSON(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('found_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('written_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_posted_invoices')),
    sa.UniqueConstraint('company_id', 'bc_id', name='uq_posted_invoices_bc')
    )
    with op.batch_alter_table('posted_invoices', schema=None) as batch_op:
        batch_op.create_index('ix_posted_invoices_bill_to_id', ['company_id', 'bill_to_id'], unique=False)
        batch_op.create_index('ix_posted_invoices_sales_id', ['sales_id'], unique=False)

    op.create_table('order_notes',
    sa.Column('id', types.Guid(length=36), nullable=False),
    sa.Column('company_id', types.Guid(length=36), nullable=False),
    sa.Column('entry_id', types.Guid(length=36), nullable=False),
    sa.Column('sales_id', types.Guid(length=36), nullable=False),
    sa.Column('bc_id', sa.String(length=40), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('waiting', sa.String(length=10), nullable=False),
    sa.Column('subject', sa.String(length=500), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_on', sa.String(length=40), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('coupled_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['entry_id'], ['order_journal.id'], name=op.f('fk_order_notes_entry_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_notes')),
    sa.UniqueConstraint('company_id', 'sales_id', name='uq_order_notes_sales')
    )
    with op.batch_alter_table('order_notes', schema=None) as batch_op:
        batch_op.create_index('ix_order_notes_bc_id', ['company_id', 'bc_id'], unique=False)
        batch_op.create_index('ix_order_notes_waiting', ['company_id', 'waiting'], unique=False)

    op.create_table('order_pushes',
    sa.Column('entry_id', types.Guid(length=36), nullable=False),
    sa.Column('is_due', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('pushed_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('notes_read_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['entry_id'], ['order_journal.id'], name=op.f('fk_order_pushes_entry_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_order_pushes'))
    )
    with op.batch_alter_table('order_journal_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_quantity', types.Quantity(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('order_journal_lines', schema=None) as batch_op:
        batch_op.drop_column('seen_quantity')

    op.drop_table('order_pushes')
    with op.batch_alter_table('order_notes', schema=None) as batch_op:
        batch_op.drop_index('ix_order_notes_waiting')
        batch_op.drop_index('ix_order_notes_bc_id')

    op.drop_table('order_notes')
    with op.batch_alter_table('posted_invoices', schema=None) as batch_op:
        batch_op.drop_index('ix_posted_invoices_sales_id')
        batch_op.drop_index('ix_posted_invoices_bill_to_id')

    op.drop_table('posted_invoices')
    op.drop_table('customer_statistics')
