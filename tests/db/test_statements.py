"""Declared statements: rendering, typed rows, transactions, preparation on the real schema."""

import pkgutil
import sys
from importlib import import_module

import psycopg
import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

import bot
from bot.conversations import statements as turn
from bot.db import tables as t
from bot.db.pipeline import TextStatement
from bot.db.statements import (
    KNOWN,
    Statement,
    ago,
    execute,
    fetch_all,
    fetch_all_sync,
    fetch_one,
    fetch_value,
    fetch_values,
    seconds_from_now,
    statement,
)
from bot.embedded import Databases
from bot.registry.sandbox import tables as sandbox_tables
from bot.runtime import Runtime

NOTE = statement(
    insert(t.ProcessedUpdate)
    .values(channel=bindparam("channel"), key=bindparam("key"))
    .on_conflict_do_nothing()
)
KEYS = statement(
    select(t.ProcessedUpdate.key)
    .where(t.ProcessedUpdate.channel == bindparam("channel"))
    .order_by(t.ProcessedUpdate.key)
)
BOTH = statement(
    select(t.ProcessedUpdate.channel, t.ProcessedUpdate.key).where(
        t.ProcessedUpdate.channel == bindparam("channel")
    )
)


def test_statement_renders_constants_as_literals_and_values_by_name() -> None:
    rendered = statement(
        update(t.Message)
        .where(t.Message.id == bindparam("id"), t.Message.due_at < ago(days=8))
        .values(state="sent", body=None, lease_until=seconds_from_now("lease"))
    )
    assert rendered.names == ("lease", "id")
    text = rendered.text.decode()
    assert "state='sent'" in text
    assert "body=NULL" in text
    assert "kosh_now() - make_interval(secs=>691200.0)" in text


async def test_fetch_functions_return_rows_one_row_or_one_value(rt: Runtime) -> None:
    async with rt.pool.connection() as transaction:
        for key in (b"1", b"2"):
            assert await execute(transaction, NOTE, channel="fetched", key=key) == 1
        assert await execute(transaction, NOTE, channel="fetched", key=b"1") == 0
        assert await fetch_values(transaction, KEYS, channel="fetched") == [b"1", b"2"]
        assert await fetch_value(transaction, KEYS, channel="fetched") == b"1"
        assert await fetch_value(transaction, KEYS, channel="none") is None
        rows = await fetch_all(transaction, BOTH, channel="fetched")
        assert rows == [("fetched", b"1"), ("fetched", b"2")]
        assert await fetch_one(transaction, BOTH, channel="fetched") == ("fetched", b"1")
        assert await fetch_one(transaction, BOTH, channel="none") is None


async def test_statements_share_the_transaction_opened_by_the_first(rt: Runtime) -> None:
    async with rt.pool.connection() as transaction:
        await execute(transaction, NOTE, channel="undone", key=b"1")
        await transaction.execute(
            "INSERT INTO processed_updates (channel, key) VALUES ('undone', '2')"
        )
        await transaction.rollback()
        assert await fetch_values(transaction, KEYS, channel="undone") == []


async def test_statement_errors_are_psycopg_exceptions(rt: Runtime) -> None:
    twice = statement(
        insert(t.ProcessedUpdate).values(channel=bindparam("channel"), key=bindparam("key"))
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with rt.pool.connection() as transaction:
            await execute(transaction, twice, channel="twice", key=b"1")
            await execute(transaction, twice, channel="twice", key=b"1")


def _statements() -> list[Statement[*tuple[object, ...]]]:
    """Return every declared SQL statement in Kosh's modules."""
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            import_module(module.name)
    for count in range(3):
        turn.claim(count + 1)
        turn.save(count)
        turn.save(count, noting=True)
    assert len(KNOWN) > 100
    return list(KNOWN)


def _texts() -> list[bytes]:
    """Return the declared statements in Kosh's modules that are written as SQL text."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("bot.")]
    found = {
        value.text for module in modules for value in vars(module).values()
        if isinstance(value, TextStatement)
    }  # fmt: skip
    return sorted(found - {b"BEGIN", b"COMMIT"})


def test_sql_statements_all_fit_the_database_schema(databases: Databases) -> None:
    with psycopg.connect(databases.owner) as connection:
        for each in sandbox_tables.creation():
            fetch_all_sync(connection, each)
        connection.execute("SAVEPOINT prepared")
        refused = {}
        for text in [each.text for each in _statements()] + _texts():
            result = connection.pgconn.prepare(b"", text)
            if result.error_message:
                refused[text.decode()] = result.error_message.decode()
                connection.execute("ROLLBACK TO prepared")
        connection.rollback()
    assert not refused, "\n".join(map("\n".join, refused.items()))


def test_sql_statements_sent_as_text_are_at_most_ten() -> None:
    _statements()
    assert len(_texts()) <= 10
