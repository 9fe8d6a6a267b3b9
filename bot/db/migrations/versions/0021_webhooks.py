"""Create the tables of webhooks to external systems, and the triggers that queue their events."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021_webhooks"
down_revision = "0020_case_danger"

ENDPOINTS, DELIVERIES = "webhook_endpoints", "webhook_deliveries"
_TIME = sa.TIMESTAMP(timezone=True)
_NOW = sa.text("kosh_now()")
_EMPTY, _ZERO = sa.text("''"), sa.text("0")


def upgrade() -> None:
    # Creating the triggers locks the tables of a case. Turns lock a conversation before a case, so
    # locking the conversations first prevents a deadlock.
    op.execute(sa.text("LOCK TABLE conversations"))
    _create_endpoints()
    _create_deliveries()
    # Use the driver's connection, because without parameters it accepts several statements at once.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def _create_endpoints() -> None:
    op.create_table(
        ENDPOINTS,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "officer_id", sa.Uuid, sa.ForeignKey("officers.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("url", sa.LargeBinary, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("old_secret", sa.LargeBinary),
        sa.Column("old_secret_until", _TIME),
        sa.Column("events", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("failures", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("failing_since", _TIME),
        sa.Column("resting_until", _TIME),
        sa.Column("succeeded_at", _TIME),
        sa.Column("disabled_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
    )
    op.create_index(f"{ENDPOINTS}_officer_id", ENDPOINTS, ["officer_id"])


def _create_deliveries() -> None:
    op.create_table(
        DELIVERIES,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "endpoint_id",
            sa.Uuid,
            sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("subject_state", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'pending'")),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("reason", sa.Text, nullable=False, server_default=_EMPTY),
        sa.Column("created_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("due_at", _TIME, nullable=False, server_default=_NOW),
        sa.Column("lease_until", _TIME),
        sa.Column("done_at", _TIME),
    )
    op.create_index(f"{DELIVERIES}_event", DELIVERIES, ["endpoint_id", "event_id"], unique=True)
    op.create_index(
        f"{DELIVERIES}_due", DELIVERIES, ["due_at"], postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index(f"{DELIVERIES}_done_at", DELIVERIES, ["done_at"])


def downgrade() -> None:
    for table in ("cases", "case_invitations", "broadcasts", "content_head"):
        op.execute(sa.text(f"DROP TRIGGER {table}_webhook ON {table}"))
    op.execute(sa.text("DROP TRIGGER cases_deleted_webhook ON cases"))
    for function in ("case", "invitation", "announcement", "content"):
        op.execute(sa.text(f"DROP FUNCTION kosh_{function}_webhook()"))
    op.execute(sa.text("DROP FUNCTION kosh_queue_webhooks(text, uuid[], text, text)"))
    for table in (DELIVERIES, ENDPOINTS):
        op.drop_table(table)
