"""Two people link their registrations as a family in the chat, despite faults of the registry."""

import pytest

from bot.registrations import registry_writes
from bot.worker import main
from flows.engine.household import HouseholdLink
from tests.app_stack import AppStack
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


async def _register(stack: AppStack) -> Guest:
    guest = Guest(stack.rt)
    await guest.register()

    async def is_accepted() -> bool:
        conversation = await guest.conversation()
        registration = conversation.registration if conversation else None
        return registration is not None and registration.state == "accepted"

    await stack.until(is_accepted)
    return guest


async def _wait_for_link(stack: AppStack, guest: Guest) -> HouseholdLink:
    async def is_settled() -> bool:
        await stack.ahead("15 minutes")
        assert stack.rt.registry is not None
        stack.rt.registry._breaker._until = 0.0
        return (await _link(guest)).pending is None

    await stack.until(is_settled, 60)
    return await _link(guest)


async def _code(stack: AppStack, guest: Guest) -> str:
    await guest.go("/status", "household", "invite", "yes")
    return (await _wait_for_link(stack, guest)).code


async def _join(stack: AppStack, guest: Guest, code: str) -> HouseholdLink:
    await guest.go("/status", "household", "enter", code, "yes")
    return await _wait_for_link(stack, guest)


async def _member_count(stack: AppStack, guest: Guest) -> int:
    """Return the number of registrations in the person's household according to the registry."""
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    assert stack.rt.registry is not None
    return (await stack.rt.registry.household(conversation.registration.number)).registrations


@pytest.mark.parametrize("fault", release_only(FAULTS, keep=("drop_after_commit",)))
async def test_family_members_are_linked_once_under_each_registry_fault(
    stack: AppStack, fault: str
) -> None:
    first, second = await _register(stack), await _register(stack)
    await stack.fault(name=fault, count=1, on="writes")
    code = await _code(stack, first)
    assert len(code) == 10
    await stack.fault(name=fault, count=1, on="writes")
    assert (await _join(stack, second, code)).is_linked
    assert await _member_count(stack, first) == 2
    entries = await stack.entries()
    writes = [each["operation"] for entry in entries for each in entry["writes"]]
    assert sorted(writes) == ["Create", "Create", "Invite", "Join"]
    invited = [each for each in entries[-1]["writes"] if each["operation"] == "Invite"]
    # Check only that Kosh does not repeat the invitation. The registry may get "Join" twice, since
    # aiohttp itself resends a PUT after a cut connection.
    assert [each["repeats"] for each in invited] == [0], "looked up, not sent again"
    await second.go("/status", "household", "leave", "yes")
    assert not (await _wait_for_link(stack, second)).is_linked
    assert await _member_count(stack, first) == 1


async def test_wrong_code_to_join_a_family_is_explained_and_opens_no_case(stack: AppStack) -> None:
    guest = await _register(stack)
    link = await _join(stack, guest, "2222222222")
    assert (link.is_linked, link.refusal) == (False, "unknown_code")
    assert await stack.rows("SELECT count(*) FROM cases") == [(0,)]
    consents = "SELECT given::int FROM consents WHERE purpose = 'household' ORDER BY id"
    assert await stack.rows(consents) == [(1,), (0,)]


async def test_family_request_refused_by_the_registry_opens_a_case(stack: AppStack) -> None:
    guest = await _register(stack)
    await stack.fault(name="refuse", count=1, on="writes")
    await guest.go("/status", "household", "invite", "yes")
    assert (await _wait_for_link(stack, guest)).refusal == "refused"
    assert await stack.rows("SELECT count(*) FROM cases WHERE topic = 'registry_refused'") == [(1,)]


async def test_family_request_without_a_registration_number_opens_a_case(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_args: object) -> None:
        return None

    guest = await _register(stack)
    monkeypatch.setattr(registry_writes, "looked_up", unknown)
    async with stack.rt.pool.connection() as session:
        await session.execute("UPDATE registrations SET number = NULL")
    await guest.go("/status", "household", "invite", "yes")
    assert (await _wait_for_link(stack, guest)).refusal == "refused"
    assert await stack.rows("SELECT count(*) FROM cases WHERE topic = 'registry_refused'") == [(1,)]


@pytest.mark.release
async def test_attempts_to_enter_a_code_to_join_a_family_are_limited(stack: AppStack) -> None:
    guest = await _register(stack)
    for _try in range(6):
        await guest.go("/status", "household", "enter", "2222222222", "refuse")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.household_code is None
    await guest.go("/status", "household", "enter", "3333333333")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.household_code is None, "no try is left"
    assert await stack.rows("SELECT count(*) FROM consents WHERE purpose = 'household'") == [(0,)]


@pytest.mark.release
async def test_family_link_of_an_erased_person_is_removed(stack: AppStack) -> None:
    first, second = await _register(stack), await _register(stack)
    await _join(stack, second, await _code(stack, first))
    await second.go("/delete", "yes")

    async def is_unlinked() -> bool:
        return await _member_count(stack, first) == 1

    await stack.until(is_unlinked)
