"""Who erases everything: what still stands in the chats goes too, and what can't is said."""

import pytest

from bot import inbox, people
from bot.inbox import NOT_DELETED
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.people import Guest

pytestmark = pytest.mark.requirement("S-31", "S-32")


async def reach(rt: Runtime, guest: Guest, channel: str, address: str, *sent: str) -> None:
    """The person is known on another channel too, where these messages of ours stand."""
    async with rt.pool.connection() as session:
        person = await people.find(rt, session, "web", guest.name)
        assert person is not None
        assert await people._add_handle(rt, session, person, channel, address, address)
        for external_id in sent:
            await session.execute(
                "INSERT INTO messages (person_id, channel, act, state, external_id, done_at)"
                " VALUES (%s, %s, 'send', 'sent', %s, kosh_now())",
                (person.id, channel, external_id),
            )


async def test_our_messages_go_from_every_channel_and_whatsapps_are_named(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await reach(rt, guest, "telegram", "700000000042", "11", "12")
    await reach(rt, guest, "whatsapp", "77000000042", "wamid.1")
    await guest.go("/delete")
    farewell = await inbox.receive(rt, guest.inbound(Said("да")))
    assert farewell is not None
    deleted = {
        (channel, act.address, each)
        for channel, act in farewell.direct
        if act.kind == "delete"
        for each in act.external_id.split(",")
    }
    telegrams = {each for each in deleted if each[0] == "telegram"}
    assert telegrams == {("telegram", "700000000042", "11"), ("telegram", "700000000042", "12")}
    assert any(channel == "web" for channel, _address, _id in deleted)
    assert not any(channel == "whatsapp" for channel, _address, _id in deleted)
    words = [line for _c, act in farewell.direct if act.message for line in act.message.paragraphs]
    assert rt.languages.render(NOT_DELETED, "ru") in words


async def test_who_never_used_whatsapp_hears_nothing_of_it(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("/delete")
    farewell = await inbox.receive(rt, guest.inbound(Said("да")))
    assert farewell is not None
    words = [line for _c, act in farewell.direct if act.message for line in act.message.paragraphs]
    assert words
    assert rt.languages.render(NOT_DELETED, "ru") not in words


async def test_a_second_time_says_the_same_and_makes_nothing(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("/delete", "yes")
    async with rt.pool.connection() as session:
        before = await (await session.execute("SELECT count(*) FROM tombstones")).fetchone()
    await guest.do(Said("/delete"))
    async with rt.pool.connection() as session:
        after = await (await session.execute("SELECT count(*) FROM tombstones")).fetchone()
    assert before == after == (1,)
