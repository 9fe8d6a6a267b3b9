"""Which key a handle's blind index is of, and the PIN before what is kept of a person is shown."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE handles ADD COLUMN index_version INTEGER NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE people ADD COLUMN pin BYTEA")
    op.execute("ALTER TABLE people ADD COLUMN pin_misses INTEGER NOT NULL DEFAULT 0")
    # An officer lifts a PIN that was lost, of a person whose open case is in their mission.
    op.execute("GRANT UPDATE (pin, pin_misses) ON people TO kosh_console")


def downgrade() -> None:
    op.execute("ALTER TABLE people DROP COLUMN pin_misses, DROP COLUMN pin")
    op.execute("ALTER TABLE handles DROP COLUMN index_version")
