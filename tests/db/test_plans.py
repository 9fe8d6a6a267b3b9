"""Query plans of the most frequent statements: each table is read by the intended index."""

from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

import psycopg
import pytest

from bot.conversations import statements as turn
from bot.embedded import Databases
from bot.outbox import delivery_reports
from bot.outbox import statements as outbox

pytestmark = pytest.mark.usefixtures("new_database")

# Enough rows that the planner reads no table sequentially for being small.
PEOPLE: tuple[LiteralString, ...] = (
    "INSERT INTO people (id, key, key_version)"
    " SELECT gen_random_uuid(), '', 1 FROM generate_series(1, 3000)",
    "INSERT INTO handles (channel, blind_index, person_id, address)"
    " SELECT 'telegram', uuid_send(id), id, '' FROM people",
    "INSERT INTO conversations (person_id, state, channel, language)"
    " SELECT id, '', 'telegram', 'kk' FROM people",
    "INSERT INTO processed_updates (channel, key) SELECT 'telegram', uuid_send(id) FROM people",
    # One row in three hundred is queued for sending.
    "INSERT INTO messages (person_id, channel, act, state, done_at)"
    " SELECT id, 'telegram', 'send', CASE WHEN n % 300 = 0 THEN 'pending' ELSE 'sent' END,"
    " CASE WHEN n % 300 <> 0 THEN kosh_now() END FROM people, generate_series(1, 4) n",
    "VACUUM ANALYZE people, handles, conversations, processed_updates, messages",
)

# Statements with the index by which each table must be read, by the table's alias. `messages_open`,
# `messages_due` and `messages_waiting` are partial indexes, unusable if a parameter replaces the
# constant in their condition.
STATEMENTS: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "claim a conversation": (
        turn.claim(1).text,
        {
            "handles": "handles_pkey",
            "conversations": "conversations_pkey",
            "people": "people_pkey",
        },
    ),
    "look at a conversation": (
        turn.LOOK.text,
        {
            "handles": "handles_pkey",
            "handles_1": "handles_pkey",
            "conversations": "conversations_pkey",
            "conversations_1": "conversations_pkey",
            "people": "people_pkey",
            "people_1": "people_pkey",
        },
    ),
    "save a turn with two messages": (
        turn.save(2).text,
        {"conversations": "conversations_pkey", "messages_1": "messages_open"},
    ),
    "save a turn and note its update": (
        turn.save(1, noting=True).text,
        {"conversations": "conversations_pkey", "messages_1": "messages_open"},
    ),
    "claim a message": (
        outbox.CLAIM.text,
        {
            "m_1": "messages_open",
            "m": "messages_pkey",
            "m_2": "messages_pkey",
            "c": "conversations_pkey",
            "h": "handles_person_id",
            "k": "cases_pkey",
        },
    ),
    "record the outcome of a message": (
        outbox.OUTCOME.text,
        {"messages": "messages_open", "m": "messages_open"},
    ),
    "record delivery reports": (
        delivery_reports._RECEIPTS.text,
        {"m": "messages_pkey", "m_1": "messages_pkey"},
    ),
    "find due messages": (
        outbox.DUE.text,
        {"messages": "messages_due", "messages_1": "messages_open"},
    ),
    "requeue waiting messages": (
        outbox.REQUEUE_WAITING.text,
        {"messages": "messages_pkey", "messages_1": "messages_waiting"},
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_frequent_sql_statement_uses_its_index(name: str, filled: Databases) -> None:
    text, expected = STATEMENTS[name]
    with psycopg.connect(filled.app) as connection:
        found = connection.execute(b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + text).fetchone()
    assert found is not None
    assert dict(_scans(found[0][0]["Plan"])) == expected


def _scans(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield alias and index of each table scan, or the kind of a scan without index."""
    if "Scan" in plan["Node Type"] and "Index Name" in plan:
        yield plan.get("Alias", plan["Index Name"]), plan["Index Name"]
    elif "Relation Name" in plan and plan["Node Type"] != "ModifyTable":
        yield plan["Alias"], plan["Node Type"]
    for each in plan.get("Plans", ()):
        yield from _scans(each)


@pytest.fixture
def filled(databases: Databases) -> Databases:
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        for statement in PEOPLE:
            connection.execute(statement)
    return databases
