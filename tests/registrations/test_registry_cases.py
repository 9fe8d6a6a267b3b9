"""A case has a matter of the registration and the person's own request to officers.

Kosh opens a case about the registration without the person. A request of the person joins this
case, and a matter of the registration joins the open case of an earlier request.
"""

from typing import Any

import pytest

from bot import desk, uploads
from bot.cases import State
from bot.conversations import external_events
from bot.privacy import data_export
from bot.registry.contract import PlatformStep
from bot.runtime import Runtime
from flows.engine.events import Pressed
from flows.engine.screens import RATINGS
from flows.engine.text import _
from tests.clock import advance_database_clock
from tests.desk.desks import ask, case_of, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest
from tests.registrations.registries import REFUSED, StoringRegistry, report, write_due
from tests.registrations.same_details import exported_data, hidden_case
from tests.uploads.test_uploads import person_of, small, store_upload


async def test_case_about_repeated_details_stays_open_after_danger(rt: Runtime) -> None:
    guest, case = await hidden_case(rt)
    await ask(guest, topic="danger")
    assert (await stored_case(rt, case.id)).topic == "danger"
    await guest.go("/menu", "yes")
    assert (await stored_case(rt, case.id)).state == State.QUEUED


async def test_case_of_a_request_stays_open_after_the_registry_refused(rt: Runtime) -> None:
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    case = await ask(guest)
    registry.fails = {"create": REFUSED}
    await write_due(rt, registry)
    await guest.go("/menu", "yes")
    case = await stored_case(rt, case.id)
    assert (case.topic, case.joined_topics) == ("general", ["registry_refused"])
    assert case.state == State.QUEUED


async def test_case_of_a_request_is_hidden_when_a_duplicate_joined_it(rt: Runtime) -> None:
    """Let the person leave the officers, so that the case has only the matter of the duplicate."""
    officer, guest = await insert_officer(rt), Guest(rt)
    await _registered(guest)
    case = await ask(guest)
    async with rt.pool.connection() as session:
        await session.execute("UPDATE cases SET mission = 'general'")
    await report(rt, "DUPLICATE", 2)
    assert (await case_of(guest)).id == case.id
    await guest.go("/menu", "yes")
    case, sent = await stored_case(rt, case.id), await guest.rows()
    assert case.state == State.QUEUED
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version + 1, key=new_idempotency_key())
    assert await guest.rows() == sent


async def test_request_that_joins_a_case_repeatedly_is_stored_once(rt: Runtime) -> None:
    guest, case = await hidden_case(rt)
    for _each in range(2):
        await ask(guest)
        await guest.go("/menu", "yes")
    assert (await stored_case(rt, case.id)).joined_topics == ["general"]


async def test_rating_is_stored_with_a_case_that_the_person_knows(rt: Runtime) -> None:
    """A case about a duplicate, which is hidden from the person, was closed later."""
    officer, guest = await insert_officer(rt, mission="cn_beijing"), Guest(rt)
    await _registered(guest)
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version + 1, key=new_idempotency_key())
    await report(rt, "DUPLICATE", 2)
    hidden = await case_of(guest)
    assert hidden.id != case.id
    await desk.claim(rt, officer, hidden.id, hidden.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, hidden.id, hidden.version + 1, key=new_idempotency_key())
    rating = next(iter(RATINGS))
    await guest.do(Pressed("*" + rating))
    assert (await stored_case(rt, case.id)).rating == rating
    assert (await stored_case(rt, hidden.id)).rating is None


async def test_my_data_does_not_count_a_case_about_a_duplicate(rt: Runtime) -> None:
    guest = Guest(rt)
    await _registered(guest)
    exported = await exported_data(guest)
    await report(rt, "DUPLICATE", 2)
    assert (await case_of(guest)).topic == "registry_duplicate"
    assert await exported_data(guest) == exported


async def test_my_data_counts_a_request_that_joined_a_hidden_case(rt: Runtime) -> None:
    """Check the count: a missing conversation would reveal that the details are repeated."""
    guest, _case = await hidden_case(rt)
    counted = rt.languages.render(_(data_export.CASES.msgid, count=1), "ru")
    assert counted not in await exported_data(guest)
    await ask(guest)
    assert counted in await exported_data(guest)


async def test_refused_registration_opens_its_case_at_the_mission(rt: Runtime) -> None:
    await insert_officer(rt, mission="cn_beijing")
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    registry.fails = {"create": REFUSED}
    await write_due(rt, registry)
    case = await case_of(guest)
    assert (case.topic, case.mission, case.country) == ("registry_refused", "cn_beijing", "CN")


async def test_refused_paper_opens_its_case_at_the_mission(rt: Runtime) -> None:
    await insert_officer(rt, mission="cn_beijing")
    guest = Guest(rt)
    await _registered(guest)
    person = await person_of(rt, guest)
    upload_id = await store_upload(rt, person, small(1))
    async with rt.pool.connection() as session:
        await uploads.release(session, person.id)
    upload = await uploads.claim(rt, upload_id)
    assert upload is not None
    async with rt.pool.connection() as session:
        await uploads.refuse(session, upload, REFUSED, "ru")
    assert (await case_of(guest)).mission == "cn_beijing"


async def test_request_after_answers_were_deleted_reaches_the_mission(rt: Runtime) -> None:
    """The answers are deleted 24 hours after the registry accepted the registration."""
    officer, guest = await insert_officer(rt, mission="cn_beijing"), Guest(rt)
    await _registered(guest)
    await report(rt, "ACCEPTED", 2)
    await advance_database_clock(rt, "25 hours")
    await external_events.forget_answers(rt, (await person_of(rt, guest)).id)
    case = await ask(guest, topic="danger")
    assert (case.mission, case.country) == ("cn_beijing", "CN")
    assert await desk.take_next(rt, officer, key=new_idempotency_key()) is not None


async def test_joined_request_is_in_the_language_that_the_person_reads(rt: Runtime) -> None:
    """Kosh itself opened the case; only officers who know the later language can help."""
    chinese = await insert_officer(rt, mission="cn_beijing", languages=frozenset({"zh_Hans"}))
    guest, registry = Guest(rt), StoringRegistry()
    await guest.register()
    registry.fails = {"create": REFUSED}
    await write_due(rt, registry)
    assert (await case_of(guest)).language == "ru"
    await guest.go("/language", "zh_Hans")
    case = await ask(guest, "我需要帮助")
    assert (case.language, case.joined_topics) == ("zh_Hans", ["general"])
    assert await desk.take_next(rt, chinese, key=new_idempotency_key()) is not None


async def test_claimed_case_keeps_its_language_when_a_request_joins(rt: Runtime) -> None:
    """Otherwise the case could return to the queue because its owner lacks the language."""
    officer, guest = await insert_officer(rt, mission="cn_beijing"), Guest(rt)
    await _registered(guest)
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await guest.go("/language", "zh_Hans")
    await report(rt, "REJECTED", 2)
    case = await stored_case(rt, case.id)
    assert (case.language, case.joined_topics) == ("ru", ["registry_refused"])
    conversation = await guest.conversation()
    assert conversation is not None and conversation.language == "zh_Hans"


@pytest.mark.parametrize("state", ["NEEDS_INFORMATION", "REJECTED", "DUPLICATE"])
async def test_registry_report_without_news_opens_no_second_case(rt: Runtime, state: Any) -> None:
    """The registry repeats the state when it reports a step of the platform."""
    officer, guest = await insert_officer(rt, mission="cn_beijing"), Guest(rt)
    await _registered(guest)
    await report(rt, state, 2)
    case = await case_of(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version + 1, key=new_idempotency_key())
    step = PlatformStep(step="TEST", status="OPEN")
    await report(rt, state, 3, step=step)
    assert (await case_of(guest)).id == case.id
    conversation = await guest.conversation()
    assert conversation is not None and conversation.registration is not None
    assert conversation.registration.step is not None
    await report(rt, state, 4, step=step, reason_code="UNCLEAR")
    assert (await case_of(guest)).id != case.id


async def test_registration_rejected_again_after_a_change_opens_a_case(rt: Runtime) -> None:
    officer, guest = await insert_officer(rt, mission="cn_beijing"), Guest(rt)
    registry = StoringRegistry()
    await guest.register()
    await write_due(rt, registry)
    await report(rt, "REJECTED", 2)
    case = await case_of(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version + 1, key=new_idempotency_key())
    await guest.go("/status", "amend", "submit")
    await write_due(rt, registry)
    await report(rt, "REJECTED", 12)
    assert (await case_of(guest)).id != case.id


async def _registered(guest: Guest) -> None:
    """Register a person, and let the registry accept the registration."""
    await guest.register()
    await write_due(guest.rt, StoringRegistry())
