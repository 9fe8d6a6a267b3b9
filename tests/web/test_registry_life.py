"""The registry asks a person questions, and reports the steps of the procedure.

The person sees questions and steps in the chat, and answers there; Kosh sends the answers to the
registry.
"""

import pytest

from flows import FLOWS
from flows.engine.registration import RegistrationStatus
from flows.registry_questions import SUBJECTS
from tests.app_stack import House
from tests.person_client import Guest


async def _known(guest: Guest) -> RegistrationStatus:
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    return conversation.registration


async def _accepted(house: House) -> tuple[Guest, str]:
    guest = Guest(house.rt)
    await guest.register()

    async def accepted() -> bool:
        return (await _known(guest)).state == "accepted"

    await house.until(accepted)
    return guest, (await _known(guest)).number


async def _reports(house: House, number: str, kind: str, **report: str) -> None:
    url = f"{house.sandbox}/_entries/{number}/{kind}"
    async with house.http.post(url, json=report) as answer:
        assert answer.status == 204, await answer.text()


async def _topics(house: House) -> list[str]:
    async with house.rt.pool.connection() as session:
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
    house: House, about: str, typed: str, field: str, value: object
) -> None:
    guest, number = await _accepted(house)
    await house.fault(name="error_after_commit", count=1)
    await _reports(house, number, "question", about=about)

    async def asked() -> bool:
        return (await _known(guest)).question is not None

    await house.until(asked)
    await guest.go("/status", f"asked_{SUBJECTS[about].name}", typed)
    assert (await _known(guest)).question is None

    async def settled() -> bool:
        await house.ahead("15 minutes")
        return (await _known(guest)).state == "accepted"

    await house.until(settled)
    (entry,) = await house.entries()
    assert entry["body"][field] == value
    assert [each["operation"] for each in entry["writes"]] == ["Create", "Reply"]
    assert await _topics(house) == [], "the assistant asked, so no officer need"


async def test_registry_question_about_an_unknown_subject_opens_a_case(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(SUBJECTS, "SURNAME")
    guest, number = await _accepted(house)
    await _reports(house, number, "question", about="SURNAME")

    async def opened() -> bool:
        return await _topics(house) == ["registry_question"]

    await house.until(opened)
    assert (await _known(guest)).state == "needs_information"


async def test_step_reported_by_the_registry_is_stored_and_offers_no_answer(house: House) -> None:
    guest, number = await _accepted(house)
    await _reports(house, number, "step", step="TEST", status="OPEN", until="2026-12-20")

    async def reached() -> bool:
        return (await _known(guest)).step is not None

    await house.until(reached)
    known = await _known(guest)
    assert known.state == "accepted"
    assert [each.step.step for each in known.history if each.step] == ["TEST"]
    await guest.go("/status")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    offered = {option.key for option in conversation.asked.options}
    assert not offered & {flow.name for flow in FLOWS.values() if flow.answers_to}
