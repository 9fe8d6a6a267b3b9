"""Count how many people reach and leave each step of a form."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bot import cases
from bot.concurrency import isolation
from bot.conversations import state_format
from bot.desk.statistics import DAYS
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.flow import Consent, Form, HandoffOffer, Notice, path
from flows.engine.state import Conversation

AT_ONCE = 200
# Ids are random: where there are more, these are drawn by lot, and shares are what to look at.
MAX_PEOPLE = 20_000
FINISHED = "finished"
NOT_ASKED = (Consent, HandoffOffer, Notice)
type _Key = tuple[str, str, int, str, str, str]


async def count_steps(rt: Runtime) -> int:
    """Count anew where people of the last 30 days are in the form; how many were looked at."""
    reached: Counter[_Key] = Counter()
    staying: Counter[_Key] = Counter()
    looked, last = 0, UUID(int=0)
    while looked < MAX_PEOPLE and (found := await _next(rt, last)):
        for person_id, key, epoch, state, language, channel in found:
            with isolation.isolate_errors("steps"):
                person = identities.known(rt, person_id, bytes(key), epoch)
                sealed = person.key.unseal(bytes(state), "conversations", "state", "")
                _count(rt, state_format.decode(sealed), language, channel, reached, staying)
        looked, last = looked + len(found), found[-1][0]
    await _keep(rt, reached, staying)
    return looked


async def _next(rt: Runtime, after: UUID) -> Sequence[Any]:
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute(
            "SELECT c.person_id, p.key, p.key_epoch, c.state, c.language, c.channel"
            " FROM conversations c JOIN people p ON p.id = c.person_id WHERE c.person_id > %s"
            " AND c.updated_at > kosh_now() - make_interval(days => %s)"
            " ORDER BY c.person_id LIMIT %s",
            (after, DAYS, AT_ONCE),
        )
        return await cursor.fetchall()


def _count(
    rt: Runtime,
    talk: Conversation,
    language: str,
    channel: str,
    reached: Counter[_Key],
    staying: Counter[_Key],
) -> None:
    for name, form in talk.forms.items():
        flow = rt.flows.get(name)
        if flow is None or flow.hands_over:
            continue
        lives_in = cases.country(talk.forms)
        now, seen = _walked(flow.name, form, rt)
        for place, question in enumerate(seen):
            reached[name, question, place, language, channel, lives_in] += 1
        if now:
            staying[name, now, seen.index(now), language, channel, lives_in] += 1


def _walked(name: str, form: Form, rt: Runtime) -> tuple[str, list[str]]:
    """The question at which somebody stays, and those they came to, each once."""
    way = path(rt.flows[name], form)
    now = way.current(form.cursor)
    seen: list[str] = []
    for step in way.steps:
        if not isinstance(step.item, NOT_ASKED) and step.item.name not in seen:
            seen.append(step.item.name)
        if step is now:
            return (step.item.name if step.item.name in seen else ""), seen
    return "", [*seen, FINISHED]


async def _keep(rt: Runtime, reached: Counter[_Key], staying: Counter[_Key]) -> None:
    merged: dict[tuple[str, str, str, str, str], list[int]] = {}
    for (flow, question, place, language, channel, country), count in reached.items():
        row = merged.setdefault((flow, question, language, channel, country), [place, 0, 0])
        row[0], row[1] = max(row[0], place), row[1] + count
        row[2] += staying[flow, question, place, language, channel, country]
    async with rt.pool.connection() as transaction:
        # One worker after the other, or both would put the same rows.
        await transaction.execute("SELECT pg_advisory_xact_lock(5274369)")
        await transaction.execute("DELETE FROM steps")
        async with transaction.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO steps (flow, question, language, channel, country, place, reached,"
                " staying) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(*key, *row) for key, row in merged.items()],
            )
