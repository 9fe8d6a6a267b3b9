"""Data model of a broadcast: texts, audience rule, timing and refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from bot.broadcasts import statements
from bot.broadcasts.statements import FIND, GROUP_FILTERS
from bot.cases.canned_replies import BUILT
from bot.db.connection import Transaction
from bot.db.statements import fetch_all

CANARY = 50
QUIET_FROM, QUIET_UNTIL = time(21), time(8)


class Purpose(StrEnum):
    """Purpose of a broadcast; `urgent` needs two approvers and ignores quiet hours."""

    SERVICE = "service"
    NEWS = "news"
    URGENT = "urgent"


class State(StrEnum):
    DRAFT = "draft"
    AWAITING = "awaiting"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class RecipientStatus(StrEnum):
    """Status of a broadcast for one recipient.

    Three statuses are open: `planned` (to be sent), `held` (to be sent at a later time) and
    `claimed` (being sent). `in_doubt` means that the message may have been sent. An officer can set
    recipients that are `failed` or `in_doubt` to `planned` again.
    """

    PLANNED = "planned"
    HELD = "held"
    CLAIMED = "claimed"
    IN_DOUBT = "in_doubt"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OPEN = (RecipientStatus.PLANNED, RecipientStatus.HELD, RecipientStatus.CLAIMED)


class Refusal(StrEnum):
    """Reason why an action on a broadcast was refused, or sending is blocked."""

    STATE = "state"
    OWN = "own"
    CHANGED = "changed"
    EXPIRED = "expired"
    APPROVALS = "approvals"
    DRIFT = "drift"
    LANGUAGE = "language"
    LINK = "link"
    PHONE = "phone"
    PLACEHOLDER = "placeholder"
    SCRIPT = "script"
    TOO_LONG = "too_long"
    UNTESTED = "untested"
    REPEATED = "repeated"
    NO_RECIPIENTS = "nobody"
    LATE = "late"
    WHY = "why"
    TOPIC = "topic"
    AUDIENCE = "audience"
    TESTERS = "testers"
    TEMPLATE = "template"
    FORM = "form"
    REUSED = "reused"


class Refused(Exception):
    """The action was refused and nothing changed; `detail` names the cause, such as a language."""

    code = "E_BROADCAST"

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{self.code}: {why.value}{f' ({detail})' if detail else ''}")
        self.why = why
        self.detail = detail


class Stale(Exception):
    """Another officer changed the draft since the caller read it; this call changed nothing."""

    code = "E_BROADCAST_STALE"

    def __init__(self) -> None:
        super().__init__(f"{self.code}: it was changed meanwhile; look at it again")


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Filter of a broadcast's audience, the subscribers of its topic; empty fields do not filter.

    `languages` includes scripts, such as kk_Arab. `registration` are states of a registration; a
    service message about a registration needs no subscription. `lists` adds people who keep a list
    of papers of these programmes for one of `countries` and agreed to messages about its changes.
    """

    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    missions: tuple[str, ...] = ()
    registration: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def public(self) -> bool:
        """Return True if the rule selects no specific group: then everybody may read the text."""
        return not any(getattr(self, name) for name in GROUP_FILTERS)


class Words(msgspec.Struct, frozen=True, omit_defaults=True):
    """A broadcast's text in one language, and the name of its WhatsApp template ('' if none)."""

    body: str
    template: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a broadcast, as an author writes it.

    `quiet` is the start and end of the quiet hours; None allows any hour. An urgent broadcast keeps
    `quiet` for the case that its purpose is changed, but ignores it.
    """

    purpose: Purpose
    topic: str
    texts: Mapping[str, Words]
    rule: Rule = Rule()
    not_before: datetime | None = None
    not_later_than: datetime | None = None
    quiet: tuple[time, time] | None = (QUIET_FROM, QUIET_UNTIL)
    paid: bool = False
    why: str = ""

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """Return the quiet hours in which nothing is sent; None for an urgent broadcast."""
        return None if self.purpose is Purpose.URGENT else self.quiet

    @property
    def text_hash(self) -> bytes:
        """Return the hash of the texts only, to find repeated announcements."""
        return sha256(_encode(dict(self.texts))).digest()

    @property
    def content_hash(self) -> bytes:
        """Return the hash of text, audience and time, to which an approval is bound."""
        timing = (self.not_before, self.not_later_than, self.quiet, self.paid)
        content = (self.purpose, self.topic, self.why, dict(self.texts), self.rule, timing)
        return sha256(_encode(content)).digest()


_encode = msgspec.json.Encoder(order="deterministic").encode


def encode_draft(draft: Draft) -> str:
    """Encode a draft as JSON, the format in which the approved content is stored."""
    return _encode(draft).decode()


def decode_draft(stored: str) -> Draft:
    return msgspec.json.decode(stored, type=Draft)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as stored; `reason` says why it is paused, `total` counts its recipients.

    `total` is None until the recipients' rows exist.
    """

    id: UUID
    number: int
    state: State
    draft: Draft
    author: UUID
    version: int
    reason: str
    canary: int
    canary_until: datetime | None
    total: int | None
    created_at: datetime
    state_at: datetime
    started_at: datetime | None

    @property
    def approvers(self) -> int:
        """Return the number of approvals needed from officers other than the author."""
        return 2 if self.draft.purpose is Purpose.URGENT else 1


def words_in(texts: Mapping[str, Words], language: str) -> Words | None:
    """Return the text in a language, converted from its other script if needed; None if missing."""
    if language in texts:
        return texts[language]
    source, build = BUILT.get(language, ("", str))
    found = texts.get(source)
    return found and Words(build(found.body), found.template)


async def find(transaction: Transaction, broadcast_id: UUID, *, lock: bool = False) -> Broadcast:
    """Return a broadcast by id; if `lock`, lock its row for update.

    Raises LookupError if there is none.
    """
    found = statements.LOCK if lock else FIND
    return single(await fetch_all(transaction, found, id=broadcast_id))


def single(rows: Sequence[tuple[Any, ...]]) -> Broadcast:
    """Return the broadcast in the rows of the statement FIND. Raises LookupError without a row."""
    if not rows:
        raise LookupError("E_BROADCAST: there is no such broadcast; look at the list")
    return read(rows[0])


async def newest(
    transaction: Transaction, limit: int, before: int | None = None
) -> list[Broadcast]:
    """Return at most `limit` broadcasts with a number below `before`, newest first."""
    found = await fetch_all(transaction, statements.NEWEST, before=before, limit=limit)
    return [read(row) for row in found]


def rule(stored: Any) -> Rule:
    """Decode an audience rule from its stored JSON."""
    return msgspec.convert(stored, Rule)


def read(row: tuple[Any, ...]) -> Broadcast:
    (identity, number, state, author, version, reason, canary, canary_until, total, created_at,
     state_at, started_at, purpose, topic, audience, not_before, not_later_than, quiet_from,
     quiet_until, paid, why, texts) = row  # fmt: skip
    draft = Draft(
        Purpose(purpose),
        topic,
        {
            language: msgspec.convert(text, Words)
            for language, text in sorted((texts or {}).items())
        },
        rule(audience),
        not_before,
        not_later_than,
        None if quiet_from is None else (quiet_from, quiet_until),
        paid,
        why,
    )
    return Broadcast(identity, number, State(state), draft, author, version, reason, canary,
                     canary_until, total, created_at, state_at, started_at)  # fmt: skip
