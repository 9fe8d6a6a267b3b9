"""SQL statements about officers, their credentials, passkeys and sessions."""

from datetime import timedelta

from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from bot.db import tables as t
from bot.db.pipeline import TextStatement
from bot.db.statements import NOW, ago, any_of, statement
from bot.officers.permissions import Role

LINK_HOURS = 24
MISSES_BEFORE_LOCK = 5
LOCK_MINUTES = 5
IDLE_MINUTES = 15
MAX_HOURS = 8

_ID = bindparam("officer", type_=Uuid())

# Statements on officers.

OFFICER = (
    t.Officer.id,
    t.Officer.name,
    t.Officer.mission,
    t.Officer.roles,
    t.Officer.languages,
    t.Officer.topics,
    t.Officer.active,
    t.Officer.shift_until,
)
"""Columns of an officer, in the order in which `directory.read` expects them."""

# INTEGRATOR is the role of another system. An account with no other role uses API tokens and cannot
# sign in to the console.
_MAY_SIGN_IN = literal(Role.INTEGRATOR.value) != any_(t.Officer.roles)

SCOPE = statement(
    select(
        func.set_config("kosh.mission", bindparam("mission", type_=Text()), True),
        func.set_config("kosh.officer", bindparam("officer", type_=Text()), True),
        func.set_config("kosh.audits", bindparam("audits", type_=Text()), True),
    )
)
SET_OFFICER = statement(
    select(func.set_config("kosh.officer", bindparam("officer", type_=Text()), True))
)
FIND = statement(select(*OFFICER).where(t.Officer.id == _ID))
BY_NAME = statement(select(*OFFICER).where(t.Officer.name == bindparam("name"), t.Officer.active))
_ANSWERS = t.Officer.active & t.Officer.roles.op("&&")(bindparam("roles", type_=ARRAY(Text)))
TEAM = statement(
    select(*OFFICER)
    .where(t.Officer.mission == bindparam("mission"), _ANSWERS)
    .order_by(t.Officer.name)
)
EVERYONE = statement(
    select(*OFFICER).order_by(t.Officer.active.desc(), t.Officer.mission, t.Officer.name)
)
STAFFED = statement(select(t.Officer.mission).where(_ANSWERS).distinct())
ADMINISTRATORS = statement(
    select(func.count())
    .select_from(t.Officer)
    .where(t.Officer.active, bindparam("role", type_=Text()) == any_(t.Officer.roles))
)
ENTER = statement(
    insert(t.Officer).values(
        id=_ID,
        name=bindparam("full_name"),
        mission=bindparam("at_mission"),
        roles=bindparam("in_roles"),
        languages=bindparam("in_languages"),
        topics=bindparam("of_topics"),
    )
)
CHANGE = statement(
    update(t.Officer)
    .where(t.Officer.id == _ID)
    .values(
        mission=bindparam("at_mission"),
        roles=bindparam("in_roles"),
        languages=bindparam("in_languages"),
        topics=bindparam("of_topics"),
        active=bindparam("is_active"),
    )
)
SET_SHIFT = statement(
    update(t.Officer)
    .where(t.Officer.id == _ID)
    .values(shift_until=func.coalesce(bindparam("until", type_=t.Officer.shift_until.type), NOW))
)
CLEAR_PAST_SHIFT = statement(
    update(t.Officer)
    .where(t.Officer.id == _ID, t.Officer.shift_until <= NOW)
    .values(shift_until=None)
)

# Statements on accounts and one-time links.

_ACCOUNT = t.Account.officer_id == _ID
_KEY_VERSION = func.int4send(bindparam("version", type_=Integer()))

DELETE_LINKS = statement(
    delete(t.AccountLink).where(t.AccountLink.officer_id == _ID).returning(t.AccountLink.token)
)
CREATE_LINK = statement(
    insert(t.AccountLink).values(
        token=bindparam("hash"), officer_id=_ID, expires_at=NOW + timedelta(hours=LINK_HOURS)
    )
)
INVITED = statement(
    select(t.AccountLink.officer_id)
    .join(t.Officer, t.Officer.id == t.AccountLink.officer_id)
    .where(
        t.AccountLink.token == bindparam("hash"),
        t.AccountLink.expires_at > NOW,
        t.Officer.active,
        _MAY_SIGN_IN,
    )
)
LOCK_LINKED = statement(
    select(t.Account.password.is_not(None) & t.Account.subject.is_not(None))
    .where(_ACCOUNT)
    .with_for_update()
)
_ENROLLED = {
    "password": bindparam("new_password", type_=LargeBinary()),
    "totp": bindparam("new_totp", type_=LargeBinary()),
    "totp_step": bindparam("step"),
}
ENROL = statement(
    insert(t.Account)
    .values(officer_id=_ID, **_ENROLLED)
    .on_conflict_do_update(
        index_elements=[t.Account.officer_id],
        set_={
            **_ENROLLED,
            t.Account.failed_attempts: 0,
            t.Account.locked_until: None,
            t.Account.subject: case((t.Account.password.is_(None), t.Account.subject)),
        },
    )
)
LOCK_ACCOUNT = statement(
    select(
        t.Account.password,
        t.Account.totp,
        t.Account.totp_step,
        func.coalesce(t.Account.locked_until > NOW, literal(False)),
    )
    .where(_ACCOUNT)
    .with_for_update()
)
SIGNED_IN = statement(
    update(t.Account)
    .where(_ACCOUNT)
    .values(totp_step=bindparam("step"), failed_attempts=0, locked_until=None)
)
FAILED = statement(
    update(t.Account)
    .where(_ACCOUNT)
    .values(
        failed_attempts=t.Account.failed_attempts + 1,
        locked_until=case(
            (
                (t.Account.failed_attempts + 1) % MISSES_BEFORE_LOCK == 0,
                NOW + timedelta(minutes=LOCK_MINUTES),
            ),
            else_=t.Account.locked_until,
        ),
    )
)
_SEALED_UNDER = func.substring(t.Account.password, 2, 4)
LOCK_OTHER_KEYS = statement(
    select(t.Account.officer_id, t.Account.password, t.Account.totp)
    .where(t.Account.password.is_not(None), _SEALED_UNDER != _KEY_VERSION)
    .with_for_update()
)
COUNT_UNDER_KEY = statement(
    select(func.count()).select_from(t.Account).where(_SEALED_UNDER == _KEY_VERSION)
)
RESEAL = statement(
    update(t.Account)
    .where(_ACCOUNT)
    .values(password=bindparam("new_password"), totp=bindparam("new_totp"))
)
SET_LANGUAGE = statement(
    insert(t.Account)
    .values(officer_id=_ID, language=bindparam("chosen"))
    .on_conflict_do_update(
        index_elements=[t.Account.officer_id], set_={"language": bindparam("chosen")}
    )
)
BY_SUBJECT = statement(
    update(t.Account)
    .where(any_of(t.Account.subject, "subjects"))
    .values(subject=bindparam("now"))
    .returning(t.Account.officer_id)
)
LINK_SUBJECT = statement(
    insert(t.Account)
    .values(officer_id=_ID, subject=bindparam("now"))
    .on_conflict_do_update(
        index_elements=[t.Account.officer_id], set_={"subject": bindparam("now")}
    )
)
LOCK_SUBJECT = statement(select(t.Account.subject.is_not(None)).where(_ACCOUNT).with_for_update())

# Statements on passkeys.

_PASSKEY = select(t.Passkey.id, t.Passkey.officer_id, t.Passkey.public_key, t.Passkey.uses)
_BY_ID = t.Passkey.id == bindparam("key")

PASSKEYS = statement(_PASSKEY.where(t.Passkey.officer_id == _ID).order_by(t.Passkey.created_at))
PASSKEY = statement(_PASSKEY.where(_BY_ID))
DELETE_PASSKEYS = statement(
    delete(t.Passkey).where(t.Passkey.officer_id == _ID).returning(t.Passkey.id)
)
DELETE_PASSKEY = statement(delete(t.Passkey).where(_BY_ID, t.Passkey.officer_id == _ID))
ADD_PASSKEY = statement(
    insert(t.Passkey).values(
        id=bindparam("key"),
        officer_id=_ID,
        public_key=bindparam("public"),
        uses=bindparam("count"),
    )
)
USE_PASSKEY = statement(
    update(t.Passkey)
    .where(
        _BY_ID,
        or_(t.Passkey.used_at.is_(None), t.Passkey.used_at < bindparam("issued")),
    )
    .values(uses=bindparam("count"), used_at=NOW)
)

# Statements on sessions.

SESSION = (
    t.ConsoleSession.id,
    t.ConsoleSession.officer_id,
    t.ConsoleSession.auth_method,
    t.ConsoleSession.device,
    t.ConsoleSession.created_at,
    t.ConsoleSession.seen_at,
)
_VALID = (
    t.ConsoleSession.created_at > ago(hours=MAX_HOURS),
    t.ConsoleSession.seen_at > ago(minutes=IDLE_MINUTES),
)
_BY_TOKEN = t.ConsoleSession.token == bindparam("token")

PRESENT = statement(
    select(
        *SESSION,
        *OFFICER,
        func.coalesce(t.Account.language, ""),
        NOW,
        func.set_config("kosh.mission", t.Officer.mission, True),
    )
    .join(t.Officer, t.Officer.id == t.ConsoleSession.officer_id)
    .outerjoin(t.Account, t.Account.officer_id == t.Officer.id)
    .where(_BY_TOKEN, *_VALID, t.Officer.active, _MAY_SIGN_IN)
)
# Reads the database setting `kosh.mission`, which the statement PRESENT sets earlier in the same
# pipeline.
ZONE = statement(
    select(t.Mission.zone).where(t.Mission.mission == func.current_setting("kosh.mission", True))
)
# Update `seen_at` at most once a minute: the idle limit is in minutes, and each update is a write.
SEEN = statement(
    update(t.ConsoleSession)
    .where(
        _BY_TOKEN,
        bindparam("seen", type_=Boolean()),
        t.ConsoleSession.seen_at < ago(minutes=1),
        *_VALID,
    )
    .values(seen_at=NOW)
)
BEGIN_SESSION = statement(
    insert(t.ConsoleSession).values(
        id=bindparam("session"),
        token=bindparam("hash"),
        officer_id=_ID,
        auth_method=bindparam("method"),
        device=bindparam("on_device"),
    )
)
SESSIONS = statement(
    select(*SESSION)
    .where(t.ConsoleSession.officer_id == _ID, *_VALID)
    .order_by(t.ConsoleSession.created_at.desc())
)
SESSION_EXISTS = statement(select(literal(True)).where(t.ConsoleSession.id == bindparam("session")))
END_SESSION = statement(
    delete(t.ConsoleSession).where(
        t.ConsoleSession.id == bindparam("session"), t.ConsoleSession.officer_id == _ID
    )
)
END_SESSIONS = statement(
    delete(t.ConsoleSession).where(
        t.ConsoleSession.officer_id == _ID,
        t.ConsoleSession.id.is_distinct_from(bindparam("but", type_=Uuid())),
    )
)

# Text: raw SQL, because SQLAlchemy has no expression for LOCK and TRUNCATE.

LOCK_OFFICERS = TextStatement.of("LOCK TABLE officers IN SHARE ROW EXCLUSIVE MODE")
# TRUNCATE ignores row security, which would hide most rows from DELETE.
END_EVERYTHING = TextStatement.of("TRUNCATE console_sessions, account_links")
