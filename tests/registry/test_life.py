"""The registry contract's operations for a registration: questions, progress and history."""

import json
from typing import Any

import pytest

from bot.registry.client import Registry
from bot.registry.contract import QuestionAnswer, StatusCallback
from bot.registry.errors import Refused
from tests.registry.conftest import CallbackReceiver, Sandbox, eventually
from tests.registry.example import consent_withdrawal, new_key, pre_registration


async def _accepted(registry: Registry) -> str:
    number = (await registry.create(pre_registration(), key=new_key())).number

    async def decided() -> bool:
        return (await registry.read(number)).state == "ACCEPTED"

    await eventually(decided)
    return number


def _callbacks(bot: CallbackReceiver) -> list[StatusCallback]:
    return [StatusCallback.model_validate_json(body) for _signature, body in bot.came]


async def _asked(sandbox: Sandbox, registry: Registry, number: str, **asking: Any) -> Any:
    await sandbox.post(f"/_entries/{number}/question", asking)
    return (await registry.read(number)).question


async def test_registry_question_is_sent_in_a_callback_and_its_answer_is_stored(
    sandbox: Sandbox, registry: Registry, bot: CallbackReceiver
) -> None:
    number = await _accepted(registry)
    question = await _asked(sandbox, registry, number, about="BIRTH_YEAR", until="2026-12-20")

    async def is_received() -> bool:
        return any(each.question == question for each in _callbacks(bot))

    await eventually(is_received)
    key = new_key()
    body = QuestionAnswer(question=question.id, value="1991")
    first = await registry.answer(number, body, key=key)
    assert (first.state, first.question, first.version) == ("RECEIVED", None, 4)
    assert await registry.answer(number, body, key=key) == first, "a repetition adds nothing"
    (entry,) = await sandbox.entries()
    assert entry["body"]["birth_year"] == 1991


@pytest.mark.parametrize(("value", "problem"), [("no year", "invalid"), ("1991", "no-question")])
async def test_registry_rejects_an_invalid_answer_or_one_to_a_replaced_question(
    sandbox: Sandbox, registry: Registry, value: str, problem: str
) -> None:
    number = await _accepted(registry)
    question = await _asked(sandbox, registry, number, about="BIRTH_YEAR")
    if problem == "no-question":
        await _asked(sandbox, registry, number, about="BIRTH_YEAR")
    with pytest.raises(Refused) as refused:
        body = QuestionAnswer(question=question.id, value=value)
        await registry.answer(number, body, key=new_key())
    assert refused.value.problem == problem


async def test_registration_history_lists_states_and_steps_in_order(
    sandbox: Sandbox, registry: Registry
) -> None:
    number = await _accepted(registry)
    await _asked(sandbox, registry, number, about="OCCUPATION")
    await sandbox.post(f"/_entries/{number}/step", {"step": "TEST", "status": "OPEN"})
    await registry.withdraw(number, key=new_key())
    history = await registry.history(number)
    assert [each.version for each in history] == [1, 2, 3, 4, 5]
    assert [each.state for each in history][::2] == ["RECEIVED", "NEEDS_INFORMATION", "WITHDRAWN"]
    assert [each.reason_code for each in history][2] == "UNCLEAR"
    assert [each.step.step if each.step else "" for each in history] == ["", "", "", "TEST", ""]


async def test_registry_question_about_a_closed_registration_is_rejected(
    sandbox: Sandbox, registry: Registry
) -> None:
    number = await _accepted(registry)
    await registry.withdraw_consent(consent_withdrawal(number), key=new_key())
    path = f"{sandbox.url}/_entries/{number}/question"
    async with sandbox.session.post(path, json={"about": "SURNAME"}) as answer:
        assert answer.status == 409
        assert json.loads(await answer.read())["type"].endswith(":closed")
    assert (await registry.read(number)).question is None
