"""The registry asks a person questions, and reports the steps of the procedure.

The person sees questions and steps in the chat, and answers there; Kosh sends the answers to the
registry.
"""

import pytest

from flows import FLOWS
from flows.engine.registration import RegistrationStatus
from flows.registry_questions import SUBJECTS
from tests.app_stack import AppStack
from tests.person_client import Guest


async def _registration(guest: Guest) -> RegistrationStatus:
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    return conversation.registration


async def _register(stack: AppStack) -> tuple[Guest, str]:
    guest = Guest(stack.rt)
    await guest.register()

    async def is_accepted() -> bool:
        return (await _registration(guest)).state == "accepted"

    await stack.until(is_accepted)
    return guest, (await _registration(guest)).number


async def _report(stack: AppStack, number: str, kind: str, **report: str) -> None:
    url = f"{stack.sandbox}/_entries/{number}/{kind}"
    async with stack.http.post(url, json=report) as answer:
        assert answer.status == 204, await answer.text()


async def _topics(stack: AppStack) -> list[str]:
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute("SELECT topic FROM cases")
        return [topic for (topic,) in await cursor.fetchall()]


@pytest.mark.parametrize(
    ("about", "typed", "field", "value"),
    [
        ("BIRTH_YEAR", "1991", "birth_year", 1991),
        ("OCCUPATION", "health", "occupation", "HEALTH"),
    ],
)
async def test_registry_question_is_answered_in_the_chat(
    stack: AppStack, about: str, typed: str, field: str, value: object
) -> None:
    guest, number = await _register(stack)
    await stack.fault(name="error_after_commit", count=1)
    await _report(stack, number, "question", about=about)

    async def has_question() -> bool:
        return (await _registration(guest)).question is not None

    await stack.until(has_question)
    await guest.go("/status", f"asked_{SUBJECTS[about].name}", typed)
    assert (await _registration(guest)).question is None

    async def is_accepted() -> bool:
        await stack.ahead("15 minutes")
        return (await _registration(guest)).state == "accepted"

    await stack.until(is_accepted)
    (entry,) = await stack.entries()
    assert entry["body"][field] == value
    assert [each["operation"] for each in entry["writes"]] == ["Create", "Reply"]
    assert await _topics(stack) == [], "the assistant asked, so no officer need"


async def test_registry_question_about_an_unknown_subject_opens_a_case(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(SUBJECTS, "SURNAME")
    guest, number = await _register(stack)
    await _report(stack, number, "question", about="SURNAME")

    async def is_case_open() -> bool:
        return await _topics(stack) == ["registry_question"]

    await stack.until(is_case_open)
    assert (await _registration(guest)).state == "needs_information"


async def test_procedure_step_from_the_registry_is_stored_and_asks_nothing(
    stack: AppStack,
) -> None:
    guest, number = await _register(stack)
    await _report(stack, number, "step", step="TEST", status="OPEN", until="2026-12-20")

    async def has_step() -> bool:
        return (await _registration(guest)).step is not None

    await stack.until(has_step)
    registration = await _registration(guest)
    assert registration.state == "accepted"
    assert [each.step.step for each in registration.history if each.step] == ["TEST"]
    await guest.go("/status")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    offered = {option.key for option in conversation.asked.options}
    assert not offered & {flow.name for flow in FLOWS.values() if flow.answers_to}
