"""What a person can ask about their data, and what time takes away: export, erase, retention."""

import asyncio
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg

from bot import outbox, uploads
from bot.db.job_queue import Session
from bot.observability import logging
from bot.outbox import Row
from bot.people import identities, subscriptions
from bot.people.identities import Person
from bot.registrations import submissions
from bot.runtime import Runtime
from bot.security import audit_log
from flows.announcements import CHOSEN, TRAITS
from flows.engine import screens
from flows.engine.announcement_screens import SUBSCRIBED
from flows.engine.events import Say
from flows.engine.flow import path, shown
from flows.engine.state import Conversation
from flows.engine.text import Text, _
from flows.engine.upload_states import State

_logger = logging.get()

EXPORT = _("What is kept about you here:")
ANSWERS = _("Your answers:")
CONSENTS = _("Your consents:")
CONSENT = _("{purpose}, {date}")
PURPOSES = {
    "registration": _("Registration"),
    "handoff": _("Talking to an officer"),
    "papers": _("Sending papers"),
    "notices": _("Messages about the status"),
    "checklist": _("Keeping the list of papers"),
    "announcements": _("Announcements"),
    "traits": _("What announcements are about"),
}
REGISTERED = _("Registration, state: {state}. Receipt: {number}")
STATES = {
    "pending": _("on its way"),
    "received": _("received, being checked"),
    "accepted": _("accepted"),
    "rejected": _("an officer is looking at it"),
    "withdrawing": _("being withdrawn"),
    "withdrawn": _("withdrawn"),
}
LIST = _("Your list of papers:")
TICKED = _("Ready: {paper}")
REMINDED = _("A reminder on {date}")
PAPERS = _("Papers that you sent:")
FILES = _("Files kept here until the registry has them: {count}")
CASES = _("Conversations with officers: {count}")
HINT = _("You get only a hint of each.")
TOLD = _("Told for announcements, kept as a code: {kind}")
KINDS = {each: item.label for each, item in TRAITS.items()}
HOW_LONG = _(
    "Unfinished answers stay 30 days after your last message. To erase everything, write “delete”."
)

# Each rule says which rows are due, in database time; kosh_retention may do nothing else.
RULES: tuple[tuple[str, LiteralString], ...] = (
    ("updates", "DELETE FROM updates WHERE at < kosh_now() - interval '8 days'"),
    ("quarantine", "DELETE FROM quarantine WHERE at < kosh_now() - interval '72 hours'"),
    (
        "messages",
        "DELETE FROM messages WHERE done_at < kosh_now() - interval '7 days'"
        # An officer's that did not arrive stays beside its case, which shows that it did not.
        " AND state NOT IN ('pending', 'sending') "
        " AND (case_id IS NULL OR state NOT IN ('dropped', 'failed', 'undeliverable'))",
    ),
    # What no platform lets us delete any more.
    (
        "standing",
        "UPDATE conversations SET standing = ARRAY(SELECT note FROM unnest(standing) note"
        "  WHERE split_part(note, ' ', 2)::bigint"
        "    > extract(epoch FROM kosh_now() - interval '48 hours'))"
        " WHERE split_part(standing[1], ' ', 2)::bigint"
        "   <= extract(epoch FROM kosh_now() - interval '48 hours')",
    ),
    # What waited a month for its person, who did not come.
    ("waiting", "DELETE FROM messages WHERE state = 'waiting' AND due_at < kosh_now()"),
    ("case_events", "DELETE FROM case_events WHERE at < kosh_now() - interval '1 day'"),
    (
        "console_sessions",
        "DELETE FROM console_sessions WHERE created_at < kosh_now() - interval '8 hours'",
    ),
    ("account_links", "DELETE FROM account_links WHERE expires_at < kosh_now()"),
    ("links", "DELETE FROM links WHERE expires_at < kosh_now() - interval '1 day'"),
    ("handles", "DELETE FROM handles WHERE until < kosh_now()"),
    (
        "cases",
        "DELETE FROM cases WHERE state = 'resolved' AND state_at < kosh_now() - interval '30 days'",
    ),
    (
        "recipients",
        # What became of how many stays counted.
        "DELETE FROM recipients WHERE broadcast_id IN (SELECT id FROM broadcasts"
        " WHERE state IN ('done', 'cancelled') AND state_at < kosh_now() - interval '7 days')",
    ),
    (
        "broadcast_requests",
        "DELETE FROM broadcast_requests WHERE at < kosh_now() - interval '30 days'",
    ),
    (
        "registrations",
        # Also one that never came to an end: by then nobody waits for it any more.
        "DELETE FROM registrations WHERE state_at < kosh_now() - interval '12 months'",
    ),
    (
        "uploads",
        "DELETE FROM uploads WHERE CASE WHEN state IN ('refused', 'gone')"
        " THEN state_at < kosh_now() - interval '1 day'"
        " ELSE state <> 'accepted' AND created_at < kosh_now() - interval '30 days' END",
    ),
    (
        "people",
        "DELETE FROM people p WHERE"
        " EXISTS (SELECT FROM conversations c WHERE c.person_id = p.id"
        "   AND c.updated_at < kosh_now() - interval '30 days')"
        " AND NOT EXISTS (SELECT FROM registrations r WHERE r.person_id = p.id)"
        " AND NOT EXISTS (SELECT FROM cases k WHERE k.person_id = p.id)"
        # A subscription keeps whoever can still be reached.
        " AND NOT EXISTS (SELECT FROM subscriptions s JOIN handles h ON h.person_id = s.person_id"
        "   WHERE s.person_id = p.id AND NOT h.blocked)",
    ),
)


async def erase(rt: Runtime, session: Session, person: Person) -> None:
    """Forget a person: key, handles, answers, words; what was registered is withdrawn."""
    await submissions.take_back(rt, session, person.id)
    await session.execute("DELETE FROM people WHERE id = %s", (person.id,))
    rt.vault.forget(person.id)
    await session.execute(
        "INSERT INTO tombstones (mark) VALUES (%s) ON CONFLICT DO NOTHING",
        (rt.vault.index("tombstone", str(person.id)),),
    )
    await audit_log.append(session, actor="person", action="erased", subject=str(uuid4()))


# Who was erased is noted outside the database too: one that is restored knows nothing of those
# erased since. A line is a time and the person's mark, which tells nobody who it was.


async def note_erased(rt: Runtime) -> int:
    """Copy the marks of whoever was erased into a file of its own; how many were new."""
    path = rt.settings.erased
    noted, last = await asyncio.to_thread(_noted, path)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT at, mark FROM tombstones WHERE at > %s::timestamptz - interval '1 hour'"
            " ORDER BY at",
            (last or "-infinity",),
        )
        fresh = [(at, mark) for at, mark in await cursor.fetchall() if bytes(mark) not in noted]
    if fresh:
        lines = "".join(f"{at.isoformat()} {bytes(mark).hex()}\n" for at, mark in fresh)
        await asyncio.to_thread(_append, path, lines)
    return len(fresh)


def _noted(path: Path) -> tuple[frozenset[bytes], str]:
    """The marks in the file, and the time of the last."""
    if not path.exists():
        return frozenset(), ""
    lines = [line.split() for line in path.read_text("ascii").splitlines()]
    return frozenset(bytes.fromhex(line[1]) for line in lines), lines[-1][0] if lines else ""


def _append(path: Path, lines: str) -> None:
    """One write, so that two workers never mix their lines; on the disk before it counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, lines.encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


async def knows_the_erased(rt: Runtime) -> bool:
    """Whether the database knows of everybody who was noted; a restored one may not."""
    marks, _last = await asyncio.to_thread(_noted, rt.settings.erased)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT FROM unnest(%s::bytea[]) mark"
            " WHERE NOT EXISTS (SELECT FROM tombstones t WHERE t.mark = mark) LIMIT 1",
            (list(marks),),
        )
        return await cursor.fetchone() is None


async def erase_again(rt: Runtime) -> int:
    """After a restore: erase everybody whose mark was noted; how many there were."""
    marks, _last = _noted(rt.settings.erased)
    async with rt.pool.connection() as session:
        # Also of whoever came and went since: the database knows them all again.
        await session.execute(
            "INSERT INTO tombstones (mark) SELECT unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
            (list(marks),),
        )
        cursor = await session.execute("SELECT mark FROM tombstones")
        marks |= {bytes(row[0]) for row in await cursor.fetchall()}
        cursor = await session.execute("SELECT id FROM people")
        everybody = [row[0] for row in await cursor.fetchall()]
    known = [each for each in everybody if marks & {*rt.vault.indexes("tombstone", str(each))}]
    for person_id in known:
        async with rt.pool.connection() as session:
            person = await identities.load(rt, session, person_id)
            if person is not None:
                await erase(rt, session, person)
    return len(known)


async def export(
    rt: Runtime, session: Session, person: Person, conversation: Conversation, now: datetime
) -> Row:
    """What is kept, in the person's language, as one protected message."""
    paragraphs: list[tuple[Text, ...]] = [(EXPORT,)]
    answers = _answers(rt, conversation)
    if answers:
        paragraphs.append((ANSWERS, *answers))
    kept = list(_list(rt, conversation, now.date()))
    if kept:
        paragraphs.append((LIST, *kept))
    paragraphs.append((CONSENTS, *await _consents(session, person)))
    for state, number, _at in await submissions.of_person(session, person.id):
        paragraphs.append((_(REGISTERED.msgid, state=STATES[state], number=number or "–"),))
    if sent := await uploads.listing(session, person.id):
        waiting = sum(each.state is not State.ACCEPTED for each in sent)
        lines = screens.paper_lines(rt.flows.values(), conversation.papers)
        paragraphs.append((PAPERS, *lines, _(FILES.msgid, count=waiting)))
    paragraphs += await _announcements(session, person)
    paragraphs += [(_(CASES.msgid, count=await _case_count(session, person)),), (HOW_LONG,)]
    say = Say(tuple(paragraphs), language=conversation.language, protect=True)
    return Row("send", outbox.rendered(rt, say))


def _answers(rt: Runtime, conversation: Conversation) -> list[Text]:
    lines = []
    for name, form in conversation.forms.items():
        flow = rt.flows.get(name)
        for step in path(flow, form).steps if flow else ():
            answer = shown(step)
            if answer is not None:
                lines.append(_("{label}: {answer}", label=step.item.label, answer=answer))
    return lines


def _list(rt: Runtime, conversation: Conversation, today: date) -> Iterator[Text]:
    """What is kept of a list: the answers behind it, what is ticked, the reminder."""
    mine = conversation.mine
    flow = rt.flows.get(mine.flow) if mine else None
    if mine is None or flow is None or flow.listing is None:
        return
    for item in flow.listing.kept:
        value = mine.answers.get(item.name)
        if value is not None and item.accepts(value):
            yield _("{label}: {answer}", label=item.label, answer=item.show(value))
    for entry in flow.listing.entries(mine.answers, today):
        if entry.key in mine.ticked:
            yield _(TICKED.msgid, paper=entry.name)
    if mine.remind is not None and mine.remind > today:
        yield _(REMINDED.msgid, date=mine.remind)


async def _consents(session: Session, person: Person) -> list[Text]:
    cursor = await session.execute(
        "SELECT purpose, at FROM consents WHERE person_id = %s AND given ORDER BY id", (person.id,)
    )
    return [
        _(CONSENT.msgid, purpose=PURPOSES[purpose], date=at.date())
        for purpose, at in await cursor.fetchall()
    ]


async def _announcements(session: Session, person: Person) -> list[tuple[Text, ...]]:
    """What comes to them, and which kinds of thing they told for it; what, nobody can read."""
    found = await subscriptions.of_person(session, person.id)
    if found is None:
        return []
    head = _(SUBSCRIBED.msgid, topics=CHOSEN.show(",".join(found.topics)))
    hint = (HINT,) if found.discreet else ()
    return [(head, *hint, *(_(TOLD.msgid, kind=KINDS[each]) for each in found.told))]


async def _case_count(session: Session, person: Person) -> int:
    cursor = await session.execute("SELECT count(*) FROM cases WHERE person_id = %s", (person.id,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def retain(rt: Runtime) -> dict[str, int]:
    """Delete what has outlived its purpose; each rule commits alone, so none stops the rest."""
    gone: dict[str, int] = {}
    url = rt.settings.database("retention")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as session:
        for table, statement in RULES:
            try:
                gone[table] = (await session.execute(statement)).rowcount
            except psycopg.Error:
                _logger.exception("retention.failed", table=table)
            else:
                _logger.info("retention.done", table=table, count=gone[table])
    return gone
