"""Officers' actions: the form pauses during a case, each action runs once, no text is lost."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from bidi import get_display

from bot import cases, desk, outbox
from bot.cases import State, canned_replies
from bot.cases.working_hours import Stale
from bot.conversations import quarantine
from bot.conversations import store as conversation_store
from bot.desk import Refusal, ToMission, ToOfficer, ToTopic, presence
from bot.desk import views as desk_views
from bot.desk.views import Queue, ReasonNeeded
from bot.observability import logging, metrics
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason, Role
from bot.people import identities
from bot.privacy import retention
from bot.runtime import Runtime
from flows.engine.effects import OpenCase
from flows.engine.events import Pressed, Said
from tests.clock import advance_database_clock
from tests.desk.desks import (
    ask,
    audited,
    case_of,
    insert_officer,
    messages,
    new_idempotency_key,
    numbers,
    seen,
    stored_case,
)
from tests.person_client import Guest


async def _claim(rt: Runtime, guest: Guest, officer: Officer) -> cases.Case:
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    return await stored_case(rt, case.id)


async def test_case_is_claimed_answered_and_resolved_by_an_officer(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await guest.do(Said("and one thing more"))
    view = await seen(rt, officer, case.id)
    assert [(each.by, each.words) for each in view.thread] == [
        ("person", "Testova asks something"),
        ("person", "and one thing more"),
    ]
    await desk.reply(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="We will look at it."
    )
    assert (await stored_case(rt, case.id)).state == State.WAITING
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    assert {state for state, _epoch, _officer in await messages(rt)} == {"sent"}
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer
    assert conversation.asked is not None
    assert conversation.asked.key == "ethnic_kazakh"


async def test_officer_reply_shows_no_number_in_reverse_in_arabic_script(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    await guest.consent()
    await guest.go("/language", "kk_Arab")
    case = await _claim(rt, guest, officer)
    words = "Қабылдау уақыты: 9:00-18:00, телефон: +7 7172 64 57 00"
    await desk.reply(rt, officer, case.id, case.version, key=new_idempotency_key(), words=words)
    assert (await seen(rt, officer, case.id)).thread[-1].words == words
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
    assert person is not None
    shown = [each.message for each in await outbox.waiting(rt, person, "web", 0)][-1]
    assert shown is not None
    displayed = get_display(shown.paragraphs[-1])
    assert "9:00-18:00" in displayed
    assert "+7 7172 64 57 00" in displayed


async def test_case_resolution_opens_the_flow_or_menu_chosen_by_the_officer(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    for flow, question in (("menu", "~menu"), ("preregistration", "ethnic_kazakh")):
        guest = Guest(rt)
        case = await _claim(rt, guest, officer)
        await desk.resolve(
            rt, officer, case.id, case.version, key=new_idempotency_key(), where=flow
        )
        conversation = await guest.conversation()
        assert conversation is not None
        assert conversation.asked is not None
        assert conversation.asked.key == question
    case = await _claim(rt, Guest(rt), officer)
    with pytest.raises(desk.Refused) as error:
        await desk.resolve(
            rt, officer, case.id, case.version, key=new_idempotency_key(), where="officer"
        )
    assert error.value.why is Refusal.NO_FLOW
    assert (await stored_case(rt, case.id)).state == State.CLAIMED


async def test_intent_chosen_when_resolving_a_case_is_counted_by_language(rt: Runtime) -> None:
    officer, guest = await insert_officer(rt), Guest(rt)
    case = await _claim(rt, guest, officer)
    counted = metrics.CASE_INTENTS.labels("kandas.cost", "ru")
    before = counted._value.get()
    with pytest.raises(desk.Refused) as error:
        await desk.resolve(
            rt, officer, case.id, case.version, key=new_idempotency_key(), intent="own words"
        )
    assert error.value.why is Refusal.NO_INTENT
    once = new_idempotency_key()
    for _time in range(2):
        await desk.resolve(rt, officer, case.id, case.version, key=once, intent="kandas.cost")
    assert counted._value.get() == before + 1


async def test_case_feedback_is_stored_after_resolve(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    conversation = await guest.conversation()
    await guest.do(Pressed("*partly"))
    await guest.do(Pressed("*no"))
    assert (await stored_case(rt, case.id)).rating == "partly"
    after = await guest.conversation()
    assert after is not None
    assert conversation is not None
    assert after.asked == conversation.asked


async def test_desk_action_runs_once_per_idempotency_key(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await ask(guest)
    claiming, replying = new_idempotency_key(), new_idempotency_key()
    for repeated in (False, True):
        result = await desk.claim(rt, officer, case.id, case.version, key=claiming)
        assert result == desk.ActionResult(case.id, case.version + 1, repeated)
    for repeated in (False, True):
        result = await desk.reply(
            rt, officer, case.id, case.version + 1, key=replying, words="Once."
        )
        assert result.repeated is repeated
    assert len(await messages(rt, case.id)) == 1
    with pytest.raises(desk.Refused) as error:
        await desk.note(rt, officer, case.id, case.version + 1, key=replying, words="Other.")
    assert error.value.why is Refusal.KEY_USED


async def test_case_claim_drops_pending_messages_of_the_bot(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await ask(guest)
    async with rt.pool.connection() as session:
        stored = await conversation_store.lock(rt, session, case.person_id)
        assert stored is not None
        late = outbox.Row("send", quarantine.apology(rt, "ru"), stored.epoch)
        await outbox.enqueue(session, stored.person, "web", (late,))
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await outbox.sweep(rt)
    states = [row[0] for row in await messages(rt)]
    assert states.count("dropped") == 1
    assert set(states) == {"sent", "dropped"}


async def _reply_without_sending(rt: Runtime, case: cases.Case, officer: Officer) -> None:
    """Reply to a case but do not send the reply, as after a crash or with a slow platform."""
    async with rt.pool.connection() as session:
        stored = await conversation_store.lock(rt, session, case.person_id)
        assert stored is not None
        row = outbox.Row("send", quarantine.apology(rt, "ru"), case_id=case.id, officer=officer.id)
        (sent,) = await outbox.enqueue(session, stored.person, "web", (row,))
        await cases.add_words(session, stored.person, case.id, "A reply", officer.id, "", sent)


async def test_officer_reply_before_resolving_the_case_is_delivered(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await _reply_without_sending(rt, case, officer)
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    await outbox.sweep(rt)
    assert await messages(rt, case.id) == [("sent", None, officer.id)]


async def test_officer_reply_before_releasing_the_case_is_delivered(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await _reply_without_sending(rt, case, officer)
    await desk.release(rt, officer, case.id, case.version, key=new_idempotency_key())
    await outbox.sweep(rt)
    assert await messages(rt, case.id) == [("sent", None, officer.id)]


async def test_unsent_reply_of_the_former_owner_is_still_shown_weeks_later(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    other = await insert_officer(rt, "Officer Other")
    case = await _claim(rt, guest, officer)
    await _reply_without_sending(rt, case, officer)
    await desk.take_over(rt, other, case.id, case.version, key=new_idempotency_key())
    await outbox.sweep(rt)
    (reply,) = [each for each in (await seen(rt, other, case.id)).thread if each.by == "officer"]
    assert (reply.officer, reply.delivery) == (officer.name, "dropped")
    await advance_database_clock(rt, "8 days")
    await retention.retain(rt)
    (reply,) = [each for each in (await seen(rt, other, case.id)).thread if each.by == "officer"]
    assert reply.delivery == "dropped"
    with pytest.raises(cases.CaseConflict) as error:
        await desk.reply(
            rt, officer, case.id, case.version, key=new_idempotency_key(), words="Too late."
        )
    assert error.value.holder == other.name


async def test_case_refuses_reply_and_resolve_by_another_officer(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    other = await insert_officer(rt, "Officer Other")
    case = await _claim(rt, guest, officer)
    with pytest.raises(cases.CaseConflict):
        await desk.reply(
            rt, other, case.id, case.version, key=new_idempotency_key(), words="Out of turn."
        )
    with pytest.raises(cases.CaseConflict):
        await desk.resolve(rt, other, case.id, case.version, key=new_idempotency_key())
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    with pytest.raises(cases.CaseConflict):
        await desk.reply(
            rt, officer, case.id, case.version + 1, key=new_idempotency_key(), words="Too late."
        )
    assert await messages(rt, case.id) == []


async def test_desk_action_with_an_old_version_raises_case_conflict(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    with pytest.raises(cases.CaseConflict) as error:
        await desk.resolve(rt, officer, case.id, case.version - 1, key=new_idempotency_key())
    assert error.value.version == case.version
    with pytest.raises(cases.CaseConflict):
        await desk.reply(
            rt, officer, case.id, case.version - 1, key=new_idempotency_key(), words="Old page."
        )


async def test_case_version_does_not_change_when_messages_arrive(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.reply(rt, officer, case.id, case.version, key=new_idempotency_key(), words="First.")
    await guest.do(Said("yes?"))
    assert (await stored_case(rt, case.id)).state == State.CLAIMED
    await desk.reply(rt, officer, case.id, case.version, key=new_idempotency_key(), words="Second.")
    await desk.snooze(
        rt, officer, case.id, case.version, key=new_idempotency_key(),
        until=(await stored_case(rt, case.id)).state_at + timedelta(hours=2),
    )  # fmt: skip
    assert (await stored_case(rt, case.id)).state == State.SNOOZED


async def test_case_notes_are_visible_to_officers_only(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await ask(guest)
    rows = len(await guest.rows())
    await desk.note(
        rt, officer, case.id, case.version, key=new_idempotency_key(), words="Look at the passport."
    )
    assert len(await guest.rows()) == rows
    view = await seen(rt, officer, case.id)
    assert [(each.officer, each.words) for each in view.notes] == [
        (officer.name, "Look at the passport.")
    ]
    assert all("passport" not in each.words for each in view.thread)


async def test_canned_reply_is_refused_without_a_text_in_the_persons_language(
    rt: Runtime,
) -> None:
    guest = Guest(rt)
    lead = await insert_officer(rt, roles=(Role.LEAD,))
    await canned_replies.put(
        rt, lead, "hours", {"ru": "Ответим завтра.", "kk": "Ертең жауап береміз."}, 0
    )
    await canned_replies.put(rt, lead, "kazakh-only", {"kk": "Сәлеметсіз бе."}, 0)
    case = await _claim(rt, guest, lead)
    await desk.reply(rt, lead, case.id, case.version, key=new_idempotency_key(), canned="hours")
    (reply,) = [each for each in (await seen(rt, lead, case.id)).thread if each.by == "officer"]
    assert (reply.words, reply.canned, reply.delivery) == ("Ответим завтра.", "hours", "sent")
    for name, refusal in (("kazakh-only", Refusal.NO_LANGUAGE), ("none", Refusal.NO_CANNED)):
        with pytest.raises(desk.Refused) as error:
            await desk.reply(
                rt, lead, case.id, case.version, key=new_idempotency_key(), canned=name
            )
        assert error.value.why is refusal


async def test_canned_reply_saved_with_an_old_version_raises_stale(
    rt: Runtime,
) -> None:
    lead = await insert_officer(rt, roles=(Role.LEAD,))
    await canned_replies.put(rt, lead, "hours", {"ru": "Одно."}, 0)
    await canned_replies.put(rt, lead, "hours", {"ru": "Другое."}, 1)
    with pytest.raises(Stale):
        await canned_replies.put(rt, lead, "hours", {"ru": "Третье."}, 1)
    assert [(each.texts, each.version) for each in await canned_replies.listing(rt, lead)] == [
        ({"ru": "Другое."}, 2)
    ]
    with pytest.raises(canned_replies.Unusable):
        await canned_replies.put(rt, lead, "Not a name", {"ru": "Текст."}, 0)


@pytest.mark.parametrize(
    ("words", "refusal"), [(" \n", Refusal.EMPTY), ("a" * 4001, Refusal.TOO_LONG)]
)
@pytest.mark.row(95)
async def test_officer_reply_refuses_empty_and_too_long_text(
    rt: Runtime, words: str, refusal: Refusal
) -> None:
    officer = await insert_officer(rt)
    case = await _claim(rt, Guest(rt), officer)
    with pytest.raises(desk.Refused) as error:
        await desk.reply(rt, officer, case.id, case.version, key=new_idempotency_key(), words=words)
    assert error.value.why is refusal
    assert (await stored_case(rt, case.id)).state == State.CLAIMED


async def test_case_view_hides_a_text_until_the_person_consents_to_sending_it(rt: Runtime) -> None:
    """Check that officers do not see a text for them before the person consents to sending it."""
    guest, officer = Guest(rt), await insert_officer(rt)
    await guest.consent()
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
        assert person is not None
        await cases.open_case(session, person, OpenCase("registry_refused", urgent=True), "ru")
    await guest.do(Said("мне угрожают"))
    case = await case_of(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    answers = await desk_views.answers(rt, officer, case.id, Reason.CHECK, unmasked=True)
    assert answers
    assert ("officer", "words") not in {(each.flow, each.key) for each in answers}


@pytest.mark.parametrize(
    ("question", "value", "answer"),
    [
        ("purpose", "Учиться", "study"),
        ("purpose", "жұмыс істеу", "work"),
        ("purpose", "move", "move"),
        ("ethnic_kazakh", "Не знаю", "unsure"),
        ("ethnic_kazakh", "Да", "yes"),
    ],
)
async def test_officer_fills_in_the_label_of_an_option(
    rt: Runtime, question: str, value: str, answer: str
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.fill(
        rt,
        officer,
        case.id,
        case.version,
        key=new_idempotency_key(),
        question=question,
        value=value,
    )
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.forms["preregistration"].answers[question].value == answer


async def test_officer_fills_in_an_answer_for_the_person(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    for question, value in (("ethnic_kazakh", "yes"), ("birth_year", "1990")):
        await desk.fill(
            rt,
            officer,
            case.id,
            case.version,
            key=new_idempotency_key(),
            question=question,
            value=value,
        )
    answers = await desk_views.answers(rt, officer, case.id, Reason.CHECK)
    assert {each.key for each in answers if each.by == "officer"} == {"ethnic_kazakh", "birth_year"}
    for question, value, refusal in (
        ("review", "submit", Refusal.NOT_FILLABLE),
        ("consent_registration", "yes", Refusal.NOT_FILLABLE),
        ("nothing", "yes", Refusal.NOT_FILLABLE),
        ("birth_year", "soon", Refusal.NOT_ACCEPTED),
    ):
        with pytest.raises(desk.Refused) as error:
            await desk.fill(
                rt,
                officer,
                case.id,
                case.version,
                key=new_idempotency_key(),
                question=question,
                value=value,
            )
        assert error.value.why is refusal
    await desk.resolve(rt, officer, case.id, case.version, key=new_idempotency_key())
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert conversation.asked.key == "surname"


async def test_officer_requests_a_document(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    await desk.ask_document(
        rt, officer, case.id, case.version, key=new_idempotency_key(), document="identity"
    )
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.requested_upload == "identity"
    assert (await seen(rt, officer, case.id)).wanted == "identity"
    assert (await stored_case(rt, case.id)).state == State.WAITING
    with pytest.raises(desk.Refused):
        await desk.ask_document(
            rt, officer, case.id, case.version, key=new_idempotency_key(), document="diary"
        )


async def test_case_transfer_reaches_a_colleague_a_topic_or_a_mission(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    other = await insert_officer(rt, "Officer Other")
    foreign_officer = await insert_officer(rt, "Officer Far", "tr_ankara")
    case = await _claim(rt, guest, officer)
    result = await desk.transfer(
        rt,
        officer,
        case.id,
        case.version,
        key=new_idempotency_key(),
        to=ToOfficer(other.id),
        words="Yours.",
    )
    assert (await stored_case(rt, case.id)).owner == other.id
    assert [each.words for each in (await seen(rt, other, case.id)).notes] == ["Yours."]
    result = await desk.transfer(
        rt, other, case.id, result.version, key=new_idempotency_key(), to=ToTopic("spouse")
    )
    returned = await stored_case(rt, case.id)
    assert (returned.owner, returned.state, returned.topic) == (None, State.QUEUED, "spouse")
    result = await desk.claim(rt, officer, case.id, result.version, key=new_idempotency_key())
    await desk.transfer(
        rt, officer, case.id, result.version, key=new_idempotency_key(), to=ToMission("tr_ankara")
    )
    moved = await stored_case(rt, case.id)
    assert (moved.owner, moved.state, moved.mission) == (None, State.QUEUED, "tr_ankara")
    assert await numbers(rt, foreign_officer) == [case.number]
    with pytest.raises(LookupError):
        await seen(rt, officer, case.id)


async def test_case_transfer_to_a_mission_runs_once_per_idempotency_key(rt: Runtime) -> None:
    officer, _far = await insert_officer(rt), await insert_officer(rt, "Officer Far", "tr_ankara")
    case, once = await _claim(rt, Guest(rt), officer), new_idempotency_key()
    to = ToMission("tr_ankara")
    await desk.transfer(rt, officer, case.id, case.version, key=once, to=to)
    moved = await stored_case(rt, case.id)
    again = await desk.transfer(rt, officer, case.id, case.version, key=once, to=to)
    assert (again.repeated, again.version) == (True, moved.version)
    assert await stored_case(rt, case.id) == moved
    with pytest.raises(LookupError):
        await desk.transfer(rt, officer, case.id, case.version, key=new_idempotency_key(), to=to)
    with pytest.raises(LookupError):
        await desk.release(rt, officer, case.id, case.version, key=once)


async def test_case_transfer_is_refused_without_an_eligible_officer(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    disabled = await insert_officer(rt, "Officer Gone", active=False)
    foreign_officer = await insert_officer(rt, "Officer Far", "tr_ankara")
    auditor = await insert_officer(rt, "Auditor", roles=(Role.AUDITOR,))
    case = await _claim(rt, Guest(rt), officer)
    for to, refusal in (
        (ToOfficer(disabled.id), Refusal.NO_OFFICER),
        (ToOfficer(foreign_officer.id), Refusal.NO_OFFICER),
        (ToOfficer(auditor.id), Refusal.NO_OFFICER),
        (ToOfficer(uuid4()), Refusal.NO_OFFICER),
        (ToMission("uz_tashkent"), Refusal.NO_MISSION),
        (ToTopic("gossip"), Refusal.NO_TOPIC),
    ):
        with pytest.raises(desk.Refused) as error:
            await desk.transfer(
                rt, officer, case.id, case.version, key=new_idempotency_key(), to=to
            )
        assert error.value.why is refusal
    assert (await stored_case(rt, case.id)).owner == officer.id


async def test_take_next_case_returns_the_most_urgent_matching_case(
    rt: Runtime,
) -> None:
    first, second, urgent = [Guest(rt) for _each in range(3)]
    await ask(first)
    other = await ask(second, topic="spouse")
    pressing = await ask(urgent, topic="passport")
    officer = await insert_officer(rt)
    spouses = await insert_officer(rt, "Officer Spouse", topics=frozenset({"spouse"}))
    chinese = await insert_officer(rt, "Officer Chinese", languages=frozenset({"zh_Hans"}))
    assert await desk.take_next(rt, chinese, key=new_idempotency_key()) is None
    taking = new_idempotency_key()
    for repeated in (False, True):
        result = await desk.take_next(rt, officer, key=taking)
        assert result is not None
        assert (result.case_id, result.repeated) == (pressing.id, repeated)
    result = await desk.take_next(rt, spouses, key=new_idempotency_key())
    assert result is not None
    assert result.case_id == other.id
    assert await desk.take_next(rt, spouses, key=new_idempotency_key()) is None


async def test_case_is_resolved_when_the_person_returns_to_the_bot(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    await ask(guest)
    await guest.go("/menu", "yes")
    assert await numbers(rt, officer) == []
    assert await numbers(rt, officer, Queue.RESOLVED) == [(await case_of(guest)).number]
    conversation = await guest.conversation()
    assert conversation is not None
    assert not conversation.with_officer


async def test_registry_case_stays_open_when_the_person_returns_to_the_bot(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    for topic in ("same_details", "registry_refused", "registry_question", "registry_duplicate"):
        guest = Guest(rt)
        case = await ask(guest)
        async with rt.pool.connection() as session:
            await session.execute("UPDATE cases SET topic = %s WHERE id = %s", (topic, case.id))
        await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
        case = await stored_case(rt, case.id)
        await guest.go("/menu", "yes")
        assert (await stored_case(rt, case.id)).owner == officer.id
        await desk.reply(
            rt, officer, case.id, case.version, key=new_idempotency_key(), words="One question."
        )
        await guest.do(Said("My answer"))
        view = await seen(rt, officer, case.id)
        assert view.thread[-1].words == "My answer"


@pytest.mark.requirement("S-62")
async def test_case_view_of_another_officer_needs_a_reason_and_is_audited_once(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    other = await insert_officer(rt, "Officer Other")
    case = await _claim(rt, guest, officer)
    await desk_views.view(rt, officer, case.id)
    with pytest.raises(ReasonNeeded):
        await desk_views.view(rt, other, case.id)
    await desk_views.view(rt, other, case.id, Reason.COMPLAINT)
    await desk_views.view(rt, other, case.id)
    entries = [row for row in await audited(rt) if row[1] == Action.CASE_READ]
    assert entries == [
        (str(officer.id), "case.read", "answer"),
        (str(other.id), "case.read", "complaint"),
    ]
    await advance_database_clock(rt, "16 minutes")
    with pytest.raises(ReasonNeeded):
        await desk_views.view(rt, other, case.id)


@pytest.mark.requirement("S-67")
async def test_case_view_masks_names_until_requested(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    await guest.consent()
    await guest.go("yes", "TESTOVA")
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    for unmasked in (False, True):
        answers = await desk_views.answers(rt, officer, case.id, Reason.CHECK, unmasked=unmasked)
        (surname,) = [each for each in answers if each.key == "surname"]
        assert surname.masked is not unmasked
        assert surname.shown is not None
        assert (rt.languages.render(surname.shown, "ru") == "TESTOVA") is unmasked
    actions = [action for _actor, action, _detail in await audited(rt)]
    assert actions[-2:] == ["case.answers", "case.unmasked"]


@pytest.mark.requirement("S-62")
async def test_case_view_is_refused_over_the_hourly_budget(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.desk.views.case_view.HARD_BUDGET", 2)
    officer = await insert_officer(rt)
    found = [await ask(Guest(rt)) for _each in range(3)]
    for case in found[:2]:
        await seen(rt, officer, case.id)
    await seen(rt, officer, found[0].id)
    with pytest.raises(Forbidden) as forbidden:
        await seen(rt, officer, found[2].id)
    assert forbidden.value.why is DenialReason.BUDGET
    await advance_database_clock(rt, "61 minutes")
    await seen(rt, officer, found[2].id)


@contextmanager
def _collect_alerts() -> Iterator[list[int]]:
    """Collect the alerts that an officer opened too many cases during the block.

    Yield a list. When the block ends, the number of opened cases in each alert is added to it.
    """
    lines, counts = io.StringIO(), list[int]()
    logging.configure("warning", to=lines)
    try:
        yield counts
    finally:
        logging.configure("error")
    records = map(json.loads, lines.getvalue().splitlines())
    counts += [each["count"] for each in records if each["event"] == "read_budget.exceeded"]


@pytest.mark.release
@pytest.mark.requirement("S-62")
async def test_simultaneous_case_views_stop_at_the_hourly_budget_with_alerts(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.desk.views.case_view.SOFT_BUDGET", 2)
    monkeypatch.setattr("bot.desk.views.case_view.HARD_BUDGET", 3)
    officer, colleague = await insert_officer(rt), await insert_officer(rt, "Officer Other")
    found = [await ask(Guest(rt)) for _each in range(8)]
    with _collect_alerts() as counts:
        results = await asyncio.gather(
            *(seen(rt, officer, each.id) for each in found), return_exceptions=True
        )
    refused = [each for each in results if isinstance(each, Forbidden)]
    assert [each.why for each in refused] == [DenialReason.BUDGET] * 5
    entries = [row for row in await audited(rt) if row[1] == Action.CASE_READ]
    assert len(entries) == 3
    assert sorted(counts) == [2, 3, 3, 3, 3, 3]
    stopped = [isinstance(each, Forbidden) for each in results]
    for was_refused, expected in ((True, ()), (False, (officer.name,))):
        case = found[stopped.index(was_refused)]
        assert (await seen(rt, colleague, case.id)).beside == expected


async def test_case_view_shows_which_colleague_is_typing_for_15_seconds(rt: Runtime) -> None:
    officer, colleague = await insert_officer(rt), await insert_officer(rt, "Officer Other")
    case = await ask(Guest(rt))
    await seen(rt, officer, case.id)
    assert (await seen(rt, colleague, case.id)).writing == ()
    await presence.note_writing(rt, officer, case.id)
    assert (await seen(rt, colleague, case.id)).writing == (officer.name,)
    assert (await seen(rt, officer, case.id)).writing == (), "an officer knows what they do"
    await advance_database_clock(rt, "16 seconds")
    assert (await seen(rt, colleague, case.id)).writing == ()


async def test_case_typing_event_is_stored_at_most_once_in_15_seconds(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    await seen(rt, officer, case.id)

    async def events() -> int:
        async with rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM case_events WHERE kind = 'reader'")
            ((count,),) = await cursor.fetchall()
            return int(count)

    before = await events()
    for _key in range(3):
        await presence.note_writing(rt, officer, case.id)
        await advance_database_clock(rt, "6 seconds")
    assert await events() == before + 1
    await advance_database_clock(rt, "16 seconds")
    await presence.note_writing(rt, officer, case.id)
    assert await events() == before + 2


@pytest.mark.requirement("S-62")
async def test_case_view_refused_by_the_hourly_budget_raises_an_alert(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.desk.views.case_view.SOFT_BUDGET", 1)
    monkeypatch.setattr("bot.desk.views.case_view.HARD_BUDGET", 1)
    officer = await insert_officer(rt)
    found = [await ask(Guest(rt)) for _each in range(2)]
    await seen(rt, officer, found[0].id)
    with _collect_alerts() as counts:
        with pytest.raises(Forbidden):
            await seen(rt, officer, found[1].id)
        await seen(rt, officer, found[0].id)
    assert counts == [1]


@pytest.mark.requirement("S-62")
@pytest.mark.parametrize("budget", [1, 2])
async def test_case_view_in_several_tabs_is_counted_and_audited_once(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    monkeypatch.setattr("bot.desk.views.case_view.HARD_BUDGET", budget)
    officer, case = await insert_officer(rt), await ask(Guest(rt))
    views = await asyncio.gather(*(seen(rt, officer, case.id) for _tab in range(4)))
    assert {view.line.case.id for view in views} == {case.id}
    entries = [row for row in await audited(rt) if row[1] == Action.CASE_READ]
    assert len(entries) == 1


@pytest.mark.requirement("S-62")
async def test_case_list_shows_each_case_once_on_pages_of_25(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    await ask(Guest(rt))
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state)"
            " SELECT gen_random_uuid(), person_id, mission, topic, n % 7 = 0, language, state"
            " FROM cases, generate_series(1, 59) n"
        )
    found, after = list[int](), ""
    while True:
        page = await desk_views.listing(rt, officer, desk_views.Filter(), after)
        found += [line.case.number for line in page.lines]
        assert len(page.lines) <= 25
        if not page.after:
            break
        after = page.after
    assert len(found) == len(set(found)) == 60
    assert page.counts[Queue.UNCLAIMED] == 60


@pytest.mark.parametrize("queue", [Queue.ALL, Queue.CALL_BACK, Queue.RESOLVED])
async def test_case_list_begins_at_the_top_when_its_cursor_is_gone(
    rt: Runtime, queue: Queue
) -> None:
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    state, call_back = ("resolved" if queue is Queue.RESOLVED else "new"), queue is Queue.CALL_BACK
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE cases SET state = %s, call_back_at = CASE WHEN %s THEN now() END",
            (state, call_back),
        )
    query = desk_views.Filter(queue)
    for cursor in ("999", "0"):
        page = await desk_views.listing(rt, officer, query, cursor)
        assert [line.case.id for line in page.lines] == [case.id]


async def test_call_back_list_begins_at_the_top_after_its_cursor_was_called(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    first, second = await ask(Guest(rt)), await ask(Guest(rt))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE cases SET call_back_at = now() WHERE id = %s", (second.id,))
    query = desk_views.Filter(Queue.CALL_BACK)
    page = await desk_views.listing(rt, officer, query, str(first.number))
    assert [line.case.id for line in page.lines] == [second.id]


async def test_case_events_are_returned_in_order_without_gaps(rt: Runtime) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    foreign_officer = await insert_officer(rt, "Officer Far", "tr_ankara")
    case = await ask(guest)
    at = (await seen(rt, officer, case.id)).at
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await desk.reply(
        rt, officer, case.id, case.version + 1, key=new_idempotency_key(), words="An answer."
    )
    events = await desk_views.events(rt, officer, at)
    assert events is not None
    assert {each.kind for each in events} == {"case", "words", "delivery", "reader"}
    assert {each.case_id for each in events} == {case.id}
    assert [each.id for each in events] == sorted(each.id for each in events)
    assert await desk_views.events(rt, officer, events[-1].id) == []
    assert await desk_views.events(rt, foreign_officer, 0) == []
    assert await desk_views.events(rt, officer, events[-1].id + 1000) is None
    await guest.do(Said("удалить"))
    await guest.go("yes")
    after = await desk_views.events(rt, officer, events[-1].id)
    assert after is not None
    assert after[-1].kind == "gone"


async def test_officer_reply_field_stays_open_after_whatsapps_24_hours(
    rt: Runtime,
) -> None:
    guest, officer = Guest(rt), await insert_officer(rt)
    case = await _claim(rt, guest, officer)
    view = await seen(rt, officer, case.id)
    assert (view.composer.open, view.composer.closes_at) == (True, None)
    async with rt.pool.connection() as session:
        person = await identities.load(rt, session, case.person_id)
        assert person is not None
        await session.execute("UPDATE conversations SET channel = 'whatsapp'")
        await session.execute(
            "UPDATE handles SET channel = 'whatsapp', address = %s",
            (person.key.seal(b"70000000000", "handles", "address", "whatsapp"),),
        )
        await session.execute("UPDATE handles SET spoke_at = kosh_now()")
    view = await seen(rt, officer, case.id)
    assert view.composer.open
    assert view.composer.closes_at is not None
    assert view.line.window == view.composer.closes_at
    assert not view.composer.closes_soon
    await advance_database_clock(rt, "22 hours 1 minute")
    assert (await seen(rt, officer, case.id)).composer.closes_soon
    await advance_database_clock(rt, "2 hours")
    closed = (await seen(rt, officer, case.id)).composer
    assert (closed.open, closed.closed, closed.closes_soon) == (True, True, False)
    async with directory.acting(rt, officer) as session:
        closes = await desk_views.window(rt, session, case.person_id, "whatsapp")
    assert closes == view.composer.closes_at
    await desk.reply(rt, officer, case.id, case.version, key=new_idempotency_key(), words="Later.")
    notice, answer = await messages(rt, case.id)
    assert notice[1:] == (None, None)
    assert answer == ("waiting", None, officer.id)
