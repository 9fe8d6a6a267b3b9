"""The tables; each is written by the one module named beside it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

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


def _officer(*, primary_key: bool = False) -> Column[object]:
    """The officer a row belongs to, and goes with."""
    rule = ForeignKey("officers.id", ondelete="CASCADE")
    return Column("officer_id", Uuid, rule, nullable=False, primary_key=primary_key)


people = Table(  # people
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("key_epoch", Integer, nullable=False),
    Column("mission", Text),
    _when("created_at", now=True),
    Column("pin", LargeBinary),
    Column("pin_misses", Integer, nullable=False, server_default=text("0")),
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
    # A web handle of the secure page: where the conversation goes back to, and how long it lives.
    Column("home", Text),
    _when("until", nullable=True),
    # Kept, to a quarter of an hour, where a platform takes free text only for a while after it.
    _when("spoke_at", nullable=True),
    # Of which key the blind index is.
    Column("index_version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("channel", "bidx"),
    Index(None, "person_id"),
)

links = Table(  # people
    "links",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    _person(),
    Column("channel", Text, nullable=False),
    _when("created_at", now=True),
    _when("expires_at"),
    _when("used_at", nullable=True),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

reminders = Table(  # reminders
    "reminders",
    metadata,
    Column(
        "person_id",
        Uuid,
        ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _when("due_at"),
    Index(None, "due_at"),
)

conversations = Table(  # conversations: the row is also the person's lock
    "conversations",
    metadata,
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("quiet", Boolean, nullable=False, server_default=text("false")),
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    Column("standing", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _when("updated_at", now=True),
    # No index on what every turn changes, and room in the page: updates stay in place (HOT).
    postgresql_with={"fillfactor": "60"},
)

updates = Table(  # conversations
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
    # What the platform reported last: sent, failed, delivered or read; and what it bills it as.
    Column("receipt", Text),
    _when("receipt_at", nullable=True),
    Column("price", Text),
    Index("messages_waiting", "person_id", postgresql_where=text("state = 'waiting'")),
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

subscriptions = Table(  # subscriptions
    "subscriptions",
    metadata,
    _person(),
    Column("topic", Text, nullable=False),
    Column("discreet", Boolean, nullable=False, server_default=text("false")),
    _when("at", now=True),
    PrimaryKeyConstraint("person_id", "topic"),
    Index(None, "topic"),
)

traits = Table(  # subscriptions
    "traits",
    metadata,
    _person(),
    Column("kind", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    PrimaryKeyConstraint("person_id", "kind"),
    Index(None, "kind", "token"),
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

uploads = Table(  # uploads
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    _person(),
    Column("registration_id", Uuid, ForeignKey("registrations.id", ondelete="SET NULL")),
    Column("paper", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Where a messenger keeps the file for us, until it was fetched.
    Column("channel", Text),
    Column("source", LargeBinary),
    # Of what came: tells the same file again, for this person alone. Of what is kept: the hash.
    Column("mark", LargeBinary),
    Column("digest", LargeBinary),
    Column("media_type", Text),
    Column("pages", Integer),
    Column("size", Integer),
    Column("received", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text),
    Column("document", Uuid),
    _when("created_at", now=True),
    _when("state_at", now=True),
    _when("due_at", now=True),
    Index(None, "person_id"),
    Index(None, "registration_id"),
    Index(
        "uploads_open",
        "due_at",
        postgresql_where=text("state IN ('fetching', 'checking', 'pending', 'sending', 'unknown')"),
    ),
)

upload_chunks = Table(  # uploads
    "upload_chunks",
    metadata,
    Column("upload_id", Uuid, ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("upload_id", "number"),
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
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("country", Text, nullable=False, server_default=text("''")),
    _when("waiting_since", now=True, nullable=True),
    _when("answer_due", nullable=True),
    _when("resolve_due", nullable=True),
    _when("return_due", nullable=True),
    _when("paused_at", nullable=True),
    _when("snoozed_until", nullable=True),
    _when("escalated_at", nullable=True),
    _when("answered_at", nullable=True),
    Column("answer_minutes", Integer),
    Column("returned", Integer, nullable=False, server_default=text("0")),
    Column("rating", Text),
    Index(None, "person_id"),
    Index("cases_number", "number", unique=True),
    Index(
        "cases_queue",
        "mission",
        text("urgent DESC"),
        "opened_at",
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index(
        "cases_listed",
        "mission",
        text("(NOT urgent)"),
        text("(coalesce(answer_due, 'infinity'))"),
        "opened_at",
        "id",
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index(
        "cases_closed",
        "mission",
        text("state_at DESC"),
        postgresql_where=text("state = 'resolved'"),
    ),
    Index(
        "cases_answered",
        "mission",
        "answered_at",
        postgresql_where=text("answered_at IS NOT NULL"),
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
    # The officer's message on its way, and the ready-made text it was.
    Column("message_id", BigInteger),
    Column("canned", Text),
    Index(None, "case_id", "id"),
)

notes = Table(  # cases
    "notes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    _person(),
    Column("officer", Uuid, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _when("at", now=True),
    Index(None, "case_id", "id"),
)

case_actions = Table(  # cases
    "case_actions",
    metadata,
    Column("officer", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("action", Text, nullable=False),
    _when("at", now=True),
    PrimaryKeyConstraint("officer", "key"),
    Index(None, "case_id"),
)

case_readers = Table(  # reading
    "case_readers",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("officer", Uuid, nullable=False),
    _when("at", now=True),
    PrimaryKeyConstraint("case_id", "officer"),
)

glass = Table(  # glass
    "glass",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("mission", Text, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    _when("asked_at", now=True),
    Column("granted_by", Uuid),
    _when("until", nullable=True),
    Column("reviewed_by", Uuid),
    _when("reviewed_at", nullable=True),
    CheckConstraint("granted_by <> asked_by AND reviewed_by <> asked_by", name="glass_two_people"),
    Index(None, "asked_at"),
    Index(None, "case_id"),
)

case_events = Table(  # the database's own triggers, so that no change goes untold
    "case_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("mission", Text, nullable=False),
    Column("kind", Text, nullable=False),
    _when("at", now=True),
    Index(None, "mission", "id"),
    Index(None, "at"),
)

missions = Table(  # hours
    "missions",
    metadata,
    Column("mission", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("first_minutes", Integer, nullable=False),
    Column("next_minutes", Integer, nullable=False),
    Column("resolve_minutes", Integer, nullable=False),
    Column("return_minutes", Integer, nullable=False),
    Column("duty_chat", Text, nullable=False, server_default=text("''")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("gives", Boolean, nullable=False, server_default=text("false")),
)

mission_hours = Table(  # hours
    "mission_hours",
    metadata,
    Column("mission", Text, ForeignKey("missions.mission", ondelete="CASCADE"), nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
    PrimaryKeyConstraint("mission", "weekday", "opens"),
)

holidays = Table(  # hours
    "holidays",
    metadata,
    Column("mission", Text, ForeignKey("missions.mission", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("works_as", Integer),
    PrimaryKeyConstraint("mission", "day"),
)

canned = Table(  # canned
    "canned",
    metadata,
    Column("mission", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _when("changed_at", now=True),
    PrimaryKeyConstraint("mission", "name", "language"),
)

duty_cards = Table(  # duty
    "duty_cards",
    metadata,
    Column("chat", Text, primary_key=True),
    Column("external_id", Text, nullable=False, server_default=text("''")),
    Column("digest", LargeBinary, nullable=False, server_default=text("''")),
    Column("urgent", Integer, nullable=False, server_default=text("0")),
    _when("at", now=True),
)

officers = Table(  # officers
    "officers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("mission", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _when("created_at", now=True),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{officer}'")),
    # Empty: all of them.
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("topics", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _when("shift_until", nullable=True),
)

broadcasts = Table(  # broadcasts
    "broadcasts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("topic", Text, nullable=False),
    # Why it is urgent: told to the approvers, never sent.
    Column("why", Text, nullable=False, server_default=text("''")),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("audience", JSONB, nullable=False),
    _when("not_before", nullable=True),
    _when("not_later_than", nullable=True),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
    Column("paid", Boolean, nullable=False, server_default=text("false")),
    # So many go first; while `reach` is set, only rows below it go.
    Column("canary", Integer, nullable=False),
    Column("reach", Integer),
    _when("canary_until", nullable=True),
    Column("author", Uuid, ForeignKey("officers.id"), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("content_hash", LargeBinary, nullable=False, server_default=text("''")),
    Column("text_hash", LargeBinary, nullable=False, server_default=text("''")),
    # What was agreed to last, so that what changed since can be shown.
    Column("agreed", JSONB),
    Column("total", Integer),
    _when("created_at", now=True),
    _when("state_at", now=True),
    _when("started_at", nullable=True),
    Index("broadcasts_number", "number", unique=True),
    Index(None, "text_hash"),
    Index(
        "broadcasts_open",
        "state_at",
        postgresql_where=text("state IN ('scheduled', 'running', 'paused', 'cancelled')"),
    ),
)


def _broadcast() -> Column[object]:
    """The broadcast a row belongs to, and goes with."""
    rule = ForeignKey("broadcasts.id", ondelete="CASCADE")
    return Column("broadcast_id", Uuid, rule, nullable=False)


broadcast_texts = Table(  # broadcasts
    "broadcast_texts",
    metadata,
    _broadcast(),
    Column("language", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("template", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("broadcast_id", "language"),
)

broadcast_tests = Table(  # broadcasts
    "broadcast_tests",
    metadata,
    _broadcast(),
    Column("language", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    _when("at", now=True),
    PrimaryKeyConstraint("broadcast_id", "language"),
)

approvals = Table(  # broadcasts
    "approvals",
    metadata,
    _broadcast(),
    Column("officer", Uuid, ForeignKey("officers.id"), nullable=False),
    Column("author", Uuid, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("audience", Integer, nullable=False),
    _when("at", now=True),
    _when("expires_at"),
    PrimaryKeyConstraint("broadcast_id", "officer"),
    CheckConstraint("officer <> author", name="approvals_four_eyes"),
)

recipients = Table(  # broadcasts
    "recipients",
    metadata,
    _broadcast(),
    Column("seq", Integer, nullable=False),
    _person(),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    # Whether it went as a template, which counts for what the platform lets us reach in a day.
    Column("template", Boolean, nullable=False, server_default=text("false")),
    _when("not_before", nullable=True),
    _when("lease_until", nullable=True),
    _when("at", nullable=True),
    Column("external_id", Text),
    PrimaryKeyConstraint("broadcast_id", "seq"),
    Index("recipients_once", "person_id", "broadcast_id", unique=True),
    Index("recipients_listed", "broadcast_id", "state", "seq"),
    Index("recipients_held", "broadcast_id", "not_before", postgresql_where=text("state = 'held'")),
    Index("recipients_reach", "at", postgresql_where=text("template")),
)

broadcast_counts = Table(  # the database's own triggers, so that no statement can forget it
    "broadcast_counts",
    metadata,
    _broadcast(),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("broadcast_id", "channel", "state", "reason"),
)

broadcast_minutes = Table(  # the database's own triggers, so that no statement can forget it
    "broadcast_minutes",
    metadata,
    _broadcast(),
    _when("minute"),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("broadcast_id", "minute"),
)

broadcast_requests = Table(  # broadcasts
    "broadcast_requests",
    metadata,
    Column("officer", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _broadcast(),
    _when("at", now=True),
    PrimaryKeyConstraint("officer", "key"),
)

platform_pauses = Table(  # broadcasts
    "platform_pauses",
    metadata,
    Column("channel", Text, primary_key=True),
    _when("until"),
    Column("reason", Text, nullable=False),
)

steps = Table(  # statistics
    "steps",
    metadata,
    Column("flow", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("reached", Integer, nullable=False),
    Column("staying", Integer, nullable=False),
    _when("at", now=True),
    Column("country", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("flow", "question", "language", "channel", "country"),
)

accounts = Table(  # accounts
    "accounts",
    metadata,
    _officer(primary_key=True),
    Column("password", LargeBinary),
    Column("totp", LargeBinary),
    # The last time step whose code was taken, so that a code works once.
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    Column("subject", LargeBinary),
    Column("misses", Integer, nullable=False, server_default=text("0")),
    _when("locked_until", nullable=True),
    Column("language", Text, nullable=False, server_default=text("''")),
    _when("created_at", now=True),
    Index(None, "subject", unique=True),
)

account_links = Table(  # accounts
    "account_links",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    _officer(),
    _when("created_at", now=True),
    _when("expires_at"),
    Index(None, "officer_id"),
)

passkeys = Table(  # accounts
    "passkeys",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    _officer(),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False, server_default=text("0")),
    _when("created_at", now=True),
    _when("used_at", nullable=True),
    Index(None, "officer_id"),
)

console_sessions = Table(  # sessions
    "console_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token", LargeBinary, nullable=False),
    _officer(),
    Column("strength", Text, nullable=False),
    Column("device", Text, nullable=False),
    _when("created_at", now=True),
    _when("seen_at", now=True),
    Index(None, "token", unique=True),
    Index(None, "officer_id"),
    Index(None, "created_at"),
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
    Column("detail", Text, nullable=False, server_default=text("''")),
    Index("audit_actor_at", "actor", "at"),
    Index("audit_subject", "subject", "seq"),
)

audit_head = Table(  # audit
    "audit_head",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
