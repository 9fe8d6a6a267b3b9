"""Create the tables of notifications to officers."""

import sqlalchemy as sa
from alembic import op

revision = "0006_officer_notifications"
down_revision = "0005_content"

_NOW = sa.text("kosh_now()")
_ZERO = sa.text("0")
_RIGHTS = (
    "GRANT SELECT ON notification_settings TO kosh_app",
    "GRANT SELECT, DELETE ON push_subscriptions TO kosh_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON officer_notifications TO kosh_app",
    "GRANT SELECT (officer_id, language) ON accounts TO kosh_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON notification_settings, push_subscriptions"
    " TO kosh_console",
    "GRANT SELECT (done_at), DELETE ON officer_notifications TO kosh_retention",
)
# Officers can read and change only their own notification settings. Push subscriptions are not
# restricted, because the subscription of a browser that two officers share changes its owner.
_ROW_SECURITY = (
    "ALTER TABLE notification_settings ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON notification_settings TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY console_officer ON notification_settings TO kosh_console"
    " USING (officer_id::text = current_setting('kosh.officer', true))",
)


def _officer() -> sa.ForeignKey:
    return sa.ForeignKey("officers.id", ondelete="CASCADE")


def _serial() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def upgrade() -> None:
    _create_settings()
    _create_queue()
    for right in (*_RIGHTS, *_ROW_SECURITY):
        op.execute(sa.text(right))


def _create_settings() -> None:
    op.create_table(
        "notification_settings",
        sa.Column("officer_id", sa.Uuid, _officer(), primary_key=True),
        sa.Column("email", sa.Text, nullable=False, server_default=""),
        sa.Column("unwanted", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("quiet_from", sa.Time),
        sa.Column("quiet_until", sa.Time),
        sa.Column("digest_minutes", sa.Integer, nullable=False, server_default=_ZERO),
    )
    op.create_table(
        "push_subscriptions",
        _serial(),
        sa.Column("officer_id", sa.Uuid, _officer(), nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("auth_secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    )
    op.create_index("push_subscriptions_officer_id", "push_subscriptions", ["officer_id"])
    op.create_index("push_subscriptions_endpoint", "push_subscriptions", ["endpoint"], unique=True)


def _create_queue() -> None:
    op.create_table(
        "officer_notifications",
        _serial(),
        sa.Column("officer_id", sa.Uuid, _officer(), nullable=False),
        sa.Column("push_subscription", sa.BigInteger, nullable=False, server_default=_ZERO),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("done_at", sa.TIMESTAMP(timezone=True)),
    )
    op.create_index(
        "officer_notifications_pending",
        "officer_notifications",
        ["officer_id", "push_subscription", "kind", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "officer_notifications_due",
        "officer_notifications",
        ["due_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "officer_notifications_kind_subject_created_at",
        "officer_notifications",
        ["kind", "subject", "created_at"],
    )


def downgrade() -> None:
    for table in ("officer_notifications", "push_subscriptions", "notification_settings"):
        op.drop_table(table)
    op.execute(sa.text("REVOKE SELECT (officer_id, language) ON accounts FROM kosh_app"))
