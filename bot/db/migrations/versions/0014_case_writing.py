"""Store when an officer last typed in a case, and notify the open pages of colleagues."""

import sqlalchemy as sa
from alembic import op

revision = "0014_case_writing"
down_revision = "0013_join_codes"


def upgrade() -> None:
    op.add_column("case_viewers", sa.Column("typed_at", sa.TIMESTAMP(timezone=True)))
    op.execute(
        sa.text(
            "CREATE CONSTRAINT TRIGGER case_viewers_writing AFTER UPDATE OF typed_at"
            " ON case_viewers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            " WHEN (NEW.typed_at > coalesce(OLD.typed_at, '-infinity') + interval '15 seconds')"
            " EXECUTE FUNCTION kosh_case_event('reader')"
        )
    )


def downgrade() -> None:
    op.execute(sa.text("DROP TRIGGER case_viewers_writing ON case_viewers"))
    op.drop_column("case_viewers", "typed_at")
