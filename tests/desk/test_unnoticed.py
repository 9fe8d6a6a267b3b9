"""Tests for mutations of the package desk that no other test detects (docs/decisions/0035)."""

from typing import Any

import pytest

from bot import cases, desk
from bot.conversations import store as conversation_store
from bot.desk import Refusal, limiting, presence
from bot.desk.transaction import MAX_KEY
from bot.officers.permissions import Forbidden, Role
from bot.runtime import Runtime
from tests.desk.desks import ask, insert_officer, new_idempotency_key
from tests.person_client import Guest


async def test_message_limit_cannot_be_lifted_by_a_lead_of_another_mission(rt: Runtime) -> None:
    officer, lead = (
        await insert_officer(rt),
        await insert_officer(rt, "Lead", "cn_beijing", (Role.LEAD,)),
    )
    case = await ask(Guest(rt))
    claimed = await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await limiting.limit(
        rt,
        officer,
        case.id,
        claimed.version,
        key=new_idempotency_key(),
        reason="insults",
        per_day=1,
        days=3,
    )
    with pytest.raises(Forbidden):
        await limiting.decide(rt, lead, case.id, is_lifted=True)


async def test_desk_action_refuses_an_idempotency_key_over_the_maximum_length(rt: Runtime) -> None:
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    with pytest.raises(desk.Refused) as error:
        await desk.claim(rt, officer, case.id, case.version, key="k" * (MAX_KEY + 1))
    assert error.value.why is Refusal.KEY_USED
    result = await desk.claim(rt, officer, case.id, case.version, key="k" * MAX_KEY)
    assert not result.repeated


async def test_typing_event_in_a_case_is_refused_for_the_role_editor(rt: Runtime) -> None:
    editor, case = await insert_officer(rt, "Editor", roles=(Role.EDITOR,)), await ask(Guest(rt))
    with pytest.raises(Forbidden):
        await presence.note_writing(rt, editor, case.id)


async def test_desk_action_is_refused_when_the_case_is_taken_over_meanwhile(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, other = await insert_officer(rt), await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    case = await ask(Guest(rt))
    claimed = await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    lock = conversation_store.lock

    async def take_over_and_lock(*args: Any, **kwargs: Any) -> object:
        monkeypatch.setattr(conversation_store, "lock", lock)
        await desk.take_over(rt, other, case.id, claimed.version, key=new_idempotency_key())
        return await lock(*args, **kwargs)

    monkeypatch.setattr(conversation_store, "lock", take_over_and_lock)
    with pytest.raises(cases.CaseConflict) as error:
        await desk.lift_pin(rt, officer, case.id, claimed.version, key=new_idempotency_key())
    assert error.value.holder == other.name
