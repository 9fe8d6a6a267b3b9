"""Notify open console pages when a recording was downloaded."""

import sqlalchemy as sa
from alembic import op

revision = "0010_recordings"
down_revision = "0009_case_files"


def upgrade() -> None:
    op.execute(
        sa.text(
            "CREATE CONSTRAINT TRIGGER case_files_fetched AFTER UPDATE OF state ON case_files"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
            " WHEN (NEW.state IS DISTINCT FROM OLD.state)"
            " EXECUTE FUNCTION kosh_case_event('paper')"
        )
    )


def downgrade() -> None:
    op.execute(sa.text("DROP TRIGGER case_files_fetched ON case_files"))
