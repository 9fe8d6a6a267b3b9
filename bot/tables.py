"""The tables; each is written by the one module named beside it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)

NOW = text("kosh_now()")


def _when(name: str, *, now: bool = False, nullable: bool = False) -> Column[object]:
    return Column(
        name, DateTime(timezone=True), nullable=nullable, server_default=NOW if now else None
    )


def _person(*, kept: bool = False) -> Column[object]:
    """The person a row is about; the row goes with the person, or is `kept` without a name."""
    rule = "SET NULL" if kept else "CASCADE"
    return Column("person_id", Uuid, ForeignKey("people.id", ondelete=rule), nullable=kept)


people = Table(  # people
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("key_epoch", Integer, nullable=False),
    Column("mission", Text),
    _when("created_at", now=True),
)

handles = Table(  # people
    "handles",
    metadata,
    Column("channel", Text, nullable=False),
    Column("bidx", LargeBinary, nullable=False),
    _person(),
    Column("address", LargeBinary, nullable=False),
    Column("blocked", Boolean, nullable=False, server_default=text("false")),
    _when("created_at", now=True),
    PrimaryKeyConstraint("channel", "bidx"),
    Index(None, "person_id"),
)

conversations = Table(  # inbox: the row is also the person's lock
    "conversations",
    metadata,
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("quiet", Boolean, nullable=False, server_default=text("false")),
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    _when("updated_at", now=True),
    # No index on what every turn changes, and room in the page: updates stay in place (HOT).
    postgresql_with={"fillfactor": "60"},
)

updates = Table(  # inbox
    "updates",
    metadata,
    Column("channel", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    _when("at", now=True),
    PrimaryKeyConstraint("channel", "key"),
    Index(None, "at"),
)

quarantine = Table(  # inbox
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("body", LargeBinary),
    _when("at", now=True),
    Index("quarantine_key", "channel", "key", unique=True),
)

messages = Table(  # outbox
    "messages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _person(),
    Column("channel", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("body", LargeBinary),
    Column("epoch", Integer),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="SET NULL")),
    Column("officer", Uuid),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("external_id", Text),
    Column("reason", Text),
    _when("due_at", now=True),
    _when("lease_until", nullable=True),
    _when("created_at", now=True),
    _when("done_at", nullable=True),
    Index(
        "messages_open",
        "person_id",
        "id",
        postgresql_where=text("state IN ('pending', 'sending')"),
    ),
    # Another predicate than that of `messages_open`, so that only the sweep is planned over it:
    # after a burst the turn's own statements took it and read every row that waits.
    Index("messages_due", "due_at", postgresql_where=text("done_at IS NULL")),
    Index("messages_person", "person_id", "id"),
)

consents = Table(  # people
    "consents",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _person(),
    Column("purpose", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("text_sha256", LargeBinary, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    _when("at", now=True),
    Index(None, "person_id"),
)

tombstones = Table(  # privacy
    "tombstones",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    _when("at", now=True),
)

registrations = Table(  # registrations
    "registrations",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person(kept=True),
    Column("state", Text, nullable=False),
    Column("number", Text),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("answers_gone", Boolean, nullable=False, server_default=text("false")),
    _when("created_at", now=True),
    _when("state_at", now=True),
    Index(None, "person_id"),
    Index(None, "number", unique=True),
)

registry_writes = Table(  # registrations
    "registry_writes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registrations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text),
    _when("created_at", now=True),
    _when("due_at", now=True),
    _when("done_at", nullable=True),
    Index("registry_writes_order", "registration_id", "number", unique=True),
    Index(
        "registry_writes_open",
        "due_at",
        postgresql_where=text("state IN ('pending', 'sending', 'unknown')"),
    ),
)

cases = Table(  # cases
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person(),
    Column("mission", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Uuid, ForeignKey("officers.id")),
    Column("version", Integer, nullable=False, server_default=text("0")),
    _when("opened_at", now=True),
    _when("state_at", now=True),
    Index(None, "person_id"),
    Index(
        "cases_queue",
        "mission",
        text("urgent DESC"),
        "opened_at",
        postgresql_where=text("state <> 'resolved'"),
    ),
)

case_words = Table(  # cases
    "case_words",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    _person(),
    Column("officer", Uuid),
    Column("body", LargeBinary, nullable=False),
    _when("at", now=True),
    Index(None, "case_id", "id"),
)

officers = Table(  # officers
    "officers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("mission", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _when("created_at", now=True),
)

audit = Table(  # audit
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _when("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_head = Table(  # audit
    "audit_head",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
