"""Let retention read which registrations have open writes, so that it keeps them until then."""

import sqlalchemy as sa
from alembic import op

revision = "0026_open_writes"
down_revision = "0025_joined_chats"

_READ = "SELECT (registration_id, kind, state) ON registry_writes"


def upgrade() -> None:
    op.execute(sa.text(f"GRANT {_READ} TO kosh_retention"))
    op.execute(
        sa.text(
            "CREATE POLICY retention_read ON registry_writes FOR SELECT TO kosh_retention"
            " USING (true)"
        )
    )


def downgrade() -> None:
    op.execute(sa.text("DROP POLICY retention_read ON registry_writes"))
    op.execute(sa.text(f"REVOKE {_READ} FROM kosh_retention"))
