"""Add the key version of each handle's blind index, and the PIN."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # One table at a time: with locks on both it and the turns would wait for one another.
    for change in (
        "handles ADD COLUMN IF NOT EXISTS index_version INTEGER NOT NULL DEFAULT 1",
        "people ADD COLUMN IF NOT EXISTS pin BYTEA,"
        " ADD COLUMN IF NOT EXISTS pin_misses INTEGER NOT NULL DEFAULT 0",
    ):
        with op.get_context().autocommit_block():
            op.execute(f"ALTER TABLE {change}")
    # An officer lifts a PIN that was lost, of a person whose open case is in their mission.
    op.execute("GRANT UPDATE (pin, pin_misses) ON people TO kosh_console")


def downgrade() -> None:
    op.execute("ALTER TABLE people DROP COLUMN pin_misses, DROP COLUMN pin")
    op.execute("ALTER TABLE handles DROP COLUMN index_version")
