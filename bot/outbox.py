"""Messages on their way out: written in the caller's transaction, sent right after it.

A row is one act. A person's rows go in order, one at a time: a row may be sent only when none of
theirs before it is open. Whoever sends one goes on with the next; a sweep takes what a crash left.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, LiteralString
from uuid import UUID

import msgspec

from bot import log, people
from bot.channels import Act, CannotEdit, Message, NotAllowed, Press, SendError
from bot.people import Person
from bot.queue import Session
from bot.runtime import Runtime, statement
from flows.engine.events import Say

LEASE_SECONDS = 60
MOST_ATTEMPTS = 12
MOST_BACKOFF = 300
SWEPT_AT_ONCE = 50
DELETED_AT_ONCE = 100

_logger = log.get()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class Parcel:
    """An act with everything needed to perform it: a row that this process has claimed."""

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
    """Says as rows; one that may replace the pressed message edits it where the channel can."""
    edits = pressed if pressed and rt.channels[channel].edits else ""
    return tuple(
        Row(
            "edit" if say.replaces and edits else "send",
            rendered(rt, say),
            None if say.service else epoch,
            edits if say.replaces else "",
        )
        for say in says
    )


def deletion(external_ids: Iterable[str]) -> tuple[Row, ...]:
    """Rows that take messages out of the chat, as many as a channel deletes at once in each."""
    ids = [each for each in external_ids if each]
    batches = (ids[at : at + DELETED_AT_ONCE] for at in range(0, len(ids), DELETED_AT_ONCE))
    return tuple(Row("delete", external_id=",".join(batch)) for batch in batches)


async def recent(session: Session, person_id: UUID, channel: str) -> tuple[str, ...]:
    """Messages of the last 48 hours, which a platform still lets us delete."""
    cursor = await session.execute(
        "SELECT external_id FROM messages WHERE person_id = %s AND channel = %s AND act = 'send'"
        " AND state = 'sent' AND done_at > kosh_now() - interval '48 hours' ORDER BY id DESC"
        " LIMIT 500",
        (person_id, channel),
    )
    return tuple(row[0] for row in await cursor.fetchall() if row[0])


def seal(person: Person, message: Message | None) -> bytes | None:
    return None if message is None else person.key.seal(_encode(message), "messages", "body", "")


async def post(session: Session, person: Person, channel: str, written: Sequence[Row]) -> None:
    """Write rows outside a turn; the sender finds them after the commit."""
    for row in written:
        await session.execute(
            "INSERT INTO messages"
            " (person_id, channel, act, body, epoch, external_id, case_id, officer, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending')",
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


# The person's open rows are locked in order first, so that of two senders one sees what the other
# did: without it a row written while another is being sent could wait for the sweep.
_CLAIM: LiteralString = """
WITH open AS MATERIALIZED (
  SELECT m.id, m.state, m.due_at, m.lease_until FROM messages m
  WHERE m.person_id = %(person)s AND m.state IN ('pending', 'sending')
  ORDER BY m.id FOR UPDATE OF m
), oldest AS (
  SELECT open.*,
    CASE WHEN m.epoch <> c.epoch OR (k.state <> 'resolved' AND k.owner IS DISTINCT FROM m.officer)
         THEN 'dropped'
         WHEN h.blocked IS NOT FALSE THEN 'undeliverable' ELSE 'sending' END AS fate
  FROM open
  JOIN messages m ON m.id = open.id
  JOIN conversations c ON c.person_id = m.person_id
  LEFT JOIN cases k ON k.id = m.case_id
  LEFT JOIN handles h ON h.person_id = m.person_id AND h.channel = m.channel
  ORDER BY open.id LIMIT 1
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
RETURNING m.id, m.attempt, m.state, m.channel, m.act, m.body, m.external_id,
  (SELECT address FROM handles h WHERE h.person_id = m.person_id AND h.channel = m.channel LIMIT 1)
"""

_OUTCOME: LiteralString = """
UPDATE messages SET state = %(state)s, external_id = coalesce(%(external_id)s, external_id),
  reason = %(reason)s, body = CASE WHEN %(final)s AND NOT %(held)s THEN NULL ELSE body END,
  due_at = CASE WHEN %(final)s THEN due_at
                ELSE kosh_now() + make_interval(secs => %(delay)s) END,
  done_at = CASE WHEN %(final)s THEN kosh_now() END, lease_until = NULL
WHERE id = %(id)s AND state = 'sending' AND attempt = %(attempt)s
RETURNING EXISTS (
  SELECT FROM messages m WHERE m.person_id = messages.person_id AND m.id > messages.id
    AND m.state = 'pending')
"""

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
        found = [await people.load(rt, session, person_id) for person_id in due]
    await asyncio.gather(*(deliver(rt, None, person) for person in found if person))
    return len(due)


async def _claim(rt: Runtime, person: Person) -> Parcel | None:
    while True:
        async with statement(rt) as session:
            cursor = await session.execute(_CLAIM, {"person": person.id, "lease": LEASE_SECONDS})
            row = await cursor.fetchone()
        if row is None:
            return None
        row_id, attempt, state, channel, act, body, external_id, sealed = row
        if state == "sending":
            place = people.address(person, bytes(sealed), channel)
            plain = person.key.unseal(bytes(body), "messages", "body", "") if body else None
            message = _decode(plain) if plain else None
            sent = Act(act, place, message, external_id or "", str(row_id))
            return Parcel(row_id, attempt, person, channel, sent)


async def _send(rt: Runtime, parcel: Parcel) -> bool:
    """One call and its outcome; whether another row of the person may be waiting."""
    try:
        external_id = await perform(rt, parcel.channel, parcel.act)
    except SendError as error:
        return await _failed(rt, parcel, error)
    return await _outcome(rt, parcel, "sent", external_id=external_id)


async def perform(rt: Runtime, channel: str, act: Act) -> str:
    """One act on its channel; where a message cannot be edited any more, it is sent anew."""
    try:
        return await rt.channels[channel].send(act)
    except CannotEdit:
        return await rt.channels[channel].send(replace(act, kind="send"))


async def _failed(rt: Runtime, parcel: Parcel, error: SendError) -> bool:
    _logger.info("message.failed", code=error.code, attempt=parcel.attempt)
    if isinstance(error, NotAllowed):
        await _block(rt, parcel)
        return await _outcome(rt, parcel, "undeliverable", reason=error.code)
    if not error.retry or parcel.attempt >= MOST_ATTEMPTS:
        return await _outcome(rt, parcel, "failed", reason=error.code)
    delay = error.delay or min(MOST_BACKOFF, 2.0 ** (parcel.attempt - 1))
    await _outcome(rt, parcel, "pending", reason=error.code, delay=delay)
    return False


async def _block(rt: Runtime, parcel: Parcel) -> None:
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE handles SET blocked = true WHERE person_id = %s AND channel = %s",
            (parcel.person.id, parcel.channel),
        )


async def _outcome(
    rt: Runtime,
    parcel: Parcel,
    state: str,
    *,
    external_id: str | None = None,
    reason: str | None = None,
    delay: float = 0,
) -> bool:
    values: dict[str, Any] = {
        "id": parcel.id,
        "attempt": parcel.attempt,
        "state": state,
        "external_id": external_id,
        "reason": reason,
        "final": state != "pending",
        "held": state == "sent" and parcel.channel == "web",
        "delay": delay,
    }
    async with statement(rt) as session:
        cursor = await session.execute(_OUTCOME, values)
        row = await cursor.fetchone()
    return bool(row and row[0])


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
