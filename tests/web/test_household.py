"""Two people link their registrations as a family in the chat, despite faults of the registry."""

import pytest

from bot.registrations import registry_writes
from bot.worker import main
from flows.engine.household import HouseholdLink
from tests.app_stack import House
from tests.person_client import Guest
from tests.release_only import release_only


@pytest.fixture(autouse=True)
def fast_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the worker's sweeps (periodic jobs) every 0.1 s; these tests wait for many sweeps."""
    monkeypatch.setattr(main, "SWEEP_SECONDS", 0.1)


FAULTS = ("drop_after_commit", "error_after_commit", "down", "busy")


async def _link(guest: Guest) -> HouseholdLink:
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    return conversation.registration.household or HouseholdLink()


async def _register(house: House) -> Guest:
    guest = Guest(house.rt)
    await guest.register()

    async def is_accepted() -> bool:
        conversation = await guest.conversation()
        registration = conversation.registration if conversation else None
        return registration is not None and registration.state == "accepted"

    await house.until(is_accepted)
    return guest


async def _wait_for_link(house: House, guest: Guest) -> HouseholdLink:
    async def is_settled() -> bool:
        await house.ahead("15 minutes")
        assert house.rt.registry is not None
        house.rt.registry._breaker._until = 0.0
        return (await _link(guest)).pending is None

    await house.until(is_settled, 60)
    return await _link(guest)


async def _code(house: House, guest: Guest) -> str:
    await guest.go("/status", "household", "invite", "yes")
    return (await _wait_for_link(house, guest)).code


async def _join(house: House, guest: Guest, code: str) -> HouseholdLink:
    await guest.go("/status", "household", "enter", code, "yes")
    return await _wait_for_link(house, guest)


async def _member_count(house: House, guest: Guest) -> int:
    """Return the number of registrations in the person's household according to the registry."""
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    assert house.rt.registry is not None
    return (await house.rt.registry.household(conversation.registration.number)).registrations


async def _rows(house: House, query: str) -> list[int]:
    async with house.rt.pool.connection() as session:
        cursor = await session.execute(query)
        return [row[0] for row in await cursor.fetchall()]


@pytest.mark.parametrize("fault", release_only(FAULTS, keep=("drop_after_commit",)))
async def test_family_is_linked_once_under_each_registry_fault(house: House, fault: str) -> None:
    first, second = await _register(house), await _register(house)
    await house.fault(name=fault, count=1, on="writes")
    code = await _code(house, first)
    assert len(code) == 10
    await house.fault(name=fault, count=1, on="writes")
    assert (await _join(house, second, code)).is_linked
    assert await _member_count(house, first) == 2
    entries = await house.entries()
    writes = [each["operation"] for entry in entries for each in entry["writes"]]
    assert sorted(writes) == ["Create", "Create", "Invite", "Join"]
    invited = [each for each in entries[-1]["writes"] if each["operation"] == "Invite"]
    # Check only that Kosh does not repeat the invitation. The registry may get "Join" twice, since
    # aiohttp itself resends a PUT after a cut connection.
    assert [each["repeats"] for each in invited] == [0], "looked up, not sent again"
    await second.go("/status", "household", "leave", "yes")
    assert not (await _wait_for_link(house, second)).is_linked
    assert await _member_count(house, first) == 1


async def test_wrong_code_to_join_a_family_is_explained_and_opens_no_case(house: House) -> None:
    guest = await _register(house)
    link = await _join(house, guest, "2222222222")
    assert (link.is_linked, link.refusal) == (False, "unknown_code")
    assert await _rows(house, "SELECT count(*) FROM cases") == [0]
    consents = "SELECT given::int FROM consents WHERE purpose = 'household' ORDER BY id"
    assert await _rows(house, consents) == [1, 0]


async def test_family_request_refused_by_the_registry_opens_a_case(house: House) -> None:
    guest = await _register(house)
    await house.fault(name="refuse", count=1, on="writes")
    await guest.go("/status", "household", "invite", "yes")
    assert (await _wait_for_link(house, guest)).refusal == "refused"
    assert await _rows(house, "SELECT count(*) FROM cases WHERE topic = 'registry_refused'") == [1]


async def test_family_request_without_a_registration_number_opens_a_case(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_args: object) -> None:
        return None

    guest = await _register(house)
    monkeypatch.setattr(registry_writes, "looked_up", unknown)
    async with house.rt.pool.connection() as session:
        await session.execute("UPDATE registrations SET number = NULL")
    await guest.go("/status", "household", "invite", "yes")
    assert (await _wait_for_link(house, guest)).refusal == "refused"
    assert await _rows(house, "SELECT count(*) FROM cases WHERE topic = 'registry_refused'") == [1]


@pytest.mark.release
async def test_attempts_to_enter_a_code_to_join_a_family_are_limited(house: House) -> None:
    guest = await _register(house)
    for _try in range(6):
        await guest.go("/status", "household", "enter", "2222222222", "refuse")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.household_code is None
    await guest.go("/status", "household", "enter", "3333333333")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.household_code is None, "no try is left"
    assert await _rows(house, "SELECT count(*) FROM consents WHERE purpose = 'household'") == [0]


@pytest.mark.release
async def test_family_link_of_an_erased_person_is_removed(house: House) -> None:
    first, second = await _register(house), await _register(house)
    await _join(house, second, await _code(house, first))
    await second.go("/delete", "yes")

    async def is_unlinked() -> bool:
        return await _member_count(house, first) == 1

    await house.until(is_unlinked)
