"""Messages on their way out: written in the caller's transaction, sent right after it.

A row is one act. A person's rows go in order, one at a time: a row may be sent only when none of
theirs before it is open. Whoever sends one goes on with the next; a sweep takes what a crash left.
What a platform takes only while a conversation is fresh waits, blocking nothing, until its person
writes again.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from bot import log, metrics, pace, people, rounds, tracing, trips
from bot.batching import WaitedTooLong
from bot.channels import (
    Act,
    CannotEdit,
    Held,
    Message,
    NotAllowed,
    Press,
    Receipt,
    SendError,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.keys import VaultError
from bot.people import Person
from bot.queue import Session
from bot.runtime import Runtime
from bot.trips import Statement
from flows.engine.events import Kind, Say
from flows.engine.text import _

LEASE_SECONDS = 60
MOST_ATTEMPTS = 12
# So often a platform's own word on how long to wait is believed as it is.
FEW_ATTEMPTS = 4
MOST_BACKOFF = 300
SWEPT_AT_ONCE = 50
DELETED_AT_ONCE = 100
RETRY_SECONDS = 0.5
WAITING_SECONDS = 30 * 24 * 3600
# What became of a message, from less to more: a failure may yet turn out to have been none.
RECEIPTS = ("sent", "failed", "delivered", "read")
# Reported failures after which another try may help.
PASSING = {each.code for each in (Throttled, Unreachable, Held)}
AGAIN_SECONDS = 10
CHANNEL_OFF = "E_SEND_CHANNEL"
UNREADABLE = "E_SEND_UNREADABLE"
# So long somebody waits whose key cannot be opened here, and not in front of everybody else.
SET_ASIDE_SECONDS = 60

_logger = log.get()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class Parcel:
    """An act with everything needed to perform it: a row that this process has claimed.

    `act.closed` says that the channel takes no free text from us now.
    """

    id: int
    attempt: int
    person: Person
    channel: str
    act: Act


@dataclass(frozen=True, slots=True)
class Row:
    """An act as it is written: the statement of a turn takes these values.

    The form's messages carry the `epoch` they were written under; an officer's carry the case and
    the officer; service messages carry neither.
    """

    act: Literal["send", "edit", "delete"]
    message: Message | None = None
    epoch: int | None = None
    external_id: str = ""
    case_id: UUID | None = None
    officer: UUID | None = None


def rendered(rt: Runtime, say: Say) -> Message:
    """A say in the person's language, ready for any channel."""
    render = rt.languages.render
    return Message(
        paragraphs=tuple(
            "\n".join(render(line, say.language) for line in paragraph)
            for paragraph in say.paragraphs
        ),
        buttons=tuple(
            Press(each.payload, render(each.label, say.language), each.kind.value)
            for each in say.buttons
        ),
        language=say.language,
        progress=say.progress,
        protect=say.protect,
    )


def rows(
    rt: Runtime, says: Iterable[Say], channel: str, epoch: int, pressed: str
) -> tuple[Row, ...]:
    """Says as rows; one that may replace the pressed message edits it where the channel can.

    Where every message is billed or throttled, what goes together becomes one.
    """
    there = rt.channels.get(channel)
    edits = pressed if pressed and there and there.edits else ""
    written = [
        Row(
            "edit" if say.replaces and edits else "send",
            rendered(rt, say),
            None if say.service else epoch,
            edits if say.replaces else "",
        )
        for say in says
    ]
    return tuple(_joined(written) if there and there.joins else written)


def _joined(written: Iterable[Row]) -> list[Row]:
    """Neighbours of one epoch and language as one: all paragraphs, the buttons of the last."""
    found: list[Row] = []
    for row in written:
        before = found[-1] if found else None
        if before and before.message and row.message and _go_together(before, row):
            message = msgspec.structs.replace(
                row.message,
                paragraphs=(*before.message.paragraphs, *row.message.paragraphs),
                protect=before.message.protect or row.message.protect,
            )
            found[-1] = replace(row, message=message)
        else:
            found.append(row)
    return found


def _go_together(before: Row, row: Row) -> bool:
    one, other = before.message, row.message
    # A link stands alone on some channels: the message that has it keeps it.
    if one is None or other is None or any(each.kind == Kind.LINK for each in one.buttons):
        return False
    same = one.language == other.language and one.template == other.template
    return same and before.act == row.act == "send" and before.epoch == row.epoch


def deletion(rt: Runtime, channel: str, external_ids: Iterable[str]) -> tuple[Row, ...]:
    """Rows that take messages out of the chat, where the channel can do that."""
    there = rt.channels.get(channel)
    ids = [each for each in external_ids if each] if there and there.deletes else []
    batches = (ids[at : at + DELETED_AT_ONCE] for at in range(0, len(ids), DELETED_AT_ONCE))
    return tuple(Row("delete", external_id=",".join(batch)) for batch in batches)


NOT_DELETED = _(
    "WhatsApp lets nobody delete what was written to you there: please delete that chat on your"
    " phone yourself, and its backup if it has one."
)


def undeleted(rt: Runtime, channels: Iterable[str], language: str) -> tuple[Say, ...]:
    """The truth for who wants a chat gone, where one of the channels lets us delete nothing."""
    if all(rt.channels[channel].deletes for channel in channels if channel in rt.channels):
        return ()
    return (Say(((NOT_DELETED,),), language=language, service=True),)


async def recent(session: Session, person_id: UUID, channel: str) -> tuple[str, ...]:
    """Messages of the last 48 hours, which a platform still lets us delete."""
    cursor = await session.execute(
        "SELECT external_id FROM messages WHERE person_id = %s AND channel = %s AND act = 'send'"
        " AND state = 'sent' AND done_at > kosh_now() - interval '48 hours' ORDER BY id DESC"
        " LIMIT 500",
        (person_id, channel),
    )
    return tuple(row[0] for row in await cursor.fetchall() if row[0])


type Stands = dict[tuple[str, str], list[str]]
"""Messages that still stand, by channel and address there; a place without any counts too."""


async def everywhere(session: Session, person: Person) -> Stands:
    """The same on every channel where the person is reached, for who wants all of it gone."""
    cursor = await session.execute(
        "SELECT DISTINCT ON (channel) channel, address FROM handles WHERE person_id = %s"
        " ORDER BY channel, spoke_at DESC NULLS LAST",
        (person.id,),
    )
    return {
        (channel, people.address(person, bytes(sealed), channel)): list(
            await recent(session, person.id, channel)
        )
        for channel, sealed in await cursor.fetchall()
    }


def seal(person: Person, message: Message | None) -> bytes | None:
    return None if message is None else person.key.seal(_encode(message), "messages", "body", "")


async def post(session: Session, person: Person, channel: str, written: Sequence[Row]) -> list[int]:
    """Write rows outside a turn; the sender finds them after the commit. Their ids, in order."""
    ids = []
    for row in written:
        cursor = await session.execute(
            "INSERT INTO messages"
            " (person_id, channel, act, body, epoch, external_id, case_id, officer, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending') RETURNING id",
            (
                person.id,
                channel,
                row.act,
                seal(person, row.message),
                row.epoch,
                row.external_id or None,
                row.case_id,
                row.officer,
            ),
        )
        found = await cursor.fetchone()
        assert found is not None
        ids.append(int(found[0]))
    return ids


# The person's open rows are locked in order first, so that of two senders one sees what the other
# did: without it a row written while another is being sent could wait for the sweep.
_CLAIM = Statement.of("""
WITH open AS MATERIALIZED (
  SELECT m.id, m.state, m.due_at, m.lease_until FROM messages m
  WHERE m.person_id = %(person)s AND m.state IN ('pending', 'sending')
  ORDER BY m.id FOR UPDATE OF m
), oldest AS (
  SELECT open.*,
    h.address, extract(epoch FROM kosh_now() - h.spoke_at)::float AS silence,
    CASE WHEN m.epoch <> c.epoch OR k.owner <> m.officer
         THEN 'dropped'
         WHEN h.blocked IS NOT FALSE THEN 'undeliverable' ELSE 'sending' END AS fate
  FROM open
  JOIN messages m ON m.id = open.id
  JOIN conversations c ON c.person_id = m.person_id
  LEFT JOIN cases k ON k.id = m.case_id
  LEFT JOIN handles h ON h.person_id = m.person_id AND h.channel = m.channel
    AND (h.until IS NULL OR h.until > kosh_now())
  ORDER BY open.id, h.spoke_at DESC NULLS LAST LIMIT 1
)
UPDATE messages m SET
  state = o.fate,
  body = CASE WHEN o.fate = 'sending' THEN m.body END,
  done_at = CASE WHEN o.fate <> 'sending' THEN kosh_now() END,
  attempt = m.attempt + 1,
  lease_until = kosh_now() + make_interval(secs => %(lease)s)
FROM oldest o
WHERE m.id = o.id AND o.due_at <= kosh_now()
  AND (o.state = 'pending' OR o.lease_until < kosh_now())
RETURNING m.id, m.attempt, m.state, m.channel, m.act, m.body, m.external_id, o.address, o.silence
""")

_OUTCOME = Statement.of("""
UPDATE messages SET state = %(state)s, external_id = coalesce(%(external_id)s, external_id),
  reason = coalesce(%(reason)s, CASE WHEN receipt = 'failed' THEN reason END),
  body = CASE WHEN %(final)s AND NOT (%(held)s AND receipt IS DISTINCT FROM 'delivered'
                                      AND receipt IS DISTINCT FROM 'read')
              THEN NULL ELSE body END,
  due_at = CASE WHEN %(final)s THEN due_at
                ELSE kosh_now() + make_interval(secs => %(delay)s) END,
  done_at = CASE WHEN %(final)s THEN kosh_now() END, lease_until = NULL,
  attempt = attempt - %(untried)s
WHERE id = %(id)s AND state = 'sending' AND attempt = %(attempt)s
RETURNING EXISTS (
  SELECT FROM messages m WHERE m.person_id = messages.person_id AND m.id > messages.id
    AND m.state = 'pending'), receipt, reason
""")

# By each person's oldest open row: only that one can be sent, and what waits behind it must not
# fill the list.
_DUE: LiteralString = """
SELECT m.person_id FROM messages m
WHERE m.done_at IS NULL AND m.due_at <= kosh_now()
  AND (m.state = 'pending' OR m.lease_until < kosh_now())
  AND NOT EXISTS (
    SELECT FROM messages e WHERE e.person_id = m.person_id AND e.id < m.id
      AND e.state IN ('pending', 'sending'))
ORDER BY m.due_at LIMIT %s
"""


# Whoever is claiming one of the rows at this moment has locked it, and is waited for; a claim that
# comes later finds it dropped. So none is claimed after the change of hands has committed.
_SILENCE: LiteralString = """
WITH others AS MATERIALIZED (
  SELECT id FROM messages WHERE person_id = %(person)s
    AND (state IN ('pending', 'waiting') OR (state = 'sending' AND lease_until < kosh_now()))
    AND (epoch IS NOT NULL OR officer <> %(owner)s)
  ORDER BY id FOR UPDATE
)
UPDATE messages m SET state = 'dropped', body = NULL, done_at = kosh_now()
FROM others WHERE m.id = others.id
"""


async def silence(session: Session, person_id: UUID, owner: UUID) -> None:
    """From this commit on only the case's new owner speaks; service messages still go."""
    await session.execute(_SILENCE, {"person": person_id, "owner": owner})


async def deliver(rt: Runtime, parcel: Parcel | None, person: Person) -> None:
    """Send a claimed row, if there is one, and go on until none of the person's rows is left."""
    more = True
    while more:
        if parcel is None:
            parcel = await _claim(rt, person)
            if parcel is None:
                return
        more = await _send(rt, parcel)
        parcel = None


async def sweep(rt: Runtime) -> int:
    """Deliver what waited for its time or was left by a crash; how many people were seen to."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(_DUE, (SWEPT_AT_ONCE,))
        due = [row[0] for row in await cursor.fetchall()]
    await asyncio.gather(*(_catch_up(rt, person_id) for person_id in due))
    return len(due)


async def _catch_up(rt: Runtime, person_id: UUID) -> None:
    """What can't be done for somebody is tried later, and not in front of everybody else."""
    done = False
    with rounds.alone("messages"):
        async with rt.pool.connection() as session:
            person = await people.load(rt, session, person_id)
        if person is not None:
            await deliver(rt, None, person)
        done = True
    if not done:
        async with rt.pool.connection() as session:
            await session.execute(
                "UPDATE messages SET due_at = kosh_now() + make_interval(secs => %s)"
                " WHERE person_id = %s AND state IN ('pending', 'sending')"
                " AND due_at <= kosh_now()",
                (SET_ASIDE_SECONDS, person_id),
            )


async def _claim(rt: Runtime, person: Person) -> Parcel | None:
    while True:
        values = {"person": person.id, "lease": LEASE_SECONDS}
        async with rt.pool.connection() as session:
            claimed = await trips.run(session, _CLAIM, values)
        if not claimed:
            return None
        (row,) = claimed
        row_id, attempt, state, channel, act, body, external_id, sealed, silence = row
        if state != "sending":
            continue
        try:
            place = people.address(person, bytes(sealed), channel)
            message = _opened(person, body)
        except (VaultError, msgspec.DecodeError):
            _logger.exception("message.unreadable", attempt=attempt)
            parcel = Parcel(row_id, attempt, person, channel, Act(act, ""))
            if await _set_aside(rt, parcel):
                continue
            return None
        shut = closed(rt, channel, silence)
        sent = Act(act, place, message, external_id or "", str(row_id), shut)
        return Parcel(row_id, attempt, person, channel, sent)


async def _set_aside(rt: Runtime, parcel: Parcel) -> bool:
    """One that this process cannot open, though another may; whether the next can be sent now."""
    if parcel.attempt >= MOST_ATTEMPTS:
        return await _outcome(rt, parcel, "failed", reason=UNREADABLE)
    return await _outcome(rt, parcel, "pending", reason=UNREADABLE, delay=SET_ASIDE_SECONDS)


def closed(rt: Runtime, channel: str, silence: float | None) -> bool:
    """Whether a channel takes no free text that many seconds after the person's last word."""
    there = rt.channels.get(channel)
    window = there.window if there else 0
    return bool(window) and (silence is None or silence >= window)


async def _send(rt: Runtime, parcel: Parcel) -> bool:
    """One call and its outcome; whether another row of the person may be waiting."""
    if parcel.channel not in rt.channels:
        return await _outcome(rt, parcel, "undeliverable", reason=CHANNEL_OFF)
    template = parcel.act.message and parcel.act.message.template
    if parcel.act.closed and not template:
        return await _wait(rt, parcel)
    if wait := await pace.pace(rt, parcel.channel, parcel.act):
        return await _outcome(rt, parcel, "pending", delay=wait, untried=1)
    try:
        external_id = await _call(rt, parcel.channel, parcel.act)
    except SendError as error:
        return await _failed(rt, parcel, error)
    rt.reached[parcel.channel] = time.monotonic()
    return await _outcome(rt, parcel, "sent", external_id=external_id)


async def perform(rt: Runtime, channel: str, act: Act) -> str:
    """One act that has no row."""
    await pace.hurry(rt, channel, act)
    return await _call(rt, channel, act)


async def _call(rt: Runtime, channel: str, act: Act) -> str:
    """One act on its channel; where a message cannot be edited any more, it is sent anew."""
    with metrics.called(channel), tracing.span("send", channel=channel):
        try:
            return await rt.channels[channel].send(act)
        except CannotEdit:
            return await rt.channels[channel].send(replace(act, kind="send"))


async def _failed(rt: Runtime, parcel: Parcel, error: SendError) -> bool:
    _logger.info("message.failed", code=error.code, attempt=parcel.attempt)
    match error:
        case NotAllowed():
            await _shut(rt, parcel, blocked=True)
            return await _outcome(rt, parcel, "undeliverable", reason=error.code)
        case WindowClosed():
            await _shut(rt, parcel)
            return await _wait(rt, parcel)
        case Throttled():
            await pace.rest(rt, parcel.channel, error)
        case _:
            pass
    if not error.retry or (parcel.attempt >= MOST_ATTEMPTS and not _may_end(rt, parcel, error)):
        return await _outcome(rt, parcel, "failed", reason=error.code)
    delay = error.delay or 0
    if not delay or parcel.attempt >= FEW_ATTEMPTS:
        delay = max(delay, min(MOST_BACKOFF, 2.0 ** (min(parcel.attempt, MOST_ATTEMPTS) - 1)))
    return await _outcome(rt, parcel, "pending", reason=error.code, delay=delay)


def _may_end(rt: Runtime, parcel: Parcel, error: SendError) -> bool:
    """Whether the fault is the platform's, which will come back, and not that of this message."""
    if isinstance(error, Unreachable):
        return time.monotonic() - rt.reached.get(parcel.channel, -inf) > MOST_BACKOFF
    return isinstance(error, Held)


async def _wait(rt: Runtime, parcel: Parcel) -> bool:
    """Nothing of it can be said now: it waits for its person, and blocks nothing meanwhile."""
    code = WindowClosed.code
    return await _outcome(rt, parcel, "waiting", reason=code, delay=WAITING_SECONDS)


async def _shut(rt: Runtime, parcel: Parcel, *, blocked: bool = False) -> None:
    async with rt.pool.connection() as session:
        await people.fell_silent(session, parcel.person.id, parcel.channel, blocked=blocked)


async def _outcome(
    rt: Runtime,
    parcel: Parcel,
    state: str,
    *,
    external_id: str | None = None,
    reason: str | None = None,
    delay: float = 0,
    untried: int = 0,
) -> bool:
    """Write how it went; whether another row of the person can be sent now."""
    values: dict[str, Any] = {
        "id": parcel.id,
        "attempt": parcel.attempt,
        "state": state,
        "external_id": external_id,
        "reason": reason,
        "final": state not in ("pending", "waiting"),
        "held": state == "sent" and _may_be_wanted(rt, parcel.channel),
        "delay": delay,
        "untried": untried,
    }
    written = await _written(rt, values)
    if not written:
        return False
    ((more, receipt, told),) = written
    if state == "sent" and receipt == "failed":
        await _report(rt, [(parcel.id, parcel.person.id, parcel.channel, told)])
    return bool(more) and state != "pending"


async def _written(rt: Runtime, values: dict[str, Any]) -> trips.Rows:
    """Write an outcome, and while the database is away try again for as long as the row is ours.

    What was sent and isn't noted would be sent a second time.
    """
    until = time.monotonic() + LEASE_SECONDS / 2
    while True:
        try:
            return await rt.outcomes(values, partial(_write, rt))
        except (psycopg.OperationalError, PoolTimeout, WaitedTooLong):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(RETRY_SECONDS)


async def _write(
    rt: Runtime, outcomes: Sequence[dict[str, Any]]
) -> Sequence[trips.Rows | Exception]:
    """Write outcomes of several people's messages in one transaction, locking rows in order."""
    order = sorted(range(len(outcomes)), key=lambda at: int(outcomes[at]["id"]))
    try:
        async with rt.pool.connection() as session:
            rows = await trips.together(session, *((_OUTCOME, outcomes[at]) for at in order))
    except Exception as error:
        if trips.is_away(error):
            raise
        if len(outcomes) == 1:
            return [error]
        # One that cannot be written must not keep the others from being.
        return [(await _write(rt, [each]))[0] for each in outcomes]
    found = dict(zip(order, rows, strict=True))
    return [found[at] for at in range(len(outcomes))]


def _may_be_wanted(rt: Runtime, channel: str) -> bool:
    """Whether a text is still needed once it is sent: the page fetches it, a failure repeats it."""
    return channel == "web" or bool(rt.channels[channel].window)


# What the platform says later, in any order and more than once.

# Of a row that is being sent the outcome is not written yet: only the report is kept, and whoever
# writes the outcome looks at it.
_RECEIPTS = Statement.of("""
WITH w AS MATERIALIZED (
  SELECT * FROM unnest(%(rows)s::bigint[], %(ids)s::text[], %(states)s::text[], %(ranks)s::int[],
                       %(ats)s::bigint[], %(codes)s::text[], %(prices)s::text[])
    AS w (id, external_id, state, rank, at, code, price)
), locked AS MATERIALIZED (
  SELECT m.id FROM messages m JOIN w ON w.id = m.id WHERE m.channel = %(channel)s
  ORDER BY m.id FOR UPDATE OF m
)
UPDATE messages m SET receipt = w.state, receipt_at = to_timestamp(w.at),
  price = coalesce(nullif(w.price, ''), m.price),
  reason = CASE WHEN w.state = 'failed' THEN w.code WHEN m.receipt = 'failed' THEN NULL
                ELSE m.reason END,
  state = CASE WHEN m.state = 'failed' AND m.receipt = 'failed' THEN 'sent' ELSE m.state END,
  body = CASE WHEN w.rank > 2 AND m.state <> 'sending' THEN NULL ELSE m.body END
FROM w JOIN locked ON locked.id = w.id
WHERE m.id = w.id AND m.state IN ('sending', 'sent', 'failed')
  AND (m.external_id IS NULL OR string_to_array(m.external_id, ',') @> ARRAY[w.external_id])
  AND w.rank > coalesce(array_position(%(order)s::text[], m.receipt), 0)
RETURNING m.id, m.person_id, m.channel, m.reason, m.receipt = 'failed' AND m.state = 'sent'
""")

_REPORT: LiteralString = """
WITH found AS (
  SELECT id, %(again)s AND body IS NOT NULL AND attempt < %(most)s AS again FROM messages
  WHERE id = %(id)s AND state = 'sent' AND receipt = 'failed' FOR UPDATE
)
UPDATE messages m SET reason = %(code)s,
  state = CASE WHEN f.again THEN 'pending' ELSE %(lost)s END,
  external_id = CASE WHEN f.again THEN '' ELSE external_id END,
  receipt = CASE WHEN f.again THEN NULL ELSE receipt END,
  body = CASE WHEN f.again THEN body END,
  due_at = CASE WHEN f.again THEN kosh_now() + make_interval(secs => %(delay)s) ELSE due_at END,
  done_at = CASE WHEN f.again THEN NULL ELSE kosh_now() END
FROM found f WHERE m.id = f.id
"""


async def receipts(rt: Runtime, found: Sequence[Receipt]) -> None:
    """What platforms report of rows of ours, in one statement for each channel.

    Only upwards: sent, failed, delivered, read. What failed for good says so; what may yet arrive
    goes again.
    """
    for channel in dict.fromkeys(each.channel for each in found):
        best: dict[str, Receipt] = {}
        for each in found:
            if each.row and each.channel == channel:
                best[each.row] = max(each, best.get(each.row, each), key=_rank)
        if best:
            await _record(rt, channel, sorted(best.values(), key=lambda each: int(each.row)))


def _rank(receipt: Receipt) -> int:
    return 1 + RECEIPTS.index(receipt.state)


async def _record(rt: Runtime, channel: str, best: Sequence[Receipt]) -> None:
    values = {
        "channel": channel,
        "order": list(RECEIPTS),
        "rows": [int(each.row) for each in best],
        "ids": [each.external_id for each in best],
        "states": [each.state for each in best],
        "ranks": [_rank(each) for each in best],
        "ats": [each.at for each in best],
        "codes": [each.code for each in best],
        "prices": [each.price for each in best],
    }
    async with rt.pool.connection() as session:
        changed = await trips.run(session, _RECEIPTS, values)
    await _report(rt, [tuple(row) for *row, failed in changed if failed])


async def _report(rt: Runtime, failed: Iterable[tuple[int, UUID, str, str]]) -> None:
    """What was sent, as it seemed, did not arrive: try again, wait for the person, or say so."""
    for row_id, person_id, channel, code in failed:
        _logger.info("message.failed", code=code, channel=channel)
        async with rt.pool.connection() as session:
            if code in (WindowClosed.code, NotAllowed.code):
                blocked = code == NotAllowed.code
                await people.fell_silent(session, person_id, channel, blocked=blocked)
            values = {
                "id": row_id,
                "code": code,
                "lost": "undeliverable" if code == NotAllowed.code else "failed",
                "again": code in PASSING or code == WindowClosed.code,
                "most": MOST_ATTEMPTS,
                "delay": AGAIN_SECONDS if code in PASSING else 0,
            }
            await session.execute(_REPORT, values)


async def release(session: Session, person: Person, channel: str) -> None:
    """The person is here again: what waited for them goes, before what is said next."""
    await session.execute(
        "UPDATE messages SET state = 'pending', due_at = kosh_now()"
        " WHERE person_id = %s AND channel = %s AND state = 'waiting'",
        (person.id, channel),
    )


async def after_restore(session: Session) -> None:
    """What a restored backup calls due was sent within the second: nobody hears it again."""
    await session.execute(
        "UPDATE messages SET state = 'dropped', body = NULL, done_at = kosh_now(),"
        " reason = 'E_RESTORED' WHERE state IN ('pending', 'sending')"
    )


# The web chat fetches its messages itself: a sent row keeps its text until the page has it.


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the web chat for an open page."""

    id: int
    act: str
    external_id: str
    message: Message | None


async def waiting(rt: Runtime, person: Person, channel: str, after: int) -> list[Waiting]:
    """Rows after an id that the page has not got yet, oldest first."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT id, act, external_id, body FROM messages WHERE person_id = %s AND channel = %s"
            # The wake-up comes before the outcome is written, so what is being sent counts too.
            " AND id > %s AND state IN ('sending', 'sent')"
            " AND (body IS NOT NULL OR act = 'delete')"
            " ORDER BY id LIMIT 100",
            (person.id, channel, after),
        )
        found = await cursor.fetchall()
    return [
        Waiting(row_id, act, external_id or "", _opened(person, body))
        for row_id, act, external_id, body in found
    ]


async def seen(rt: Runtime, person: Person, channel: str, before: int) -> None:
    """The page shows a later message, so the text of those before it can go."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE messages SET body = NULL WHERE person_id = %s AND channel = %s AND id < %s"
            " AND state = 'sent' AND body IS NOT NULL",
            (person.id, channel, before),
        )


def _opened(person: Person, body: bytes | None) -> Message | None:
    return _decode(person.key.unseal(bytes(body), "messages", "body", "")) if body else None
