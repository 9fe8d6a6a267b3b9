"""Create accounts, one-time links, passkeys and sessions of officers, and the console's role."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = (
    """
    CREATE TABLE accounts (
      officer_id UUID NOT NULL,
      password BYTEA,
      totp BYTEA,
      totp_step BIGINT DEFAULT 0 NOT NULL,
      subject BYTEA,
      misses INTEGER DEFAULT 0 NOT NULL,
      locked_until TIMESTAMP WITH TIME ZONE,
      language TEXT DEFAULT '' NOT NULL,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
      CONSTRAINT accounts_pkey PRIMARY KEY (officer_id),
      CONSTRAINT accounts_officer_id_fkey FOREIGN KEY (officer_id)
        REFERENCES officers (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX accounts_subject ON accounts (subject)",
    """
    CREATE TABLE account_links (
      token BYTEA NOT NULL,
      officer_id UUID NOT NULL,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
      expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
      CONSTRAINT account_links_pkey PRIMARY KEY (token),
      CONSTRAINT account_links_officer_id_fkey FOREIGN KEY (officer_id)
        REFERENCES officers (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX account_links_officer_id ON account_links (officer_id)",
    """
    CREATE TABLE passkeys (
      id BYTEA NOT NULL,
      officer_id UUID NOT NULL,
      public_key BYTEA NOT NULL,
      uses BIGINT DEFAULT 0 NOT NULL,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
      used_at TIMESTAMP WITH TIME ZONE,
      CONSTRAINT passkeys_pkey PRIMARY KEY (id),
      CONSTRAINT passkeys_officer_id_fkey FOREIGN KEY (officer_id)
        REFERENCES officers (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX passkeys_officer_id ON passkeys (officer_id)",
    """
    CREATE TABLE console_sessions (
      id UUID NOT NULL,
      token BYTEA NOT NULL,
      officer_id UUID NOT NULL,
      strength TEXT NOT NULL,
      device TEXT NOT NULL,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
      seen_at TIMESTAMP WITH TIME ZONE DEFAULT kosh_now() NOT NULL,
      CONSTRAINT console_sessions_pkey PRIMARY KEY (id),
      CONSTRAINT console_sessions_officer_id_fkey FOREIGN KEY (officer_id)
        REFERENCES officers (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX console_sessions_token ON console_sessions (token)",
    "CREATE INDEX console_sessions_officer_id ON console_sessions (officer_id)",
    "CREATE INDEX console_sessions_created_at ON console_sessions (created_at)",
)
NAMES = "accounts, account_links, passkeys, console_sessions"


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    # The role of turns can't read what proves who an officer is.
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {NAMES} TO kosh_console")
    op.execute("GRANT SELECT (created_at), DELETE ON console_sessions TO kosh_retention")
    op.execute("GRANT SELECT (expires_at), DELETE ON account_links TO kosh_retention")


def downgrade() -> None:
    op.execute(f"DROP TABLE {NAMES}")
