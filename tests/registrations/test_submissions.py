"""Submissions and answers with texts that a line of the registry's contract does not allow."""

from typing import Any
from uuid import uuid4

from bot.conversations import receive, registry_events
from bot.registry.contract import Acknowledgement, RegistryQuestion
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.person_client import AFTER_CONSENT, Guest
from tests.registrations.registries import NUMBER, StoringRegistry, write_due
from tests.registry.example import status_callback

REGION = "Xinjiang\nAltay"


class ReadingRegistry(StoringRegistry):
    """A registry that also keeps the region in each body that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: list[str | None] = []

    async def create(self, body: Any, *, key: str) -> Acknowledgement:
        self.regions.append(body.residence_region)
        return await super().create(body, key=key)

    async def answer(self, _number: str, body: Any, *, key: str) -> Acknowledgement:
        self.regions.append(body.value)
        return self._took("answer", "RECEIVED", key)


async def _open_question(guest: Guest) -> str:
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    return conversation.asked.key


async def test_submission_sends_a_region_of_two_lines_as_one_line(rt: Runtime) -> None:
    guest, registry = Guest(rt), ReadingRegistry()
    await guest.consent()
    await guest.go(*AFTER_CONSENT[:-1], "yes")
    while await _open_question(guest) != "residence_region":
        await guest.press("-")
    await guest.do(Said(REGION))
    while await _open_question(guest) != "review":
        await guest.press("-")
    await guest.go("submit")
    await write_due(rt, registry)
    assert registry.regions == ["Xinjiang Altay"]


async def test_answer_of_two_lines_is_sent_to_the_registry_as_one_line(rt: Runtime) -> None:
    guest, registry = Guest(rt), ReadingRegistry()
    await guest.register()
    await write_due(rt, registry)
    callback = status_callback(NUMBER, "NEEDS_INFORMATION", 99).model_copy(
        update={"question": RegistryQuestion(id=uuid4(), about="RESIDENCE_REGION")}
    )
    await receive.deliver(rt, await registry_events.record_status_callback(rt, callback))
    await guest.go("/status", "asked_residence_region")
    await guest.do(Said(REGION))
    await write_due(rt, registry)
    assert registry.regions == [None, "Xinjiang Altay"]
