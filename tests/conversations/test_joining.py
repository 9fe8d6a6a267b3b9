"""A second chat is linked to a person only by a one-time code and consent in both chats."""

import re
from collections.abc import AsyncIterator

import pytest

from bot import outbox
from bot.budgets.table import MAX_CHAT_LOOKUPS
from bot.conversations import receive
from bot.conversations import store as conversation_store
from bot.people import identities, join_codes
from bot.runtime import Runtime
from flows.engine import join_screens, pin_screens, screens
from flows.engine.events import Pressed, Said, Say, Started
from flows.engine.joining import read_code
from flows.engine.questions import YES
from flows.engine.registration import Acknowledged
from flows.engine.state import Conversation
from flows.engine.text import Text
from tests.clock import advance_database_clock
from tests.conversations.test_unsent_calls import FlakyMessenger
from tests.person_client import Guest
from tests.telegram_member import Member, consented_member

CODE = re.compile(r"KOSH-[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest.fixture
async def owner(rt: Runtime) -> AsyncIterator[Member]:
    """Yield a registered person on Telegram."""
    async with consented_member(rt) as member:
        yield member


async def state_of(owner: Member) -> Conversation:
    person = await owner.person()
    async with owner.rt.pool.connection() as transaction:
        held = await conversation_store.lock(owner.rt, transaction, person.id)
    assert held is not None
    return held.conversation


async def press(owner: Member, key: str) -> None:
    asked = (await state_of(owner)).asked
    assert asked is not None
    await owner.do(Pressed(f"{asked.nonce}:{key}"))


async def _code(owner: Member) -> str:
    await owner.do(Said("/menu"))
    await press(owner, "join")
    found = CODE.findall("\n".join(owner.texts))
    return str(found[-1])


async def _start_guest(rt: Runtime) -> Guest:
    guest = Guest(rt)
    await guest.do(Said("/start"))
    await guest.go("ru")
    return guest


async def _question_key(guest: Guest) -> str:
    conversation = await guest.conversation()
    return conversation.asked.key if conversation and conversation.asked else ""


async def is_joined(rt: Runtime, guest: Guest) -> bool:
    async with rt.pool.connection() as transaction:
        return await identities.find(rt, transaction, "web", guest.name) is not None


def _shows(owner: Member, text: Text) -> bool:
    return any(owner.rt.languages.render(text, "ru") in each for each in owner.texts)


async def join(rt: Runtime, owner: Member) -> Guest:
    guest = await _start_guest(rt)
    await guest.go(await _code(owner), "yes")
    await press(owner, "yes")
    await guest.go("done")
    return guest


async def test_joining_chats_needs_a_confirmation_in_both_chats(rt: Runtime, owner: Member) -> None:
    guest = await _start_guest(rt)
    await guest.go((await _code(owner)).lower().replace("-", " "))
    assert await _question_key(guest) == join_screens.OFFERED
    await guest.go("yes")
    assert await _question_key(guest) == join_screens.AWAITED
    await guest.go("done")
    assert not await is_joined(rt, guest), "the other chat has not confirmed"
    await press(owner, "yes")
    assert not await is_joined(rt, guest), "the new chat has not finished"
    await guest.go("done")
    assert await is_joined(rt, guest)
    assert await _question_key(guest) == join_screens.UPDATES
    assert (await state_of(owner)).is_persistent


async def test_joining_chats_is_cancelled_when_the_other_chat_refuses(
    rt: Runtime, owner: Member
) -> None:
    guest = await _start_guest(rt)
    await guest.go(await _code(owner), "yes")
    await press(owner, "no")
    assert _shows(owner, join_screens.REFUSED)
    await guest.go("done")
    assert not await is_joined(rt, guest)


async def test_join_code_can_join_only_one_chat(rt: Runtime, owner: Member) -> None:
    code = await _code(owner)
    first, second = await _start_guest(rt), await _start_guest(rt)
    await first.go(code, "yes")
    await second.go(code, "yes")
    assert await _question_key(second) == screens.MENU
    await press(owner, "yes")
    await second.go("done")
    assert not await is_joined(rt, second)
    await first.go("done")
    assert await is_joined(rt, first)
    third = await _start_guest(rt)
    await third.go(code)
    assert await _question_key(third) == screens.MENU


async def test_join_code_cannot_be_used_by_a_chat_that_was_not_confirmed(
    rt: Runtime, owner: Member
) -> None:
    """Check that knowing the code is not enough for a chat that the owner did not confirm."""
    code = await _code(owner)
    first, intruder = await _start_guest(rt), await _start_guest(rt)
    await intruder.go(code)
    await first.go(code, "yes")
    await press(owner, "yes")
    await intruder.go("yes", "done")
    assert not await is_joined(rt, intruder)
    async with rt.pool.connection() as transaction:
        assert not await join_codes.take(rt, transaction, code, f"web:{intruder.name}")


async def test_join_code_expires(rt: Runtime, owner: Member) -> None:
    guest = await _start_guest(rt)
    code = await _code(owner)
    await guest.go(code, "yes")
    await press(owner, "yes")
    await advance_database_clock(rt, "11 minutes")
    await guest.go("done")
    assert not await is_joined(rt, guest)


async def test_join_code_is_invalidated_by_a_newer_code(rt: Runtime, owner: Member) -> None:
    first, second = await _code(owner), await _code(owner)
    guest = await _start_guest(rt)
    await guest.go(first)
    assert await _question_key(guest) == screens.MENU
    await guest.go(second)
    assert await _question_key(guest) == join_screens.OFFERED


async def test_joining_chats_is_refused_for_a_chat_with_stored_data(
    rt: Runtime, owner: Member
) -> None:
    guest = Guest(rt)
    await guest.consent()
    before = await _question_key(guest)
    await guest.go(await _code(owner))
    assert await _question_key(guest) == before


async def test_joining_chats_is_refused_for_a_second_chat_of_one_channel(
    rt: Runtime, owner: Member
) -> None:
    await join(rt, owner)
    other = await _start_guest(rt)
    await other.go(await _code(owner))
    assert await _question_key(other) == screens.MENU


async def test_join_code_is_shown_only_after_the_pin(rt: Runtime, owner: Member) -> None:
    await owner.do(Said("/menu"))
    await press(owner, "pin")
    await owner.do(Said("204611"))
    await owner.do(Said("/menu"))
    await press(owner, "join")
    asked = (await state_of(owner)).asked
    assert asked is not None
    assert asked.key == pin_screens.PIN
    assert not CODE.findall("\n".join(owner.texts))
    await owner.do(Said("204611"))
    assert CODE.findall("\n".join(owner.texts))


async def test_join_code_guesses_are_limited_per_chat(rt: Runtime, owner: Member) -> None:
    code, guest = await _code(owner), await _start_guest(rt)
    for each in range(MAX_CHAT_LOOKUPS):
        await guest.go(f"KOSH-AAAA-AAA{each + 2}")
    await guest.go(code)
    assert await _question_key(guest) == screens.MENU


async def test_join_code_is_stored_as_a_hash_only(rt: Runtime, owner: Member) -> None:
    code = await _code(owner)
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT join_codes::text FROM join_codes")
        ((row,),) = await cursor.fetchall()
    assert code not in row
    assert code.encode().hex() not in row


@pytest.mark.parametrize("place", ["telegram", "web"])
async def test_joined_chats_get_status_updates_on_the_chosen_channel(
    rt: Runtime, owner: Member, place: str
) -> None:
    guest = await join(rt, owner)
    await guest.go(place)
    # Write in the chat that was not chosen, so that the person wrote there last.
    await (guest.do(Said("/menu")) if place == "telegram" else owner.do(Said("/menu")))
    person = await owner.person()
    async with rt.pool.connection() as transaction:
        await receive.take_turn(rt, transaction, person.id, Acknowledged("sent", ""))
        event = Acknowledged("received", "KS-2026-ABCD-2345")
        delivery = await receive.take_turn(rt, transaction, person.id, event)
    await receive.deliver(rt, delivery)
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT channel FROM messages ORDER BY id DESC LIMIT 1")
        assert await cursor.fetchone() == (place,)
    assert _shows(owner, screens.UPDATE) is (place == "telegram")


async def test_joined_chats_are_both_erased_when_one_requests_deletion(
    rt: Runtime, owner: Member
) -> None:
    guest = await join(rt, owner)
    await guest.go("web", "/delete", "yes")
    assert not await is_joined(rt, guest)
    async with rt.pool.connection() as transaction:
        assert await identities.find(rt, transaction, "telegram", "501") is None
        for table in ("people", "handles", "join_codes", "conversations"):
            cursor = await transaction.execute(f"SELECT count(*) FROM {table}")
            assert await cursor.fetchone() == (0,), table


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("KOSH-ABCD-2345", "KOSH-ABCD-2345"),
        (" kosh abcd 2345 ", "KOSH-ABCD-2345"),
        ("KOSHABCD2345", "KOSH-ABCD-2345"),
        ("my code is KOSH-ABCD-2345", ""),
        ("KOSH", ""),
        ("KOSH-ABCD-234", ""),
    ],
)
def test_join_code_is_recognized_only_as_the_whole_text(text: str, code: str) -> None:
    assert read_code(text) == code


async def _channels_of(rt: Runtime, ids: list[int]) -> list[str]:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT channel FROM messages WHERE id = ANY(%s)", (ids,))
        return [each[0] for each in await cursor.fetchall()]


async def test_pending_officer_messages_move_to_the_chat_that_remains(
    rt: Runtime, owner: Member
) -> None:
    guest = await join(rt, owner)
    await guest.go("web")
    person = await owner.person()
    rendered = outbox.rendered(rt, Say(((screens.OPEN,),), language="ru", service=True))
    async with rt.pool.connection() as transaction:
        row = outbox.Row("send", rendered)
        ids = await outbox.enqueue(transaction, person, "web", (row,), waits=True)
    await guest.do(Pressed(join_screens.DISCONNECT))
    await guest.go("yes")
    assert not await is_joined(rt, guest)
    assert await _channels_of(rt, ids) == ["telegram"]


async def test_last_chat_cannot_be_disconnected(rt: Runtime, owner: Member) -> None:
    await owner.do(Pressed(join_screens.DISCONNECT))
    await press(owner, "yes")
    assert _shows(owner, join_screens.ONLY_CHAT)
    assert await owner.person()


async def test_quick_exit_deletes_messages_from_before_the_join(rt: Runtime, owner: Member) -> None:
    chat = FlakyMessenger(rt, name="whatsapp")
    await chat.do(Started())
    await chat.do(Said("Русский"))
    await chat.do(Said(await _code(owner)))
    await chat.do(Said(chat.line(YES.label)))
    await press(owner, "yes")
    await chat.do(Said(chat.line(join_screens.DONE)))
    async with rt.pool.connection() as transaction:
        assert await identities.find(rt, transaction, "whatsapp", "flaky")
    await chat.do(Said("выход"))
    assert {"theirs-1", "ours-1", "theirs-2", "ours-2", "theirs-5"} <= {*chat.deleted_ids}
