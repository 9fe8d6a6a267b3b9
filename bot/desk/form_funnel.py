"""Form funnel: how many people reached each question of a form, and how many stopped there.

A job counts this regularly for the console's statistics.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, exists, func, insert, select

from bot import cases
from bot.concurrency import isolation
from bot.conversations import state_format
from bot.db import tables as t
from bot.db.pipeline import execute_pipeline
from bot.db.statements import ago, execute, fetch_all, statement
from bot.desk.statistics import DAYS
from bot.people import identities
from bot.runtime import Runtime
from flows.engine.flow import EMPTY, Consent, Flow, Form, HandoffOffer, Notice, path
from flows.engine.state import Conversation

AT_ONCE = 200
# Maximum number of people to count. Their ids are random, so the people with the first ids are a
# random sample.
MAX_PEOPLE = 20_000
FINISHED = "finished"
NOT_ASKED = (Consent, HandoffOffer, Notice)
type _Key = tuple[str, str, int, str, str, str]


_NEXT = statement(
    select(
        t.Conversation.person_id,
        t.Person.key,
        t.Person.key_version,
        t.Conversation.state,
        t.Conversation.language,
        t.Conversation.channel,
        # The conversation no longer shows that the person sent the form.
        exists().where(
            t.Registration.person_id == t.Conversation.person_id,
            t.Registration.answers_deleted,
            t.Registration.created_at > ago(days=DAYS),
        ),
    )
    .join(t.Person, t.Person.id == t.Conversation.person_id)
    .where(
        t.Conversation.person_id > bindparam("after"), t.Conversation.updated_at > ago(days=DAYS)
    )
    .order_by(t.Conversation.person_id)
    .limit(AT_ONCE)
)
# Lets one worker count at a time, since two workers would insert the same rows.
_LOCK = statement(select(func.pg_advisory_xact_lock(5274369)))
_CLEAR = statement(delete(t.FormFunnel))
_ADD = statement(
    insert(t.FormFunnel).values(
        flow=bindparam("of_flow"),
        question=bindparam("of_question"),
        language=bindparam("in_language"),
        channel=bindparam("on_channel"),
        country=bindparam("lives_in"),
        position=bindparam("at"),
        entered=bindparam("came"),
        stopped=bindparam("stay"),
    )
)


_ADDED = ("of_flow", "of_question", "in_language", "on_channel", "lives_in", "at", "came", "stay")


async def count_steps(rt: Runtime) -> int:
    """Recount the form funnel from conversations active in the last 30 days.

    If the answers of a sent form are deleted, the person counts only at the questions that every
    person gets, and without a country, unless the country is in another form. Return the number of
    people. About MAX_PEOPLE people are counted at most.
    """
    reached: Counter[_Key] = Counter()
    stopped: Counter[_Key] = Counter()
    count, last = 0, UUID(int=0)
    while count < MAX_PEOPLE and (found := await _next(rt, last)):
        for person_id, key, epoch, state, language, channel, is_forgotten in found:
            with isolation.isolate_errors("form_funnel"):
                person = identities.open_person(rt, person_id, bytes(key), epoch)
                sealed = person.key.unseal(bytes(state), "conversations", "state", "")
                conversation = state_format.decode(sealed)
                _count(rt, conversation, language, channel, reached, stopped)
                if is_forgotten:
                    _count_forgotten(rt, conversation, language, channel, reached)
        count, last = count + len(found), found[-1][0]
    await _keep(rt, reached, stopped)
    return count


async def _next(rt: Runtime, after: UUID) -> Sequence[Any]:
    async with rt.pool.connection() as transaction:
        return await fetch_all(transaction, _NEXT, after=after)


def _count(
    rt: Runtime,
    conversation: Conversation,
    language: str,
    channel: str,
    reached: Counter[_Key],
    stopped: Counter[_Key],
) -> None:
    for name, form in conversation.forms.items():
        flow = rt.flows.get(name)
        if flow is None or flow.hands_over:
            continue
        lives_in = cases.country(conversation.forms)
        now, questions = _progress(flow.name, form, rt)
        places = _places(flow)
        for question in questions:
            reached[name, question, places[question], language, channel, lives_in] += 1
        if now:
            stopped[name, now, places[now], language, channel, lives_in] += 1


def _count_forgotten(
    rt: Runtime, conversation: Conversation, language: str, channel: str, reached: Counter[_Key]
) -> None:
    """Count a person who sent the form, although their answers are deleted."""
    lives_in = cases.country(conversation.forms)
    for name, flow in rt.flows.items():
        if flow.registers and name not in conversation.forms:
            places = _places(flow)
            # The path without answers has the questions that do not depend on an answer.
            asked = [
                step.item.name
                for step in path(flow, EMPTY).steps
                if not isinstance(step.item, NOT_ASKED)
            ]
            for question in (*asked, FINISHED):
                reached[name, question, places[question], language, channel, lives_in] += 1


def _places(flow: Flow) -> dict[str, int]:
    """Return the place of each question in the form, and of FINISHED after all questions."""
    questions = dict.fromkeys(each.name for each in flow.questions())
    return {name: place for place, name in enumerate((*questions, FINISHED))}


def _progress(name: str, form: Form, rt: Runtime) -> tuple[str, list[str]]:
    """Return the question where the person stopped, and the list of questions that they reached.

    The question is '' if the person finished the form, or stopped at a step that is not counted,
    such as a consent. The list has each question once, and ends with FINISHED if the person
    finished.
    """
    way = path(rt.flows[name], form)
    now = way.current(form.cursor)
    questions: list[str] = []
    for step in way.steps:
        if not isinstance(step.item, NOT_ASKED) and step.item.name not in questions:
            questions.append(step.item.name)
        if step is now:
            return (step.item.name if step.item.name in questions else ""), questions
    return "", [*questions, FINISHED]


async def _keep(rt: Runtime, reached: Counter[_Key], stopped: Counter[_Key]) -> None:
    merged: dict[tuple[str, str, str, str, str], list[int]] = {}
    for (flow, question, place, language, channel, country), count in reached.items():
        row = merged.setdefault((flow, question, language, channel, country), [place, 0, 0])
        row[1] += count
        row[2] += stopped[flow, question, place, language, channel, country]
    async with rt.pool.connection() as transaction:
        await execute(transaction, _LOCK)
        await execute(transaction, _CLEAR)
        calls = [
            (_ADD, dict(zip(_ADDED, (*key, *row), strict=True))) for key, row in merged.items()
        ]
        await execute_pipeline(transaction, *calls)
