"""Erasure of a person deletes Kosh's messages in the chats and the person's key.

The person reads which messages the platform does not let Kosh delete.
"""

import asyncio
import gc
import os
from uuid import UUID

import pytest

from bot import runtime as running
from bot.config.settings import Settings
from bot.conversations import receive
from bot.operations import rollback_guard
from bot.outbox import NOT_DELETED
from bot.people import identities
from bot.privacy import erasure
from bot.runtime import Runtime, runtime
from bot.security.vault import PersonKey
from flows.engine.events import Said
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-31", "S-32")


async def add_channel(rt: Runtime, guest: Guest, channel: str, address: str, *sent: str) -> None:
    """Add a chat of the person on another channel, with messages of Kosh whose ids are `sent`."""
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
        assert person is not None
        assert await identities.add_handle(rt, session, person, channel, address, address)
        for external_id in sent:
            await session.execute(
                "INSERT INTO messages (person_id, channel, act, state, external_id, done_at)"
                " VALUES (%s, %s, 'send', 'sent', %s, kosh_now())",
                (person.id, channel, external_id),
            )


async def test_erasure_deletes_chat_messages_and_says_that_whatsapp_keeps_them(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    await guest.consent()
    await add_channel(rt, guest, "telegram", "700000000042", "11", "12")
    await add_channel(rt, guest, "whatsapp", "77000000042", "wamid.1")
    await guest.go("/delete")
    farewell = await receive.receive(rt, guest.inbound(Said("да")))
    assert farewell is not None
    deleted = {
        (channel, call.address, each)
        for channel, call in farewell.direct
        if call.kind == "delete"
        for each in call.external_id.split(",")
    }
    telegrams = {each for each in deleted if each[0] == "telegram"}
    assert telegrams == {("telegram", "700000000042", "11"), ("telegram", "700000000042", "12")}
    assert any(channel == "web" for channel, _address, _id in deleted)
    assert not any(channel == "whatsapp" for channel, _address, _id in deleted)
    words = [
        line for _c, call in farewell.direct if call.message for line in call.message.paragraphs
    ]
    assert rt.languages.render(NOT_DELETED, "ru") in words


async def test_erasure_reply_mentions_whatsapp_only_to_whatsapp_users(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("/delete")
    farewell = await receive.receive(rt, guest.inbound(Said("да")))
    assert farewell is not None
    words = [line for _c, act in farewell.direct if act.message for line in act.message.paragraphs]
    assert words
    assert rt.languages.render(NOT_DELETED, "ru") not in words


async def test_delete_command_is_idempotent(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("/delete", "yes")
    async with rt.pool.connection() as session:
        before = await (await session.execute("SELECT count(*) FROM tombstones")).fetchone()
    await guest.do(Said("/delete"))
    async with rt.pool.connection() as session:
        after = await (await session.execute("SELECT count(*) FROM tombstones")).fetchone()
    assert before == after == (1,)


async def cache_key(rt: Runtime, guest: Guest) -> UUID:
    """Look the person up, which caches the person's key in this process; return the id."""
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
    assert person is not None
    return person.id


def is_key_in_memory(person_id: UUID) -> bool:
    """Return True if the person's key is anywhere in this process's memory."""
    gc.collect()
    keys = [each for each in gc.get_objects() if isinstance(each, PersonKey)]
    return any(each.person_id == person_id for each in keys)


async def test_erasure_evicts_the_cached_key_in_its_process(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    person_id = await cache_key(rt, guest)
    assert is_key_in_memory(person_id)
    await guest.go("/delete", "yes")
    assert not is_key_in_memory(person_id)


async def test_erasure_prevents_a_concurrent_read_from_caching_the_key_again(
    rt: Runtime,
) -> None:
    """Read the person after the key was evicted and before the erasure is committed."""
    guest = Guest(rt)
    await guest.consent()
    person_id = await cache_key(rt, guest)
    rt.vault.forget(person_id)
    await cache_key(rt, guest)
    assert not is_key_in_memory(person_id)


async def test_key_cache_expires_within_a_minute_in_other_processes(
    rt: Runtime, chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running.KEYS_SECONDS <= 60
    monkeypatch.setattr(running, "KEYS_SECONDS", 0.01)
    guest = Guest(rt)
    await guest.consent()
    async with runtime(chosen) as other, asyncio.timeout(60):
        person_id = await cache_key(other, guest)
        await guest.go("/delete", "yes")
        while is_key_in_memory(person_id):  # noqa: ASYNC110 — what goes rings no bell
            await asyncio.sleep(0.01)


async def test_erasure_journal_is_readable_after_an_incomplete_write(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the disk take only the first line and a part of the second."""
    for _each in range(2):
        guest = Guest(rt)
        await guest.consent()
        await guest.go("/delete", "yes")
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, lines: write(handle, lines[:100]))
        with pytest.raises(OSError, match="erasure journal"):
            await erasure.append_journal(rt)
    assert await erasure.append_journal(rt) == 1
    assert await erasure.append_journal(rt) == 0
    await rollback_guard.refuse_older(rt)
    assert await erasure.has_all_tombstones(rt)


async def test_erasure_journal_has_only_complete_lines_in_normal_operation(rt: Runtime) -> None:
    """Check that a program without support for empty lines, such as an older Kosh, can read it."""
    for _each in range(2):
        guest = Guest(rt)
        await guest.consent()
        await guest.go("/delete", "yes")
        assert await erasure.append_journal(rt) == 1
    lines = rt.settings.erasure_journal.read_text("ascii").splitlines()
    assert [len(line.split()) for line in lines] == [2, 2]
