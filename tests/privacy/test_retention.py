"""Retention deletes data when its period ends and not before; a failing rule stops no other."""

from dataclasses import replace
from typing import LiteralString
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from bot.db.pipeline import TextStatement
from bot.privacy import retention
from bot.runtime import Runtime
from tests.clock import advance_database_clock_to_hour

PERSON: LiteralString = "INSERT INTO people (id, key, key_version) VALUES (%(id)s, '', 1)"
CONVERSATION: LiteralString = (
    "INSERT INTO conversations (person_id, state, channel, language, updated_at)"
    " VALUES (%(id)s, '', 'web', 'kk', kosh_now() - %(age)s::interval)"
)
CASE: LiteralString = (
    "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state, state_at)"
    " VALUES (%(id)s, %(id)s, 'general', 'general', false, 'kk', 'resolved',"
    " kosh_now() - %(age)s::interval)"
)
ENDPOINT: tuple[LiteralString, ...] = (
    "INSERT INTO officers (id, name, mission) VALUES (%(id)s, %(id)s::text, 'general')",
    "INSERT INTO webhook_endpoints (id, officer_id, url, secret, events, state, old_secret,"
    " old_secret_until) VALUES (%(id)s, %(id)s, '', '', '{}', 'active', 'old',"
    " kosh_now() + interval '24 hours' - %(age)s::interval)",
)
LIMIT: LiteralString = (
    "INSERT INTO message_limits (person_id, case_id, mission, officer, reason, per_day, until)"
    " VALUES (%(id)s, %(id)s, 'general', %(id)s, 'abuse', 1, (kosh_now() AT TIME ZONE 'UTC')::date)"
)
WEBHOOK: LiteralString = (
    "INSERT INTO webhook_deliveries (endpoint_id, event_id, type, state, done_at) VALUES"
    " (%(id)s, %(id)s, 'webhook.test', 'STATE', kosh_now() - %(age)s::interval)"
)
# By kind of data: its retention period, the statements that insert a row of a given age, and a
# query that finds the row.
RETENTION: dict[str, tuple[str, tuple[LiteralString, ...], LiteralString]] = {
    "an update's id": (
        "8 days",
        (
            "INSERT INTO processed_updates (channel, key, created_at)"
            " VALUES ('telegram', decode(replace(%(id)s::text, '-', ''), 'hex'),"
            " kosh_now() - %(age)s::interval)",
        ),
        "SELECT 1 FROM processed_updates WHERE key = decode(replace(%(id)s::text, '-', ''), 'hex')",
    ),
    "what could not be read": (
        "72 hours",
        (
            "INSERT INTO quarantined_updates (channel, key, reason, size, created_at) VALUES"
            " ('telegram',"
            " decode(replace(%(id)s::text, '-', ''), 'hex'), 'E_JSON', 1,"
            " kosh_now() - %(age)s::interval)",
        ),
        "SELECT 1 FROM quarantined_updates WHERE key = decode(replace(%(id)s::text, '-', ''),"
        " 'hex')",
    ),
    "the id of a message of theirs": (
        "48 hours",
        (
            PERSON,
            "INSERT INTO conversations (person_id, state, channel, language, deletable_messages)"
            " VALUES (%(id)s, '', 'telegram', 'kk', ARRAY['telegram ' ||"
            " extract(epoch FROM kosh_now() - %(age)s::interval)::bigint || ' 7'])",
        ),
        "SELECT 1 FROM conversations WHERE person_id = %(id)s AND deletable_messages <> '{}'",
    ),
    "a draft": ("30 days", (PERSON, CONVERSATION), "SELECT 1 FROM people WHERE id = %(id)s"),
    "a closed case": ("30 days", (PERSON, CASE), "SELECT 1 FROM cases WHERE id = %(id)s"),
    "a receipt": (
        "12 months",
        (
            PERSON,
            "INSERT INTO registrations (id, person_id, state, state_at)"
            " VALUES (%(id)s, %(id)s, 'accepted', kosh_now() - %(age)s::interval)",
        ),
        "SELECT 1 FROM registrations WHERE id = %(id)s",
    ),
    "a delivered webhook": (
        "7 days",
        (*ENDPOINT, WEBHOOK.replace("STATE", "delivered")),
        "SELECT 1 FROM webhook_deliveries WHERE event_id = %(id)s",
    ),
    "a webhook that could not be delivered": (
        "30 days",
        (*ENDPOINT, WEBHOOK.replace("STATE", "dead")),
        "SELECT 1 FROM webhook_deliveries WHERE event_id = %(id)s",
    ),
    "the former secret of a webhook": (
        "24 hours",
        ENDPOINT,
        "SELECT 1 FROM webhook_endpoints WHERE id = %(id)s AND old_secret IS NOT NULL",
    ),
    "a message that was sent": (
        "7 days",
        (
            PERSON,
            "INSERT INTO messages (person_id, channel, act, state, done_at)"
            " VALUES (%(id)s, 'web', 'send', 'sent', kosh_now() - %(age)s::interval)",
        ),
        "SELECT 1 FROM messages WHERE person_id = %(id)s",
    ),
}


async def _insert_row(rt: Runtime, what: str, age: str) -> UUID:
    row = uuid4()
    async with rt.pool.connection() as session:
        for statement in RETENTION[what][1]:
            await session.execute(statement, {"id": row, "age": age})
    return row


async def _is_stored(rt: Runtime, what: str, row: UUID) -> bool:
    async with rt.pool.connection() as session:
        found = await session.execute(RETENTION[what][2], {"id": row})
        return await found.fetchone() is not None


@pytest.mark.requirement("S-34")
async def test_retention_deletes_due_rows_and_keeps_the_others(rt: Runtime) -> None:
    age = {True: "1 minute", False: "-5 minutes"}
    rows = [
        (
            what,
            is_due,
            await _insert_row(rt, what, f"{rule[0]} {age[is_due]}"),
        )
        for what, rule in RETENTION.items()
        for is_due in (True, False)
    ]
    await retention.retain(rt)
    for what, is_due, row in rows:
        assert await _is_stored(rt, what, row) is not is_due, (what, is_due)
    await retention.retain(rt)
    assert [
        what for what, is_due, row in rows if not is_due and not await _is_stored(rt, what, row)
    ] == []


@pytest.mark.requirement("S-34")
async def test_retention_continues_when_one_rule_fails(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = TextStatement.of("DELETE FROM a_table_that_is_not_there")
    monkeypatch.setattr(retention, "RULES", {"nothing": broken, **retention.RULES})
    row = await _insert_row(rt, "a draft", "31 days")
    assert "nothing" not in await retention.retain(rt)
    assert not await _is_stored(rt, "a draft", row)


async def test_retention_deletes_only_message_ids_older_than_48_hours(rt: Runtime) -> None:
    person, ages = uuid4(), ["49 hours", "47 hours", "1 minute"]
    async with rt.pool.connection() as session:
        await session.execute(PERSON, {"id": person})
        await session.execute(
            "INSERT INTO conversations (person_id, state, channel, language, deletable_messages)"
            " SELECT %s, '', 'telegram', 'kk', array_agg('telegram '"
            " || extract(epoch FROM kosh_now() - age::interval)::bigint || ' ' || age ORDER BY n)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS a (age, n)",
            (person, ages),
        )
    for _again in range(2):
        deleted = await retention.retain(rt)
        async with rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT unnest(deletable_messages) FROM conversations WHERE person_id = %s",
                (person,),
            )
            remaining = [row[0].split(" ", 2)[2] for row in await cursor.fetchall()]
        assert remaining == ages[1:]
    assert deleted["deletable_messages"] == 0, "who has nothing old is not written again"


async def test_retention_keeps_a_message_limit_until_midnight_utc(rt: Runtime) -> None:
    """At 20:00 UTC it is the next day for a server in Kazakhstan, but the limit still holds."""
    await advance_database_clock_to_hour(rt, 20)
    limited = uuid4()
    async with rt.pool.connection() as session:
        for sql in (PERSON, CASE, ENDPOINT[0], LIMIT):
            await session.execute(sql, {"id": limited, "age": "0"})
    url = f"{rt.settings.database('retention')}?options=-c%20timezone%3DAsia/Almaty"
    chosen = rt.settings.model_copy(update={"database_retention_url": SecretStr(url)})
    await retention.retain(replace(rt, settings=chosen))
    async with rt.pool.connection() as session:
        assert (await session.execute("SELECT 1 FROM message_limits")).rowcount == 1
