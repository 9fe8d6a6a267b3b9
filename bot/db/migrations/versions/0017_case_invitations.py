"""Create the table of invitations by which external systems lead people to an officer."""

import sqlalchemy as sa
from alembic import op

revision = "0017_case_invitations"
down_revision = "0016_api_tokens"

TABLE = "case_invitations"
_TIME = sa.TIMESTAMP(timezone=True)
_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON case_invitations TO kosh_app",
    "GRANT SELECT (created_at), DELETE ON case_invitations TO kosh_retention",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "officer_id", sa.Uuid, sa.ForeignKey("officers.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False, server_default=""),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.id", ondelete="SET NULL")),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.text("kosh_now()")),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("opened_at", _TIME),
    )
    for column, unique in (
        ("request", True),
        ("code", True),
        ("officer_id", False),
        ("case_id", False),
        ("created_at", False),
    ):
        op.create_index(f"{TABLE}_{column}", TABLE, [column], unique=unique)
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
