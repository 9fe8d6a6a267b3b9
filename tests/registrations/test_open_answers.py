"""Questions of the registry that a person has answered while the registry takes no writes."""

from typing import Any
from uuid import uuid4

import pytest

from bot.registry.contract import Acknowledgement, PlatformStep, QuestionAnswer, RegistryQuestion
from bot.registry.errors import Refused
from bot.runtime import Runtime
from flows.engine.registration import RegistrationStatus
from tests.person_client import Guest
from tests.registrations.registries import StoringRegistry, one, report, write_due

QUESTION = RegistryQuestion(id=uuid4(), about="BIRTH_YEAR")
STEP = PlatformStep(step="TEST", status="OPEN")
CLOSED = Refused("E_REGISTRY_REFUSED", "refused", problem="no-question")


class AskingRegistry(StoringRegistry):
    """A registry that takes answers."""

    answers: tuple[str, ...] = ()

    async def answer(self, _number: str, body: QuestionAnswer, *, key: str) -> Acknowledgement:
        acknowledged = self._took("answer", "RECEIVED", key)
        self.answers = (*self.answers, body.value)
        return acknowledged


async def _answered(rt: Runtime) -> tuple[Guest, AskingRegistry]:
    """Return a person who answered the registry's question, which Kosh has yet to send."""
    guest, registry = Guest(rt), AskingRegistry()
    await guest.register()
    await write_due(rt, registry)
    await report(rt, "NEEDS_INFORMATION", 2, question=QUESTION)
    await guest.go("/status", "asked_birth_year", "1991")
    return guest, registry


async def _known(guest: Guest) -> RegistrationStatus:
    conversation = await guest.conversation()
    assert conversation is not None and conversation.registration is not None
    return conversation.registration


async def test_step_report_does_not_ask_an_answered_question_again(rt: Runtime) -> None:
    guest, registry = await _answered(rt)
    sent = len(await guest.rows())
    await report(rt, "NEEDS_INFORMATION", 3, question=QUESTION, step=STEP)
    known = await _known(guest)
    assert (known.state, known.question) == ("answered", None)
    assert known.step is not None
    assert len(await guest.rows()) == sent
    await write_due(rt, registry)
    assert ((await _known(guest)).state, registry.answers) == ("received", ("1991",))
    assert await one(rt, "SELECT count(*) FROM cases") == 0


@pytest.mark.parametrize("is_refused", [True, False], ids=["refused", "another question"])
async def test_registry_question_is_asked_unless_its_answer_is_open(
    rt: Runtime, is_refused: bool
) -> None:
    guest, registry = await _answered(rt)
    asked: Any = QUESTION
    if is_refused:
        registry.fails = {"answer": CLOSED}
        await write_due(rt, registry)
    else:
        asked = RegistryQuestion(id=uuid4(), about="SURNAME")
    await report(rt, "NEEDS_INFORMATION", 3, question=asked)
    known = await _known(guest)
    assert known.question is not None
    assert (known.state, known.question.about) == ("needs_information", asked.about)
