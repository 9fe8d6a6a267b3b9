"""What happens to cases without anybody pressing: wake, return, escalate; and the duty group.

The duty group on Telegram gets counts and a link, nothing else: one card, edited as the counts
change, sent anew when something urgent came, so that it rings.
"""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from bot import cases, outbox
from bot.cases import working_hours
from bot.channels import Act, Message, SendError
from bot.channels.telegram.client import Telegram
from bot.concurrency import isolation
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.db.job_queue import Session
from bot.observability import logging
from bot.officers import directory, permissions
from bot.runtime import Runtime
from bot.security import audit_log
from flows.engine.events import Joined
from flows.engine.text import Text, _
from flows.knowledge import missions
from flows.knowledge.offices import desk_name

AT_ONCE = 100
# Telegram lets a bot write 20 times a minute into a group; edits count, and a new card is two acts.
CARD_SECONDS = 8
_FIRST = UUID(int=0)

_logger = logging.get()

# Why a case needs seeing to, most pressing first. `clock` gives deadlines to one that has come
# from another mission, whose hours could not be seen there.
_DUE = """
SELECT k.id, k.person_id, CASE
  WHEN k.state = 'snoozed' AND k.snoozed_until <= kosh_now() THEN 'wake'
  WHEN k.owner IS NOT NULL AND NOT o.active THEN 'return'
  WHEN k.state = 'claimed' AND (o.shift_until <= kosh_now() OR k.return_due <= kosh_now())
    THEN 'return'
  WHEN k.state = 'queued' AND k.mission <> ALL(%(staffed)s) THEN 'astray'
  WHEN k.answer_due IS NULL AND k.waiting_since IS NOT NULL THEN 'clock'
  WHEN k.escalated_at IS NULL AND (k.answer_due <= kosh_now()
    OR (k.resolve_due <= kosh_now() AND k.paused_at IS NULL)) THEN 'escalate'
  END AS why
FROM cases k LEFT JOIN officers o ON o.id = k.owner
WHERE k.state <> 'resolved'
"""


async def tend(rt: Runtime) -> int:
    """See to every case whose time has come; how many. Safe to run in many processes at once."""
    seen, last = 0, _FIRST
    while True:
        async with rt.pool.connection() as session:
            found = await _due(session, after=last)
        if not found:
            return seen
        for case_id, person_id, _why in found:
            with isolation.alone("cases"):
                async with rt.pool.connection() as session:
                    await _tend(rt, session, case_id, person_id)
        seen, last = seen + len(found), found[-1][0]


async def _due(
    session: Session, case_id: UUID | None = None, after: UUID = _FIRST
) -> list[tuple[UUID, UUID, str]]:
    staffed = [*await directory.staffed(session), missions.GENERAL]
    cursor = await session.execute(
        f"SELECT id, person_id, why FROM ({_DUE}) due WHERE why IS NOT NULL"
        " AND (%(id)s::uuid IS NULL OR id = %(id)s) AND id > %(after)s ORDER BY id LIMIT %(most)s",
        {"staffed": staffed, "id": case_id, "after": after, "most": AT_ONCE},
    )
    return list(await cursor.fetchall())


async def _tend(rt: Runtime, session: Session, case_id: UUID, person_id: UUID) -> None:
    """The person is locked before the case, and what was due may no longer be."""
    if await conversation_store.lock(rt, session, person_id) is None:
        return
    case = await cases.held(session, case_id)
    due = await _due(session, case_id)
    if case is None or not due:
        return
    why = due[0][2]
    match why:
        case "wake":
            await cases.wake(session, case)
        case "return":
            await cases.release(session, case, case.version, by_itself=True)
            await conversation_store.pass_on(session, person_id)
        case "astray":
            await cases.redirect(session, case, missions.GENERAL)
        case "clock":
            await cases.set_clock(session, case)
        case _:
            await cases.escalate(session, case)
    _logger.info("case.tended", why=why)
    if why != "clock":
        await audit_log.append(session, actor="duty", action=f"case.{why}", subject=str(case_id))


# Giving cases out, where a mission wants it

MOST_HELD = 8
# The most pressing case that somebody on shift can take, and who of them holds fewest. A case that
# came back once is not given again: it would go round; it is taken by hand, or shown to the lead.
_GIVE = """
SELECT k.id, k.person_id, o.id
FROM cases k
JOIN missions m ON m.mission = k.mission AND m.gives
JOIN officers o ON o.mission = k.mission AND o.active AND o.roles && %(roles)s
  AND o.shift_until > kosh_now()
  AND (o.topics = '{}' OR k.topic = ANY(o.topics))
  AND (o.languages = '{}' OR k.language = ANY(o.languages))
CROSS JOIN LATERAL (
  SELECT count(*) AS many FROM cases h WHERE h.owner = o.id AND h.state = 'claimed'
) held
WHERE k.state = 'queued' AND k.owner IS NULL AND k.returned = 0 AND held.many < %(most)s
  AND k.id <> ALL(%(tried)s)
ORDER BY k.urgent DESC, k.answer_due NULLS LAST, k.opened_at, held.many, o.id
LIMIT 1
"""


async def give(rt: Runtime) -> int:
    """Give cases to officers on shift, fairly; how many. What nobody can take waits on."""
    given, tried = 0, list[UUID]()
    while len(tried) < AT_ONCE:
        async with rt.pool.connection() as session:
            roles = [permissions.Role.OFFICER, permissions.Role.LEAD]
            values = {"roles": roles, "most": MOST_HELD, "tried": tried}
            found = await (await session.execute(_GIVE, values)).fetchone()
        if found is None:
            break
        case_id, person_id, officer_id = found
        tried.append(case_id)
        with isolation.alone("cases"), suppress(cases.Taken):
            await _give(rt, case_id, person_id, officer_id)
            given += 1
    return given


async def _give(rt: Runtime, case_id: UUID, person_id: UUID, officer_id: UUID) -> None:
    """As if the officer had taken it: the claim decides, whoever else reaches for it."""
    async with rt.pool.connection() as session:
        held = await conversation_store.lock(rt, session, person_id)
        case = await cases.held(session, case_id)
        if case is None or held is None:
            raise cases.Taken
        desk = await working_hours.desk_of(session, case.mission)
        await cases.claim(session, case, officer_id, desk, case.version)
        await outbox.silence(session, person_id, officer_id)
        delivery = await receive.take_turn(rt, session, person_id, Joined(), moved=True)
        await audit_log.append(session, actor="duty", action="case.given", subject=str(case_id))
    await receive.deliver(rt, delivery)


# The duty group

TITLE = _("Cases at the desk")
COUNTED = _("{desk}: waiting {waiting}, urgent {urgent}, late {late}, longest {minutes} min")
NOTHING = _("Nobody is waiting.")


@dataclass(frozen=True, slots=True)
class _Count:
    mission: str
    waiting: int
    urgent: int
    late: int
    minutes: int


async def announce(rt: Runtime) -> int:
    """Bring the card of every duty group up to date; how many acts that took."""
    channel = rt.channels.get(Telegram.name)
    if channel is None:
        return 0
    async with rt.pool.connection() as session:
        chats = await working_hours.duty_chats(session, rt.settings.telegram_duty_chat)
        counts = await _counts(session)
    acts = 0
    for chat, wanted in chats.items():
        shown = [each for each in counts if not wanted or each.mission in wanted]
        acts += await _show(rt, chat, shown)
    return acts


async def _counts(session: Session) -> list[_Count]:
    cursor = await session.execute(
        "SELECT mission, count(*), count(*) FILTER (WHERE urgent),"
        " count(*) FILTER (WHERE answer_due < kosh_now() OR escalated_at IS NOT NULL),"
        " extract(epoch FROM kosh_now() - min(waiting_since))::int / 60 FROM cases"
        " WHERE state IN ('queued', 'claimed') AND waiting_since IS NOT NULL"
        " GROUP BY mission ORDER BY mission"
    )
    return [_Count(*row) for row in await cursor.fetchall()]


async def _show(rt: Runtime, chat: str, counts: list[_Count]) -> int:
    message, digest = _card(rt, counts)
    urgent = sum(each.urgent for each in counts)
    async with rt.pool.connection() as session:
        before = await _turn(session, chat, digest)
    if before is None:
        return 0
    external_id, known = before
    try:
        sent, acts = await _put(rt, chat, external_id, message, rings=urgent > known)
    except SendError as error:
        _logger.warning("duty.failed", code=error.code)
        return 1
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE duty_cards SET external_id = %s, digest = %s, urgent = %s WHERE chat = %s",
            (sent, digest, urgent, chat),
        )
    return acts


async def _turn(session: Session, chat: str, digest: bytes) -> tuple[str, int] | None:
    """Whose turn it is: one process, not sooner than the group's limit allows, if there is news."""
    await session.execute(
        "INSERT INTO duty_cards (chat, at) VALUES (%s, kosh_now() - interval '1 hour')"
        " ON CONFLICT DO NOTHING",
        (chat,),
    )
    cursor = await session.execute(
        "UPDATE duty_cards SET at = kosh_now() WHERE chat = %s AND digest <> %s"
        " AND at <= kosh_now() - make_interval(secs => %s) RETURNING external_id, urgent",
        (chat, digest, CARD_SECONDS),
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def _put(
    rt: Runtime, chat: str, external_id: str, message: Message, *, rings: bool
) -> tuple[str, int]:
    """Edit the card; a new one in its place where it has to ring, or the old one is gone."""
    if external_id and not rings:
        act = Act("edit", chat, message, external_id)
        return await outbox.perform(rt, Telegram.name, act), 1
    if external_id:
        await outbox.perform(rt, Telegram.name, Act("delete", chat, None, external_id))
    sent = await outbox.perform(rt, Telegram.name, Act("send", chat, message))
    return sent, 2 if external_id else 1


def _card(rt: Runtime, counts: list[_Count]) -> tuple[Message, bytes]:
    """The card in the first two languages; its digest leaves minutes out but for each tenth."""
    link = f"{rt.settings.public_url}/console"
    languages = rt.settings.languages[:2]
    told = tuple(
        "\n".join(rt.languages.render(line, language) for line in _lines(counts))
        for language in languages
    )
    digest = sha256("\0".join(told).encode()).digest()
    return Message((*told, link), language=languages[0]), digest


def _lines(counts: list[_Count]) -> tuple[Text, ...]:
    lines = tuple(
        _(
            COUNTED.msgid,
            desk=desk_name(each.mission),
            waiting=each.waiting,
            urgent=each.urgent,
            late=each.late,
            minutes=each.minutes // 10 * 10,
        )
        for each in counts
    )
    return (TITLE, *(lines or (NOTHING,)))
