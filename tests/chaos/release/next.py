"""A column more in every table of a turn; the next release writes one of them."""

from pathlib import Path

from alembic import op
from alembic.script import ScriptDirectory

from bot import migrations

TABLES = (
    *("conversations", "messages", "updates", "people", "handles", "consents"),
    *("registrations", "registry_writes", "cases", "case_words"),
)

revision = "next"
down_revision = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN release_seen integer")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN release_seen")
