"""SQL statements about uploaded files: fetch, store in chunks, list, send to the registry."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from bot.db import tables as t
from bot.db.statements import NOW, ago, any_of, seconds_from_now, statement

# Leases on claimed uploads in seconds. Each lease is longer than transfer, queueing and decoding of
# a file can take together.
FETCH_LEASE = 300
SEND_LEASE = 120

_ID = bindparam("upload", type_=Uuid())
_PERSON = bindparam("person", type_=Uuid())
_ATTEMPT = bindparam("attempt", type_=t.Upload.attempts.type)
# Maximum number of files that a sweep fetches from messengers, and also of those that it sends to
# the registry.
MAX_SWEPT = 20
_FETCHED = ("fetching", "checking")
_ON_ITS_WAY = ("pending", "unknown", "sending")

# Statements for fetching a file from a messenger.

BEGIN = statement(
    insert(t.Upload).values(
        id=_ID,
        person_id=_PERSON,
        paper=bindparam("kind"),
        state="fetching",
        channel=bindparam("from_channel"),
        source=bindparam("sealed"),
        due_at=seconds_from_now("delay"),
    )
)
CLAIM_FETCH = statement(
    update(t.Upload)
    .where(
        t.Upload.id == _ID,
        t.Person.id == t.Upload.person_id,
        t.Upload.state.in_(_FETCHED),
        t.Upload.due_at <= NOW,
    )
    .values(
        state="checking",
        attempts=t.Upload.attempts + 1,
        due_at=NOW + timedelta(seconds=FETCH_LEASE),
    )
    .returning(
        t.Person.id,
        t.Person.key,
        t.Person.key_version,
        t.Upload.paper,
        t.Upload.channel,
        t.Upload.source,
        t.Upload.attempts,
    )
)
_CHECKING = (t.Upload.id == _ID, t.Upload.state == "checking", t.Upload.attempts == _ATTEMPT)
FETCH_LATER = statement(
    update(t.Upload).where(*_CHECKING).values(state="fetching", due_at=seconds_from_now("delay"))
)
IS_CLAIMED = statement(select(literal(True)).where(*_CHECKING))
UNFETCHED = statement(
    select(t.Upload.id)
    .where(
        t.Upload.state.in_(_FETCHED),
        t.Upload.source.is_not(None),
        t.Upload.due_at <= ago(seconds=1),
    )
    .order_by(t.Upload.due_at)
    .limit(MAX_SWEPT)
)

# Statements for storing a sanitized file or the refusal of a file.

LOCK_PERSON = statement(
    select(literal(True)).where(t.Conversation.person_id == _PERSON).with_for_update()
)
_Besides = aliased(t.Upload)
_BESIDES = bindparam("besides", type_=Uuid())
_BESIDES_CAME_AT = select(_Besides.created_at).where(_Besides.id == _BESIDES).scalar_subquery()
IS_FULL = statement(
    select(
        or_(
            func.count() >= bindparam("max_files", type_=Integer()),
            func.coalesce(func.sum(t.Upload.received), 0)
            >= bindparam("max_bytes", type_=Integer()),
        )
    ).where(
        t.Upload.person_id == _PERSON,
        t.Upload.created_at > ago(days=1),
        t.Upload.reason.is_distinct_from("daily_limit"),
        or_(_BESIDES.is_(None), t.Upload.created_at < _BESIDES_CAME_AT),
    )
)
# False for a file that was sent for a registration that was withdrawn or deleted since. The file
# can then be sent again, for the next registration.
_IS_OF_CURRENT_REGISTRATION = or_(
    t.Upload.state == "ready",
    exists().where(
        t.Registration.id == t.Upload.registration_id,
        t.Registration.state.not_in(["withdrawing", "withdrawn"]),
    ),
)
IS_DUPLICATE = statement(
    select(literal(True)).where(
        t.Upload.person_id == _PERSON,
        t.Upload.paper == bindparam("kind"),
        any_of(t.Upload.hash, "hashes"),
        t.Upload.state.not_in(["refused", "gone", "rejected"]),
        _IS_OF_CURRENT_REGISTRATION,
    )
)
_FORGET_SOURCE: dict[Any, Any] = {
    t.Upload.source: None,
    t.Upload.channel: None,
    t.Upload.state_at: NOW,
}
_REFUSED: dict[str, BindParameter[Any]] = {
    "reason": bindparam("why", type_=Text()),
    "received": bindparam("bytes", type_=t.Upload.received.type),
}
REFUSE = statement(
    insert(t.Upload)
    .values(id=_ID, person_id=_PERSON, paper=bindparam("kind"), state="refused", **_REFUSED)
    .on_conflict_do_update(
        index_elements=[t.Upload.id],
        set_={t.Upload.state: "refused", **_REFUSED, **_FORGET_SOURCE},
    )
)
_KEPT: dict[Any, BindParameter[Any]] = {
    t.Upload.hash: bindparam("file_hash", type_=LargeBinary()),
    t.Upload.digest: bindparam("sealed", type_=LargeBinary()),
    t.Upload.media_type: bindparam("type", type_=Text()),
    t.Upload.pages: bindparam("page_count", type_=t.Upload.pages.type),
    t.Upload.size: bindparam("stored_size", type_=t.Upload.size.type),
    t.Upload.received: bindparam("bytes", type_=t.Upload.received.type),
}
KEEP = statement(
    insert(t.Upload)
    .values(
        {
            t.Upload.id: _ID,
            t.Upload.person_id: _PERSON,
            t.Upload.paper: bindparam("kind", type_=Text()),
            t.Upload.state: "ready",
            **_KEPT,
        }
    )
    .on_conflict_do_update(
        index_elements=[t.Upload.id],
        set_={t.Upload.state: "ready", **_KEPT, t.Upload.attempts: 0, **_FORGET_SOURCE},
    )
)
ADD_CHUNK = statement(
    insert(t.UploadChunk).values(
        upload_id=_ID, number=bindparam("position"), body=bindparam("sealed")
    )
)

# Statements for reading stored files.

LISTING = statement(
    select(t.Upload.id, t.Upload.paper, t.Upload.state, t.Upload.pages, t.Upload.state_at)
    .where(t.Upload.person_id == _PERSON, t.Upload.state.not_in(["refused", "gone"]))
    .order_by(t.Upload.created_at, t.Upload.id)
)
KIND = statement(
    select(t.Upload.paper, t.Upload.media_type).where(
        t.Upload.id == _ID, t.Upload.person_id == _PERSON
    )
)
CHUNKS = statement(
    select(t.UploadChunk.number, t.UploadChunk.body)
    .where(t.UploadChunk.upload_id == _ID)
    .order_by(t.UploadChunk.number)
)
CHUNK = statement(
    select(t.UploadChunk.body).where(
        t.UploadChunk.upload_id == _ID, t.UploadChunk.number == bindparam("position")
    )
)

# Statements for sending a file to the registry.

_NEWEST_REGISTRATION = (
    select(t.Registration.id)
    .where(
        t.Registration.person_id == _PERSON,
        t.Registration.state.not_in(["withdrawing", "withdrawn"]),
    )
    .order_by(t.Registration.created_at.desc())
    .limit(1)
    .subquery("newest")
)
RELEASE = statement(
    update(t.Upload)
    .where(
        t.Upload.person_id == _PERSON,
        t.Upload.state == "ready",
        t.Upload.paper == any_(bindparam("kinds", type_=ARRAY(Text))),
    )
    .values(
        state="pending",
        registration_id=_NEWEST_REGISTRATION.c.id,
        due_at=NOW,
        state_at=NOW,
    )
    .returning(t.Upload.id, t.Upload.paper)
)
_Was = aliased(t.Upload)
_BEFORE = (
    select(
        _Was.id,
        _Was.state,
        t.Person.id.label("person_id"),
        t.Person.key,
        t.Person.key_version,
        t.Registration.number,
        t.Registration.state.label("registration_state"),
    )
    .select_from(_Was)
    .join(t.Registration, t.Registration.id == _Was.registration_id)
    .join(t.Person, t.Person.id == _Was.person_id)
    .where(_Was.id == _ID)
    .subquery("was")
)
CLAIM = statement(
    update(t.Upload)
    .where(
        t.Upload.id == _ID,
        _BEFORE.c.id == t.Upload.id,
        t.Upload.state.in_(_ON_ITS_WAY),
        t.Upload.due_at <= NOW,
        or_(_BEFORE.c.number.is_not(None), _BEFORE.c.registration_state == "withdrawn"),
    )
    .values(
        state="sending",
        attempts=t.Upload.attempts + 1,
        due_at=NOW + timedelta(seconds=SEND_LEASE),
    )
    .returning(
        _BEFORE.c.person_id,
        _BEFORE.c.key,
        _BEFORE.c.key_version,
        t.Upload.paper,
        _BEFORE.c.state,
        t.Upload.attempts,
        _BEFORE.c.number,
        _BEFORE.c.registration_state,
        t.Upload.media_type,
        t.Upload.pages,
        t.Upload.size,
        t.Upload.digest,
    )
)
_Accepted = aliased(t.Upload)
_ACCEPTED_CAME_AT = select(_Accepted.created_at).where(_Accepted.id == _ID).scalar_subquery()
# A file that was rejected before the accepted file arrived is replaced by the accepted file.
IS_ONE_LEFT = statement(
    select(literal(True)).where(
        t.Upload.person_id == _PERSON,
        t.Upload.paper == bindparam("kind"),
        or_(
            t.Upload.state.in_(_ON_ITS_WAY),
            and_(t.Upload.state == "rejected", t.Upload.state_at > _ACCEPTED_CAME_AT),
        ),
    )
)
_SENDING = (t.Upload.id == _ID, t.Upload.state == "sending", t.Upload.attempts == _ATTEMPT)
POSTPONE = statement(
    update(t.Upload)
    .where(*_SENDING)
    .values(state=bindparam("new_state"), reason=bindparam("why"), due_at=seconds_from_now("delay"))
)
REJECT = statement(
    update(t.Upload)
    .where(*_SENDING)
    .values(state="rejected", reason=bindparam("why"), state_at=NOW)
)
IS_WITHDRAWN = statement(
    select(literal(True))
    .select_from(t.Upload)
    .join(t.Registration, t.Registration.id == t.Upload.registration_id)
    .where(t.Upload.id == _ID, t.Registration.state.in_(["withdrawing", "withdrawn"]))
)
DUE = statement(
    select(t.Upload.id)
    .join(t.Registration, t.Registration.id == t.Upload.registration_id)
    .where(
        t.Upload.state.in_(_ON_ITS_WAY),
        or_(t.Registration.number.is_not(None), t.Registration.state == "withdrawn"),
        t.Upload.due_at <= ago(seconds=1),
    )
    .order_by(t.Upload.due_at)
    .limit(MAX_SWEPT)
)
DELETE_CHUNKS = statement(delete(t.UploadChunk).where(t.UploadChunk.upload_id == _ID))
REMOVE = statement(
    update(t.Upload)
    .where(t.Upload.id == _ID)
    .values(
        state=bindparam("new_state"),
        document=bindparam("document_id"),
        digest=None,
        reason=None,
        state_at=NOW,
    )
)
