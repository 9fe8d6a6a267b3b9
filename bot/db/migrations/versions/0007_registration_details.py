"""Create the table of keyed hashes of registration details, which detect repeated registrations."""

import sqlalchemy as sa
from alembic import op

revision = "0007_registration_details"
down_revision = "0006_officer_notifications"

TABLE = "registration_details"
_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON registration_details TO kosh_app",
    "GRANT SELECT (registration_id, person_id, is_repeated) ON registration_details"
    " TO kosh_console",
    "ALTER TABLE registration_details ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY app_all ON registration_details TO kosh_app USING (true) WITH CHECK (true)",
    "CREATE POLICY console_registration ON registration_details FOR SELECT TO kosh_console"
    " USING (EXISTS (SELECT FROM cases WHERE cases.person_id = registration_details.person_id))",
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("details_hash", sa.LargeBinary, nullable=False),
        sa.Column("is_repeated", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), nullable=False,
            server_default=sa.text("kosh_now()"),
        ),
        sa.PrimaryKeyConstraint("registration_id", name="registration_details_pkey"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"],
            name="registration_details_registration_id_fkey", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"],
            name="registration_details_person_id_fkey", ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index("registration_details_details_hash", TABLE, ["details_hash"])
    op.create_index("registration_details_person_id", TABLE, ["person_id"])
    for right in _RIGHTS:
        op.execute(sa.text(right))


def downgrade() -> None:
    op.drop_table(TABLE)
