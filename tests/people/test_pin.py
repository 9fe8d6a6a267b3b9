"""A person's PIN is stored as a slow hash, and the number of tries is limited.

A check does the same work whether or not the person has a PIN.
"""

import psycopg
import pytest

from bot import desk
from bot.conversations import external_events
from bot.embedded import Databases
from bot.people import identities
from bot.runtime import Runtime
from bot.security import password_hashing
from flows.engine import pin_screens, screens
from flows.engine.events import Pressed, Said
from tests.desk.desks import ask, insert_officer, new_idempotency_key
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-43")


async def locked(rt: Runtime) -> Guest:
    guest = Guest(rt)
    await guest.register()
    await guest.go("/menu", "pin", "204611")
    return guest


async def at(guest: Guest) -> str:
    conversation = await guest.conversation()
    return conversation.asked.key if conversation and conversation.asked else ""


async def test_pin_unlocks_only_when_it_is_right(rt: Runtime) -> None:
    guest = await locked(rt)
    await guest.go("/status", "9999")
    assert await at(guest) == pin_screens.PIN
    await guest.go("204611")
    assert await at(guest) == screens.REGISTERED


async def test_pin_is_locked_after_five_wrong_attempts(rt: Runtime) -> None:
    guest = await locked(rt)
    await guest.go("/status", "1111", "2222", "3333", "4444")
    assert await at(guest) == pin_screens.PIN
    await guest.go("5555")
    assert await at(guest) == screens.MENU
    await guest.go("/status", "204611")
    assert await at(guest) == screens.MENU


async def test_pin_entered_correctly_resets_the_failed_attempts(rt: Runtime) -> None:
    guest = await locked(rt)
    for _round in range(3):
        await guest.go("/status", "1111", "2222", "3333", "204611")
        assert await at(guest) == screens.REGISTERED


async def test_pin_is_stored_nowhere_in_plain_text(rt: Runtime, databases: Databases) -> None:
    guest = await locked(rt)
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
        assert person is not None
    with psycopg.connect(databases.owner) as session:
        row = session.execute("SELECT pin FROM people").fetchone()
        assert row is not None
    assert person.key.unseal(bytes(row[0]), "people", "pin", "").startswith(b"$argon2id$")


async def test_pin_is_required_after_pressing_the_status_notification_button(rt: Runtime) -> None:
    guest = await locked(rt)
    await guest.do(Pressed("!status"))
    assert await at(guest) == pin_screens.PIN
    await guest.do(Said("/menu"))
    assert await at(guest) == screens.MENU


async def test_officer_removes_a_forgotten_pin(rt: Runtime) -> None:
    guest = await locked(rt)
    await guest.go("/status", "1111", "2222", "3333", "4444", "5555")
    case, officer = await ask(guest), await insert_officer(rt)
    taken = await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.lift_pin(rt, officer, case.id, taken.version, key=new_idempotency_key())
    await guest.do(Said("/status"))
    assert await at(guest) == screens.REGISTERED


@pytest.mark.requirement("S-44")
async def test_pin_check_computes_a_hash_even_when_no_pin_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Check that the slow hash, which takes most of the time, is computed without a PIN too."""
    tried: list[str] = []
    verify = password_hashing._hasher.verify

    def watched(stored: str, secret: str) -> bool:
        tried.append(stored)
        return verify(stored, secret)

    stored = await password_hashing.hash_password("204611")

    class Watched:
        pass

    watching = Watched()
    watching.verify = watched  # type: ignore[attr-defined]
    monkeypatch.setattr(password_hashing, "_hasher", watching)
    assert not await password_hashing.verify_password(stored, "1111")
    assert not await password_hashing.verify_password(None, "1111")
    assert await password_hashing.verify_password(stored, "204611")
    assert len(tried) == 3
    assert tried[1].rpartition("$")[0].split("$")[:4] == stored.split("$")[:4]


async def test_pin_code_is_kept_when_unfinished_answers_are_deleted(rt: Runtime) -> None:
    guest = await locked(rt)
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
    assert person is not None
    await external_events.forget_unfinished(rt, person.id)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.forms == {}
    assert conversation.has_pin
