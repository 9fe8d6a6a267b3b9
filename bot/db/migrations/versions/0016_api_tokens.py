"""Create the table of API tokens of external systems."""

import sqlalchemy as sa
from alembic import op

revision = "0016_api_tokens"
down_revision = "0015_message_limits"

TABLE = "api_tokens"
_RIGHT = "GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens TO kosh_app"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "officer_id", sa.Uuid, sa.ForeignKey("officers.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.Column("index_version", sa.Integer, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("last_day", sa.Date),
        sa.Column("minute_limit", sa.Integer, nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.text("kosh_now()"),
        ),
        sa.Column("used_on", sa.Date),
    )
    op.create_index("api_tokens_token", TABLE, ["token"], unique=True)
    op.create_index("api_tokens_officer_id", TABLE, ["officer_id"])
    op.execute(sa.text(_RIGHT))


def downgrade() -> None:
    op.drop_table(TABLE)
